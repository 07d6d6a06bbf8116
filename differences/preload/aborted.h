/* accept(2) of systems that do not hand out what the client has reset already: an error instead. */

#ifndef ABORTED_H
#define ABORTED_H

#include "next.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

/* The accepted descriptor, or -1 with this error for a connection that is over. After an orderly end it is not. */
static inline int
unless_aborted(int fd, int error)
{
	struct tcp_info info;
	socklen_t size = sizeof info;

	if (fd == -1 || getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == -1 || info.tcpi_state != TCP_CLOSE)
		return fd;
	(void)close(fd);
	errno = error;
	return -1;
}

#endif
