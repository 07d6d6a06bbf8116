/* flock(2) of FreeBSD: what is no file (a vnode), such as a pipe or a socket, cannot be locked; a fifo is one. */

#include "next.h"

#include <errno.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define PIPEFS	0x50495045	/* statfs(2), PIPEFS_MAGIC: where pipe(2) makes them; a fifo lies in a folder */

int
flock(int fd, int operation)
{
	struct stat file;
	struct statfs system;
	int saved = errno;

	if (fstat(fd, &file) == 0 && (S_ISSOCK(file.st_mode) ||
	    (S_ISFIFO(file.st_mode) && fstatfs(fd, &system) == 0 && system.f_type == PIPEFS))) {
		errno = EOPNOTSUPP;
		return -1;
	}
	errno = saved;
	return NEXT(flock)(fd, operation);
}
