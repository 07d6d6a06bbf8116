#include "common/features.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/io.h"
#include "server/turn_away.h"

#define LINGER_MS 1000

static void
forget(struct refused *refused, int i)
{
	io_close(&refused->list[i].fd);
	refused->count--;
	memmove(&refused->list[i], &refused->list[i + 1],
	    (size_t)(refused->count - i) * sizeof refused->list[0]);
}

/*
 * Answer ERR and end the connection, without ever waiting for the client. The oldest one's
 * time is cut short when there are too many.
 */
void
refuse(struct refused *refused, int client, const char *reason)
{
	char line[32];
	int length = snprintf(line, sizeof line, "ERR %s\n", reason);

	if (io_nonblock(client) == -1 || io_write(client, line, (size_t)length) == -1 ||
	    shutdown(client, SHUT_WR) == -1 || !ready_fits(client)) {
		io_close(&client);
		return;
	}
	if (refused->count == MAX_REFUSED)
		forget(refused, 0);
	refused->list[refused->count].fd = client;
	refused->list[refused->count].deadline = clock_ms() + LINGER_MS;
	refused->count++;
}

/* Wait for what they still send, at most until the oldest one's deadline. */
void
refused_want(const struct refused *refused, struct ready *ready, long long *deadline)
{
	int i;

	for (i = 0; i < refused->count; i++)
		ready_want_read(ready, refused->list[i].fd);
	if (refused->count > 0 && (*deadline == NEVER || refused->list[0].deadline < *deadline))
		*deadline = refused->list[0].deadline;
}

/* Is there nothing more to come? */
static bool
is_over(int client)
{
	char waste[4096];
	ssize_t count = io_read(client, waste, sizeof waste);

	return count == 0 || (count == -1 && errno != EAGAIN && errno != EWOULDBLOCK);
}

void
refused_discard(struct refused *refused, const struct ready *ready)
{
	long long now = clock_ms();
	int i;

	for (i = refused->count - 1; i >= 0; i--) {
		int fd = refused->list[i].fd;

		if (now >= refused->list[i].deadline ||
		    (FD_ISSET(fd, &ready->readable) && is_over(fd)))
			forget(refused, i);
	}
}

void
refused_close(struct refused *refused)
{
	while (refused->count > 0)
		forget(refused, refused->count - 1);
}
