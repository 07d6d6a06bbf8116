/* flock(3C) of illumos: LOCK_UN | LOCK_NB is no operation. */

#include "next.h"

#include <errno.h>
#include <sys/file.h>

int
flock(int fd, int operation)
{
	if ((operation & LOCK_UN) != 0 && (operation & LOCK_NB) != 0) {
		errno = EINVAL;
		return -1;
	}
	return NEXT(flock)(fd, operation);
}
