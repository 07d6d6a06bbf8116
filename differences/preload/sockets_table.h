/* All TCP sockets of this network namespace, as /proc/net/tcp and /proc/net/tcp6 list them (proc_pid_net(5)). */

#ifndef SOCKETS_TABLE_H
#define SOCKETS_TABLE_H

#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum socket_state { STATE_TIME_WAIT = 6, STATE_LISTEN = 10 };

struct table_row {
	char address[33];	/* hexadecimal digits, 32-bit words as this machine has them */
	unsigned int port, state;
};

/* Whether a row of the family's table is what is looked for. */
static inline bool
table_has(int family, bool (*is)(const struct table_row *, const void *), const void *what)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, family == AF_INET ? "/proc/net/tcp" : "/proc/net/tcp6",
	    O_RDONLY | O_CLOEXEC);		/* past what hides /proc */
	FILE *table = fd == -1 ? NULL : fdopen(fd, "r");
	struct table_row row;
	bool found = false;
	char line[512];

	while (!found && table != NULL && fgets(line, sizeof line, table) != NULL)
		found = sscanf(line, " %*d: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x", row.address, &row.port, &row.state) == 3 &&
		    is(&row, what);
	if (table != NULL)
		(void)fclose(table);
	return found;
}

/* Address and port of IPv4 or IPv6; false for what has none, and for port 0. */
static inline bool
table_row_of(const struct sockaddr *at, socklen_t length, struct table_row *row)
{
	if (at != NULL && length >= sizeof(struct sockaddr_in) && at->sa_family == AF_INET) {
		const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)at;

		(void)snprintf(row->address, sizeof row->address, "%08X", ipv4->sin_addr.s_addr);
		row->port = ntohs(ipv4->sin_port);
	} else if (at != NULL && length >= sizeof(struct sockaddr_in6) && at->sa_family == AF_INET6) {
		const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)at;
		const uint32_t *words = (const uint32_t *)(const void *)&ipv6->sin6_addr;

		(void)snprintf(row->address, sizeof row->address, "%08X%08X%08X%08X",
		    words[0], words[1], words[2], words[3]);
		row->port = ntohs(ipv6->sin6_port);
	} else {
		return false;
	}
	return row->port != 0;
}

#endif
