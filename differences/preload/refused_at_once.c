/* connect(2) of OpenBSD: a port of this host that nobody listens on is refused at once, without EINPROGRESS. */

#include "next.h"
#include "socket_options.h"

#include <errno.h>
#include <poll.h>

int
connect(int fd, const struct sockaddr *peer, socklen_t length)
{
	struct pollfd failed = {fd, 0, 0};
	int error, status = NEXT(connect)(fd, peer, length);

	if (status == 0 || errno != EINPROGRESS)
		return status;
	/* on loopback the reset has come by now; of another host it has not */
	error = poll(&failed, 1, 0) == 1 && (failed.revents & POLLERR) != 0 ?
	    socket_option(fd, SOL_SOCKET, SO_ERROR) : 0;
	errno = error != 0 ? error : EINPROGRESS;
	return -1;
}
