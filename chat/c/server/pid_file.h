#ifndef PID_FILE_H
#define PID_FILE_H

#include <stddef.h>

int pidfile_open(const char *path, char *error, size_t size);
void pidfile_remove(const char *path, int *fd);

#endif
