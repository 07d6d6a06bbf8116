/* flock(3C) of illumos: sleeping on a lock is interrupted with any signal, with SA_RESTART as well. */

#include "next.h"
#include "unrestarted.h"

#include <sys/file.h>

int
flock(int fd, int operation)
{
	struct handlers before;
	int status;

	if ((operation & (LOCK_UN | LOCK_NB)) != 0)
		return NEXT(flock)(fd, operation);
	status = NEXT(flock)(fd, operation | LOCK_NB);
	if (status == 0 || errno != EWOULDBLOCK)
		return status;
	without_restart(&before);
	status = NEXT(flock)(fd, operation);
	with_restart(&before);
	return status;
}
