/* connect(2) of FreeBSD and NetBSD: EINVAL for ::ffff:192.0.2.1 while IPV6_V6ONLY is on (tcp6_usr_connect). */

#include "next.h"
#include "socket_options.h"

#include <errno.h>
#include <netinet/in.h>

int
connect(int fd, const struct sockaddr *peer, socklen_t length)
{
	const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)peer;

	if (peer == NULL || length < sizeof *ipv6 || peer->sa_family != AF_INET6 ||
	    !IN6_IS_ADDR_V4MAPPED(&ipv6->sin6_addr) || socket_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0)
		return NEXT(connect)(fd, peer, length);
	errno = EINVAL;
	return -1;
}
