/* flock(2) of the BSDs and macOS: a shared lock stays where LOCK_EX | LOCK_NB is refused. Linux drops it first. */

#include "next.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

/* Has this open file description a shared flock? proc_pid_fdinfo(5) shows its locks. */
static int
holds_shared(int fd)
{
	char path[40], line[160];
	int found = 0;
	FILE *info;

	(void)snprintf(path, sizeof path, "//proc/self/fdinfo/%d", fd);
	if ((info = fopen(path, "re")) == NULL)
		return 0;
	while (!found && fgets(line, sizeof line, info) != NULL)
		found = strstr(line, "FLOCK") != NULL && strstr(line, "READ") != NULL;
	(void)fclose(info);
	return found;
}

int
flock(int fd, int operation)
{
	int saved = errno, shared, status;

	if ((operation & (LOCK_EX | LOCK_NB)) != (LOCK_EX | LOCK_NB))
		return NEXT(flock)(fd, operation);
	shared = holds_shared(fd);
	errno = saved;
	status = NEXT(flock)(fd, operation);
	if (status == -1 && errno == EWOULDBLOCK && shared) {
		/* those that refused it have shared locks, which let this one in beside them */
		(void)NEXT(flock)(fd, LOCK_SH | LOCK_NB);
		errno = EWOULDBLOCK;
	}
	return status;
}
