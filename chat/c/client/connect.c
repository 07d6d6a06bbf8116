#include "common/features.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "client/connect.h"
#include "common/io.h"
#include "common/ready.h"

#define PATIENCE_MS 10000	/* with one address */

static int
prepare(int fd)
{
	int on = 1;

	if (!ready_fits(fd)) {
		errno = EMFILE;
		return -1;
	}
	if (io_cloexec(fd) == -1 || io_nonblock(fd) == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == -1)
		return -1;
	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* Wait for the connection that is under way. */
static int
await(int fd)
{
	long long deadline = clock_ms() + PATIENCE_MS;
	struct ready ready;
	int number, found;
	socklen_t length = sizeof number;

	do {
		ready_clear(&ready);
		ready_want_write(&ready, fd);
		found = ready_sleep(&ready, deadline, NULL);
	} while (found == 0 && clock_ms() < deadline);
	if (found == -1)
		return -1;
	if (found == 0) {
		errno = ETIMEDOUT;
		return -1;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &length) == -1)
		return -1;
	errno = number;
	return number == 0 ? 0 : -1;
}

static int
try(const struct addrinfo *at)
{
	int saved, fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);

	if (fd == -1)
		return -1;
	if (prepare(fd) == 0) {
		if (connect(fd, at->ai_addr, at->ai_addrlen) == 0)
			return fd;
		if ((errno == EINPROGRESS || errno == EINTR) && await(fd) == 0)
			return fd;
	}
	saved = errno;
	io_close(&fd);
	errno = saved;
	return -1;
}

/*
 * A non-blocking socket connected to the first of the host's addresses that answers, or -1 and
 * the reason. It is hopeless when trying again cannot help.
 */
int
connect_to(const char *host, const char *port, bool *hopeless, char *error, size_t size)
{
	struct addrinfo hints, *found, *at;
	int code, fd = -1;

	memset(&hints, 0, sizeof hints);
	hints.ai_family = AF_UNSPEC;
	hints.ai_socktype = SOCK_STREAM;
	code = getaddrinfo(host, port, &hints, &found);
	*hopeless = code != 0 && code != EAI_AGAIN;
	if (code != 0) {
		(void)snprintf(error, size, "cannot resolve %s: %s", host,
		    code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code));
		return -1;
	}
	for (at = found; fd == -1 && at != NULL; at = at->ai_next)
		fd = try(at);
	if (fd == -1)
		(void)snprintf(error, size, "cannot connect to %s port %s: %s", host, port,
		    strerror(errno));
	freeaddrinfo(found);
	return fd;
}
