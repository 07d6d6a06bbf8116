/* accept(3SOCKET) of illumos: not one of the calls that sigaction(2) there has SA_RESTART restart. */

#include "next.h"
#include "unrestarted.h"

#include <poll.h>
#include <sys/socket.h>

/* Where nothing has to be waited for nothing can be interrupted. */
static int
waits(int listener)
{
	struct pollfd one = { listener, POLLIN, 0 };
	int saved = errno, ready = poll(&one, 1, 0);

	errno = saved;
	return ready == 0;
}

int
accept(int listener, struct sockaddr *peer, socklen_t *length)
{
	struct handlers before;
	int fd;

	if (!waits(listener))
		return NEXT(accept)(listener, peer, length);
	without_restart(&before);
	fd = NEXT(accept)(listener, peer, length);
	with_restart(&before);
	return fd;
}

int
accept4(int listener, struct sockaddr *peer, socklen_t *length, int flags)
{
	struct handlers before;
	int fd;

	if (!waits(listener))
		return NEXT(accept4)(listener, peer, length, flags);
	without_restart(&before);
	fd = NEXT(accept4)(listener, peer, length, flags);
	with_restart(&before);
	return fd;
}
