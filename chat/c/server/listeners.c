#include "common/features.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/io.h"
#include "common/ready.h"
#include "server/listeners.h"

#define ATTEMPTS 20		/* to find a port that is free in both families */

enum opened {
	OPENED,
	LACKING,		/* the system, or the host, has no such family */
	IN_USE,
	FAILED
};

/* What one opening is about; the reason of a failure goes to error. */
struct opening {
	const struct options *options;
	int family;
	long port;
	char *error;
	size_t size;
};

/* Write host:port, with brackets around an IPv6 address, and give the port. */
static int
describe(const struct sockaddr *address, socklen_t length, char *text, size_t size, long *port)
{
	char host[80], service[8];
	bool ipv6 = address->sa_family == AF_INET6;

	if (getnameinfo(address, length, host, sizeof host, service, sizeof service,
	    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return -1;
	(void)snprintf(text, size, ipv6 ? "[%s]:%s" : "%s:%s", host, service);
	return sscanf(service, "%ld", port) == 1 ? 0 : -1;
}

static int
set_options(int fd, const struct opening *opening, int family)
{
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
		return -1;
	/* Explicitly, because systems differ in the default; "first" shows just that. */
	if (family == AF_INET6 && opening->options->bind != BIND_FIRST &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == -1)
		return -1;
	/* A connection that is gone before accept must not block the other listener. */
	return io_cloexec(fd) == -1 ? -1 : io_nonblock(fd);
}

static int
listen_at(const struct opening *opening, const struct addrinfo *at, struct listener *listener)
{
	struct sockaddr_storage bound;
	socklen_t length = sizeof bound;
	int saved, fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);

	if (fd == -1)
		return -1;
	if (!ready_fits(fd)) {
		errno = EMFILE;
	} else if (set_options(fd, opening, at->ai_family) == 0 &&
	    bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0 &&
	    getsockname(fd, (struct sockaddr *)&bound, &length) == 0 &&
	    describe((struct sockaddr *)&bound, length, listener->address,
	    sizeof listener->address, &listener->port) == 0) {
		listener->fd = fd;
		return 0;
	}
	saved = errno;
	io_close(&fd);
	errno = saved;
	return -1;
}

static enum opened
judge(int number)
{
	switch (number) {
	case EAFNOSUPPORT:
	case EPROTONOSUPPORT:
	case EADDRNOTAVAIL:
		return LACKING;
	case EADDRINUSE:
		return IN_USE;
	default:
		return FAILED;
	}
}

static enum opened
failure(const struct opening *opening, const struct addrinfo *at, int number)
{
	char address[100] = "?";
	long port;

	(void)describe(at->ai_addr, at->ai_addrlen, address, sizeof address, &port);
	(void)snprintf(opening->error, opening->size, "cannot listen on %s: %s", address,
	    strerror(number));
	return judge(number);
}

static enum opened
resolve(const struct opening *opening, struct addrinfo **found)
{
	const char *host = opening->options->host;
	enum opened result = LACKING;
	struct addrinfo hints;
	char service[8];
	int code;

	memset(&hints, 0, sizeof hints);
	hints.ai_family = opening->family;
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = AI_PASSIVE;
	(void)snprintf(service, sizeof service, "%ld", opening->port);
	code = getaddrinfo(host, service, &hints, found);
	if (code == 0)
		return OPENED;
	/* The rest (EAI_NONAME, EAI_NODATA) mean that there is no such address. */
	if (code == EAI_AGAIN || code == EAI_FAIL || code == EAI_MEMORY || code == EAI_SYSTEM)
		result = FAILED;
	/* That one family has no address explains less than why the other one does not listen. */
	if (result == FAILED || opening->error[0] == '\0')
		(void)snprintf(opening->error, opening->size, "cannot resolve %s: %s",
		    host == NULL ? "the wildcard address" : host,
		    code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code));
	return result;
}

/* Listen on the family's first address; "first" goes on to the first one that binds. */
static enum opened
open_one(const struct opening *opening, struct listener *listener)
{
	struct addrinfo *found, *at;
	enum opened result = resolve(opening, &found);

	if (result != OPENED)
		return result;
	for (at = found; at != NULL; at = at->ai_next) {
		result = listen_at(opening, at, listener) == 0 ? OPENED :
		    failure(opening, at, errno);
		if (result == OPENED || opening->options->bind != BIND_FIRST)
			break;
	}
	freeaddrinfo(found);
	return result;
}

/* Both families on one port. A family that is lacking is left out, unless both are. */
static enum opened
open_dual(struct opening *opening, struct listeners *listeners)
{
	static const int families[MAX_LISTENERS] = {AF_INET, AF_INET6};
	int i;

	for (i = 0; i < MAX_LISTENERS; i++) {
		struct listener *listener = &listeners->list[listeners->count];
		enum opened result;

		opening->family = families[i];
		result = open_one(opening, listener);
		if (result == IN_USE || result == FAILED)
			return result;
		if (result == OPENED) {
			opening->port = listener->port;
			listeners->count++;
		}
	}
	return listeners->count > 0 ? OPENED : LACKING;
}

static enum opened
open_mode(struct opening *opening, struct listeners *listeners)
{
	enum opened result;

	switch (opening->options->bind) {
	case BIND_DUAL:
		return open_dual(opening, listeners);
	case BIND_IPV4:
		opening->family = AF_INET;
		break;
	case BIND_IPV6:
		opening->family = AF_INET6;
		break;
	case BIND_FIRST:
		opening->family = AF_UNSPEC;
		break;
	}
	result = open_one(opening, &listeners->list[0]);
	listeners->count = result == OPENED;
	return result;
}

/* Every listener of the bind mode, or none and the reason in error. */
int
listeners_open(struct listeners *listeners, const struct options *options, char *error, size_t size)
{
	enum opened result = FAILED;
	int attempt;

	listeners->count = 0;
	for (attempt = 0; attempt < ATTEMPTS; attempt++) {
		struct opening opening = {options, AF_UNSPEC, options->port, error, size};

		error[0] = '\0';
		result = open_mode(&opening, listeners);
		if (result == OPENED)
			return 0;
		listeners_close(listeners);
		/* A port that the system chose can be taken in the other family, or by now. */
		if (result != IN_USE || options->port != 0)
			break;
	}
	return -1;
}

void
listeners_close(struct listeners *listeners)
{
	while (listeners->count > 0)
		io_close(&listeners->list[--listeners->count].fd);
}
