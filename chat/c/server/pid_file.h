#ifndef PID_FILE_H
#define PID_FILE_H

#include <stddef.h>

int pid_file_open(const char *path, char *error, size_t size);
void pid_file_remove(const char *path, int *fd);

#endif
