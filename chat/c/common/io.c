#include "common/features.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/io.h"

int
io_cloexec(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	return flags == -1 ? -1 : fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

int
io_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags == -1 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int
io_pipe(int ends[2])
{
	if (pipe(ends) == -1)
		return -1;
	if (io_cloexec(ends[0]) == 0 && io_cloexec(ends[1]) == 0)
		return 0;
	io_close(&ends[0]);
	io_close(&ends[1]);
	return -1;
}

/* Nothing else may get descriptor 0, 1 or 2: what is printed would go there. */
int
io_fill_stdio(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", O_RDWR) != fd)
			return -1;
	return 0;
}

ssize_t
io_read(int fd, void *buffer, size_t size)
{
	ssize_t count;

	do
		count = read(fd, buffer, size);
	while (count == -1 && errno == EINTR);
	return count;
}

/* As many bytes as there are, up to size. */
ssize_t
io_pread(int fd, void *buffer, size_t size, off_t from)
{
	size_t done = 0;

	while (done < size) {
		ssize_t count = pread(fd, (char *)buffer + done, size - done, from + (off_t)done);

		if (count == 0)
			break;
		if (count > 0)
			done += (size_t)count;
		else if (errno != EINTR)
			return -1;
	}
	return (ssize_t)done;
}

ssize_t
io_write(int fd, const void *bytes, size_t length)
{
	ssize_t count;

	do
		count = write(fd, bytes, length);
	while (count == -1 && errno == EINTR);
	return count;
}

int
io_write_all(int fd, const void *bytes, size_t length)
{
	const char *rest = bytes;

	while (length > 0) {
		ssize_t count = io_write(fd, rest, length);

		if (count == -1)
			return -1;
		rest += count;
		length -= (size_t)count;
	}
	return 0;
}

/* Never tried twice after EINTR: on most systems the descriptor is gone all the same. */
void
io_close(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}
