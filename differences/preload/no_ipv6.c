/* socket(2) of a kernel without IPv6 (OpenBSD built without INET6, a jail of FreeBSD): EPROTONOSUPPORT. */

#include "next.h"

#include <errno.h>
#include <sys/socket.h>

int
socket(int family, int type, int protocol)
{
	if (family != AF_INET6)
		return NEXT(socket)(family, type, protocol);
	errno = EPROTONOSUPPORT;
	return -1;
}
