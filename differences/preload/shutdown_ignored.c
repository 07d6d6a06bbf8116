/* shutdown(2) of macOS on a listening socket: ENOTCONN, and nothing else: who waits in accept(2) goes on waiting. */

#include "next.h"
#include "socket_options.h"

#include <errno.h>

int
shutdown(int fd, int how)
{
	if (!listens(fd))
		return NEXT(shutdown)(fd, how);
	errno = ENOTCONN;
	return -1;
}
