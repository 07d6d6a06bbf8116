/* What a socket is. */

#ifndef SOCKET_OPTIONS_H
#define SOCKET_OPTIONS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the kernel says, whatever else is preloaded; 0 where it does not know the option. */
static inline int
socket_option(int fd, int level, int name)
{
	int value = 0;
	socklen_t size = sizeof value;

	return syscall(SYS_getsockopt, fd, level, name, &value, &size) == -1 ? 0 : value;
}

static inline bool
listens(int fd)
{
	return socket_option(fd, SOL_SOCKET, SO_ACCEPTCONN) != 0;
}

#endif
