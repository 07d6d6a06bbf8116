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
forget(struct turned_away *away, int i)
{
	io_close(&away->list[i].fd);
	away->count--;
	memmove(&away->list[i], &away->list[i + 1],
	    (size_t)(away->count - i) * sizeof away->list[0]);
}

/*
 * Answer ERR and end the connection, without ever waiting for the client. The oldest one's
 * time is cut short when there are too many.
 */
void
turn_away(struct turned_away *away, int client, const char *reason)
{
	char line[32];
	int length = snprintf(line, sizeof line, "ERR %s\n", reason);

	if (io_nonblock(client) == -1 || io_write(client, line, (size_t)length) == -1 ||
	    shutdown(client, SHUT_WR) == -1 || !ready_fits(client)) {
		io_close(&client);
		return;
	}
	if (away->count == MAX_TURNED_AWAY)
		forget(away, 0);
	away->list[away->count].fd = client;
	away->list[away->count].deadline = clock_ms() + LINGER_MS;
	away->count++;
}

/* Wait for what they still send, at most until the oldest one's deadline. */
void
turned_away_want(const struct turned_away *away, struct ready *ready, long long *deadline)
{
	int i;

	for (i = 0; i < away->count; i++)
		ready_want_read(ready, away->list[i].fd);
	if (away->count > 0 && (*deadline == NEVER || away->list[0].deadline < *deadline))
		*deadline = away->list[0].deadline;
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
turned_away_tend(struct turned_away *away, const struct ready *ready)
{
	long long now = clock_ms();
	int i;

	for (i = away->count - 1; i >= 0; i--) {
		int fd = away->list[i].fd;

		if (now >= away->list[i].deadline ||
		    (ready_can_read(ready, fd) && is_over(fd)))
			forget(away, i);
	}
}

void
turned_away_close(struct turned_away *away)
{
	while (away->count > 0)
		forget(away, away->count - 1);
}
