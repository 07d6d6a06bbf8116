/*
 * bind(2) of FreeBSD 14: a connection in TIME_WAIT is in nobody's way, and of two sockets only the new one needs
 * SO_REUSEADDR. Linux wants it on the old one as well: each listener gets it, and its connections from it.
 */

#include "next.h"
#include "socket_options.h"
#include "sockets_table.h"

#include <errno.h>

static int
set_reuse(int fd, int value)
{
	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, sizeof value);
}

static bool
in_use(const struct table_row *row, const void *wanted)
{
	return row->port == ((const struct table_row *)wanted)->port && row->state != STATE_TIME_WAIT;
}

int
bind(int fd, const struct sockaddr *at, socklen_t length)
{
	int status = NEXT(bind)(fd, at, length);
	struct table_row wanted;

	if (status == 0 || errno != EADDRINUSE || socket_option(fd, SOL_SOCKET, SO_PROTOCOL) != IPPROTO_TCP ||
	    socket_option(fd, SOL_SOCKET, SO_REUSEADDR) != 0 || !table_row_of(at, length, &wanted))
		return status;
	/* in either family: what is there is in the way, else the first attempt had not failed */
	if (!table_has(AF_INET, in_use, &wanted) && !table_has(AF_INET6, in_use, &wanted) && set_reuse(fd, 1) == 0) {
		status = NEXT(bind)(fd, at, length);
		if (status == -1)
			(void)set_reuse(fd, 0);
	}
	if (status == -1)
		errno = EADDRINUSE;
	return status;
}

int
listen(int fd, int backlog)
{
	int status = NEXT(listen)(fd, backlog);

	if (status == 0 && socket_option(fd, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP)
		(void)set_reuse(fd, 1);
	return status;
}
