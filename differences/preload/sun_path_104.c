/* unix(4) of the BSDs and macOS: the path of a socket has 104 bytes, NUL included; longer addresses are EINVAL. */

#include "next.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define LONGEST	103

static int
too_long(const struct sockaddr *address, socklen_t length)
{
	const struct sockaddr_un *local = (const void *)address;
	size_t start = offsetof(struct sockaddr_un, sun_path);

	if (address == NULL || length <= start || address->sa_family != AF_UNIX || local->sun_path[0] == '\0' ||
	    strnlen(local->sun_path, length - start) <= LONGEST)
		return 0;
	errno = EINVAL;
	return 1;
}

int
bind(int fd, const struct sockaddr *address, socklen_t length)
{
	return too_long(address, length) ? -1 : NEXT(bind)(fd, address, length);
}

int
connect(int fd, const struct sockaddr *address, socklen_t length)
{
	return too_long(address, length) ? -1 : NEXT(connect)(fd, address, length);
}
