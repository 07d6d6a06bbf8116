/*
 * bind(2) of FreeBSD: [::] can be had beside a live 0.0.0.0, though IPV6_V6ONLY is off; IPv4 stays with who has it.
 *
 * Which is what a socket with IPV6_V6ONLY on does on Linux, until 0.0.0.0 is closed: then IPv4 goes to nobody here.
 */

#include "next.h"
#include "socket_options.h"

#include <errno.h>
#include <netinet/in.h>

static int
set_v6only(int fd, int value)
{
	return setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, sizeof value);
}

int
bind(int fd, const struct sockaddr *at, socklen_t length)
{
	int status = NEXT(bind)(fd, at, length);
	const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)at;

	if (status == 0 || errno != EADDRINUSE || length < sizeof *ipv6 || at->sa_family != AF_INET6 ||
	    !IN6_IS_ADDR_UNSPECIFIED(&ipv6->sin6_addr) || socket_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) != 0)
		return status;
	if (set_v6only(fd, 1) == 0 && (status = NEXT(bind)(fd, at, length)) == -1)
		(void)set_v6only(fd, 0);
	if (status == -1)
		errno = EADDRINUSE;
	return status;
}
