#include "common/features.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"
#include "server/pid_file.h"
#include "server/report.h"

/* Open and lock. EWOULDBLOCK: another server lives. */
static int
open_locked(const char *path)
{
	int saved, fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);

	if (fd == -1)
		return -1;
	while (flock(fd, LOCK_EX | LOCK_NB) == -1)
		if (errno != EINTR) {
			saved = errno;
			io_close(&fd);
			errno = saved;
			return -1;
		}
	return fd;
}

/* A server that ends removes its file: the one we have locked may have no name any more. */
static bool
is_named(int fd, const char *path)
{
	struct stat mine, named;

	return fstat(fd, &mine) == 0 && stat(path, &named) == 0 &&
	    mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

static int
write_pid(int fd)
{
	char line[32];
	int length = snprintf(line, sizeof line, "%ld\n", (long)getpid());
	struct stat status;

	if (fstat(fd, &status) == -1)
		return -1;
	if (!S_ISREG(status.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	return ftruncate(fd, 0) == -1 ? -1 : io_write_all(fd, line, (size_t)length);
}

/* The descriptor that holds the lock, or -1 and the reason in error. */
int
pid_file_open(const char *path, char *error, size_t size)
{
	int fd;

	for (;;) {
		fd = open_locked(path);
		if (fd == -1 && errno == EWOULDBLOCK) {
			(void)snprintf(error, size, "pid file %s: another server holds it", path);
			return -1;
		}
		if (fd == -1 || is_named(fd, path))
			break;
		io_close(&fd);
	}
	if (fd != -1 && write_pid(fd) == 0)
		return fd;
	(void)snprintf(error, size, "cannot write pid file %s: %s", path, strerror(errno));
	io_close(&fd);
	return -1;
}

/* Removed while it is still locked: what has the name is ours. */
void
pid_file_remove(const char *path, int *fd)
{
	if (*fd == -1)
		return;
	if (is_named(*fd, path) && unlink(path) == -1)
		report("cannot remove pid file %s: %s", path, strerror(errno));
	io_close(fd);
}
