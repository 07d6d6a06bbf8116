/* setsockopt(2) of OpenBSD: IPV6_V6ONLY is on for good, and cannot be cleared (ip6(4)). */

#include "next.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

int
setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	if (level != IPPROTO_IPV6 || name != IPV6_V6ONLY || size < sizeof(int) || *(const int *)value != 0)
		return NEXT(setsockopt)(fd, level, name, value, size);
	errno = EINVAL;
	return -1;
}
