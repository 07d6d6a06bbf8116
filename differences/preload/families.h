/* The order of what getaddrinfo(3) has found. */

#ifndef FAMILIES_H
#define FAMILIES_H

#include "next.h"

#include <netdb.h>
#include <stddef.h>
#include <sys/socket.h>

/* The addresses of one family before all others, in their order. */
static inline void
family_first(int family, struct addrinfo **found)
{
	struct addrinfo **last, **each, *others = NULL, **others_last = &others;

	for (last = each = found; *each != NULL;) {
		struct addrinfo *one = *each;

		if (one->ai_family == family) {
			last = each = &one->ai_next;
			continue;
		}
		*each = one->ai_next;
		one->ai_next = NULL;
		*others_last = one;
		others_last = &one->ai_next;
	}
	*last = others;
}

#endif
