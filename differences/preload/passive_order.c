/* getaddrinfo(3) of FreeBSD and NetBSD: IPv6 before IPv4 where it is for listening (AI_PASSIVE, no host named). */

#include "families.h"

int
getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
	int status = NEXT(getaddrinfo)(host, service, hints, found);

	if (status == 0 && host == NULL && hints != NULL && (hints->ai_flags & AI_PASSIVE) != 0)
		family_first(AF_INET6, found);
	return status;
}
