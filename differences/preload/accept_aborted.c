/* accept(2) of FreeBSD, NetBSD, OpenBSD and illumos: ECONNABORTED for a client that has sent a reset meanwhile. */

#include "aborted.h"

int
accept(int listener, struct sockaddr *peer, socklen_t *length)
{
	return unless_aborted(NEXT(accept)(listener, peer, length), ECONNABORTED);
}

int
accept4(int listener, struct sockaddr *peer, socklen_t *length, int flags)
{
	return unless_aborted(NEXT(accept4)(listener, peer, length, flags), ECONNABORTED);
}
