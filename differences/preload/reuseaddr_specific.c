/*
 * SO_REUSEADDR of the BSDs: 127.0.0.1 and 0.0.0.0 listen on one port side by side, the very same address does not.
 *
 * Linux lets them with SO_REUSEPORT, which both get; that would let the same address in as well, so this looks first.
 */

#include "next.h"
#include "socket_options.h"
#include "sockets_table.h"

#include <errno.h>
#include <string.h>

#define NOBODYS 0x7ffffffe	/* 127.255.255.254: who listens there has a wildcard address */

static bool
listens_there(const struct table_row *row, const void *wanted)
{
	const struct table_row *same = wanted;

	return row->port == same->port && row->state == STATE_LISTEN && strcmp(row->address, same->address) == 0;
}

/* Whether somebody listens at 0.0.0.0, or at :: for IPv4 too, which no table tells. */
static bool
ipv4_wildcard_taken(unsigned int port)
{
	struct sockaddr_in at;
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool taken;

	memset(&at, 0, sizeof at);
	at.sin_family = AF_INET;
	at.sin_port = htons((uint16_t)port);
	at.sin_addr.s_addr = htonl(NOBODYS);
	taken = fd != -1 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
	    NEXT(bind)(fd, (struct sockaddr *)&at, sizeof at) == -1 && errno == EADDRINUSE;
	if (fd != -1)
		(void)close(fd);
	return taken;
}

static bool
taken(int fd, const struct sockaddr *at, const struct table_row *wanted)
{
	bool wildcard = strspn(wanted->address, "0") == strlen(wanted->address);

	if (wildcard && (at->sa_family == AF_INET || socket_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0))
		return ipv4_wildcard_taken(wanted->port);
	return table_has(at->sa_family, listens_there, wanted);
}

int
bind(int fd, const struct sockaddr *at, socklen_t length)
{
	struct table_row wanted;
	int on = 1;

	if (socket_option(fd, SOL_SOCKET, SO_PROTOCOL) != IPPROTO_TCP ||
	    socket_option(fd, SOL_SOCKET, SO_REUSEADDR) == 0 || socket_option(fd, SOL_SOCKET, SO_REUSEPORT) != 0)
		return NEXT(bind)(fd, at, length);
	if (table_row_of(at, length, &wanted) && taken(fd, at, &wanted)) {
		errno = EADDRINUSE;
		return -1;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
	return NEXT(bind)(fd, at, length);
}
