/* flock(3C) of illumos: LOCK_EX needs a descriptor that is open for writing, LOCK_SH one that is open for reading. */

#include "next.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

int
flock(int fd, int operation)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1)
		return -1;
	if (((operation & LOCK_EX) != 0 && (flags & O_ACCMODE) == O_RDONLY) ||
	    ((operation & LOCK_SH) != 0 && (flags & O_ACCMODE) == O_WRONLY)) {
		errno = EBADF;
		return -1;
	}
	return NEXT(flock)(fd, operation);
}
