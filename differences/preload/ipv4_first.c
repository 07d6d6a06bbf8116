/* getaddrinfo(3) of OpenBSD: IPv4 before IPv6, whatever is asked for (resolv.conf(5), `family inet4 inet6`). */

#include "families.h"

int
getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
	int status = NEXT(getaddrinfo)(host, service, hints, found);

	if (status == 0)
		family_first(AF_INET, found);
	return status;
}
