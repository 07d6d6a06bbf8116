/* getaddrinfo(3) of FreeBSD and NetBSD: IPv6 before IPv4 where it is for listening (AI_PASSIVE, no host named). */

#include "next.h"

#include <netdb.h>
#include <stddef.h>
#include <sys/socket.h>

int
getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
	int status = NEXT(getaddrinfo)(host, service, hints, found);
	struct addrinfo **last, **each, *ipv4 = NULL, **ipv4_last = &ipv4;

	if (status != 0 || host != NULL || hints == NULL || (hints->ai_flags & AI_PASSIVE) == 0)
		return status;
	for (last = each = found; *each != NULL;) {
		struct addrinfo *one = *each;

		if (one->ai_family == AF_INET6) {
			last = each = &one->ai_next;
			continue;
		}
		*each = one->ai_next;
		one->ai_next = NULL;
		*ipv4_last = one;
		ipv4_last = &one->ai_next;
	}
	*last = ipv4;
	return status;
}
