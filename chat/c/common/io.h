#ifndef IO_H
#define IO_H

#include <stddef.h>
#include <sys/types.h>

int io_cloexec(int fd);
int io_nonblock(int fd);
int io_pipe(int ends[2]);
int io_fill_stdio(void);
ssize_t io_read(int fd, void *buffer, size_t size);
ssize_t io_pread(int fd, void *buffer, size_t size, off_t from);
ssize_t io_write(int fd, const void *bytes, size_t length);
int io_write_all(int fd, const void *bytes, size_t length);
void io_close(int *fd);

#endif
