/* A system without accept4(2), pipe2(2), SOCK_CLOEXEC and SOCK_NONBLOCK: flags are set by a second call there. */

#include "next.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

int
accept4(int listener, struct sockaddr *peer, socklen_t *length, int flags)
{
	(void)listener, (void)peer, (void)length, (void)flags;
	errno = ENOSYS;
	return -1;
}

int
pipe2(int ends[2], int flags)
{
	(void)ends, (void)flags;
	errno = ENOSYS;
	return -1;
}

static int
has_flags(int type)
{
	if ((type & (SOCK_CLOEXEC | SOCK_NONBLOCK)) == 0)
		return 0;
	errno = EINVAL;
	return 1;
}

int
socket(int family, int type, int protocol)
{
	return has_flags(type) ? -1 : NEXT(socket)(family, type, protocol);
}

int
socketpair(int family, int type, int protocol, int ends[2])
{
	return has_flags(type) ? -1 : NEXT(socketpair)(family, type, protocol, ends);
}
