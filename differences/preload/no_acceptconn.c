/* getsockopt(2) of systems without SO_ACCEPTCONN: ENOPROTOOPT. */

#include "next.h"

#include <errno.h>
#include <sys/socket.h>

int
getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	if (level != SOL_SOCKET || name != SO_ACCEPTCONN)
		return NEXT(getsockopt)(fd, level, name, value, size);
	errno = ENOPROTOOPT;
	return -1;
}
