/*
 * flock(2) of the BSDs, macOS and illumos: its locks and those of fcntl(2) exclude each other, even within a process.
 * Every flock has a record lock of the same open file description beside it (fcntl_locking(2), F_OFD_SETLK).
 */

#define _FILE_OFFSET_BITS 64	/* 32-bit glibc has these locks with struct flock64 alone */
#include "next.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

static int
record_lock(int fd, int command, short type)
{
	struct flock whole = { .l_type = type, .l_whence = SEEK_SET };

	return fcntl(fd, command, &whole);
}

/* The record lock for a flock that is held. A descriptor that is open for reading alone can have a shared one only. */
static int
take_beside(int fd, int operation)
{
	int command = (operation & LOCK_NB) != 0 ? F_OFD_SETLK : F_OFD_SETLKW;
	int status = record_lock(fd, command, (operation & LOCK_EX) != 0 ? F_WRLCK : F_RDLCK);

	if (status == -1 && errno == EBADF && (operation & LOCK_EX) != 0)
		status = record_lock(fd, command, F_RDLCK);
	return status == -1 && (errno == EAGAIN || errno == EACCES || errno == EINTR) ? -1 : 0;
}

int
flock(int fd, int operation)
{
	int saved = errno, status;

	if ((operation & LOCK_UN) != 0)
		(void)record_lock(fd, F_OFD_SETLK, F_UNLCK);
	errno = saved;
	if ((operation & (LOCK_EX | LOCK_SH)) == 0)
		return NEXT(flock)(fd, operation);
	status = NEXT(flock)(fd, operation | LOCK_NB);
	if (status == -1 && errno == EWOULDBLOCK) {
		/* a shared lock that was to become an exclusive one is gone now */
		(void)record_lock(fd, F_OFD_SETLK, F_UNLCK);
		errno = EWOULDBLOCK;
		if ((operation & LOCK_NB) == 0)
			status = NEXT(flock)(fd, operation);
	}
	if (status == -1)
		return -1;
	if (take_beside(fd, operation) == -1) {
		saved = errno == EACCES ? EWOULDBLOCK : errno;
		(void)record_lock(fd, F_OFD_SETLK, F_UNLCK);
		(void)NEXT(flock)(fd, LOCK_UN);
		errno = saved;
		return -1;
	}
	errno = saved;
	return 0;
}
