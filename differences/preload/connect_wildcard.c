/* connect(2) of OpenBSD: EINVAL for 0.0.0.0 and ::, which elsewhere mean this host (tcp_connect in tcp_usrreq.c). */

#include "next.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

static bool
is_wildcard(const struct sockaddr *peer, socklen_t length)
{
	if (peer == NULL || length < sizeof(struct sockaddr_in))
		return false;
	if (peer->sa_family == AF_INET)
		return ((const struct sockaddr_in *)peer)->sin_addr.s_addr == htonl(INADDR_ANY);
	return peer->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6) &&
	    IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)peer)->sin6_addr);
}

int
connect(int fd, const struct sockaddr *peer, socklen_t length)
{
	int type = 0;
	socklen_t size = sizeof type;

	if (!is_wildcard(peer, length) || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == -1 || type != SOCK_STREAM)
		return NEXT(connect)(fd, peer, length);
	errno = EINVAL;
	return -1;
}
