/*
 * shutdown(2) of FreeBSD on a listening socket: ENOTCONN, one accept(2) gives ECONNABORTED, or wakes with it, in
 * whatever process that is (soshutdown in sys/kern/uipc_socket.c); clients go on connecting.
 *
 * So that it reaches other processes, poll(2) included, the error travels as a connection of our own to the listener,
 * which has a segment size that nobody else asks for. Only TCP: of others, Linux' own shutdown.
 */

#include "next.h"
#include "socket_options.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#define OURS 313		/* bytes; IPv4 asks for 536 at least (RFC 9293 3.7.1) */
#define TIMESTAMPS 12		/* bytes of it, where they are on (RFC 7323) */
#define MOST_MS 1000		/* for a connection on loopback, which has none to wait for unless the queue is full */

/* To a wildcard address means to this host. */
static void
send_error(int listener)
{
	struct sockaddr_storage at;
	socklen_t length = sizeof at;
	struct pollfd connected = {-1, POLLOUT, 0};
	int size = OURS, fd = socket_option(listener, SOL_SOCKET, SO_DOMAIN);

	fd = socket(fd, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
	if (fd == -1)
		return;
	connected.fd = fd;
	if (getsockname(listener, (struct sockaddr *)&at, &length) == 0 &&
	    setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &size, sizeof size) == 0 &&
	    NEXT(connect)(fd, (struct sockaddr *)&at, length) == -1 && errno == EINPROGRESS)
		(void)poll(&connected, 1, MOST_MS);
	(void)close(fd);
}

static int
unless_ours(int fd)
{
	int size = fd == -1 ? 0 : socket_option(fd, IPPROTO_TCP, TCP_MAXSEG);

	if (size != OURS && size != OURS - TIMESTAMPS)
		return fd;
	(void)close(fd);
	errno = ECONNABORTED;
	return -1;
}

int
shutdown(int fd, int how)
{
	if (!listens(fd) || socket_option(fd, SOL_SOCKET, SO_PROTOCOL) != IPPROTO_TCP)
		return NEXT(shutdown)(fd, how);
	if (how != SHUT_WR)
		send_error(fd);
	errno = ENOTCONN;
	return -1;
}

int
accept(int listener, struct sockaddr *peer, socklen_t *length)
{
	return unless_ours(NEXT(accept)(listener, peer, length));
}

int
accept4(int listener, struct sockaddr *peer, socklen_t *length, int flags)
{
	return unless_ours(NEXT(accept4)(listener, peer, length, flags));
}
