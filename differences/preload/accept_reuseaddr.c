/*
 * accept(2) of FreeBSD 14: the new socket has not got SO_REUSEADDR from its listener, and says so.
 *
 * What the kernel holds stays as it is, because Linux needs it there when the server comes again.
 */

#include "next.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define ACCEPTED 4096		/* sockets that are remembered, by their inode; of two in one place, the newer one */

static ino_t accepted[ACCEPTED];

/* The place of a socket, and its inode; a null pointer for what is no socket. */
static ino_t *
place_of(int fd, ino_t *inode)
{
	struct stat status;

	if (fd == -1 || fstat(fd, &status) == -1 || !S_ISSOCK(status.st_mode))
		return NULL;
	*inode = status.st_ino;
	return &accepted[status.st_ino % ACCEPTED];
}

static int
remembered(int fd)
{
	ino_t inode, *place = place_of(fd, &inode);

	if (place != NULL)
		*place = inode;
	return fd;
}

int
accept(int listener, struct sockaddr *peer, socklen_t *length)
{
	return remembered(NEXT(accept)(listener, peer, length));
}

int
accept4(int listener, struct sockaddr *peer, socklen_t *length, int flags)
{
	return remembered(NEXT(accept4)(listener, peer, length, flags));
}

int
getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	int status = NEXT(getsockopt)(fd, level, name, value, size);
	ino_t inode, *place;

	if (status == 0 && level == SOL_SOCKET && name == SO_REUSEADDR && *size == sizeof(int) &&
	    (place = place_of(fd, &inode)) != NULL && *place == inode)
		*(int *)value = 0;
	return status;
}

int
setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	int status = NEXT(setsockopt)(fd, level, name, value, size);
	ino_t inode, *place;

	if (status == 0 && level == SOL_SOCKET && name == SO_REUSEADDR && (place = place_of(fd, &inode)) != NULL)
		*place = 0;
	return status;
}
