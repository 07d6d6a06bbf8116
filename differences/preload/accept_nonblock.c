/* accept(2) of FreeBSD, NetBSD, OpenBSD and macOS: the new descriptor inherits O_NONBLOCK. accept4(2) decides itself. */

#include "next.h"

#include <fcntl.h>
#include <sys/socket.h>

int
accept(int listener, struct sockaddr *peer, socklen_t *length)
{
	int fd = NEXT(accept)(listener, peer, length);

	if (fd != -1 && (fcntl(listener, F_GETFL) & O_NONBLOCK) != 0)
		(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return fd;
}
