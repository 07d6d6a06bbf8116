#include "common/features.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/connect.h"
#include "client/persist.h"
#include "common/io.h"
#include "common/ready.h"

#define FIRST_PAUSE_MS 100
#define LONGEST_PAUSE_MS 5000

static void
pause_for(long milliseconds)
{
	struct timespec left;

	left.tv_sec = milliseconds / 1000;
	left.tv_nsec = milliseconds % 1000 * 1000000;
	while (nanosleep(&left, &left) == -1 && errno == EINTR)
		continue;
}

/* One connection, from its making to its end; what went wrong is in why. */
static enum outcome
connect_once(struct chat *chat, char *why, size_t size)
{
	const struct options *options = chat->options;
	enum outcome outcome;
	bool hopeless;
	int fd;

	stream_start(&chat->stream);
	fd = connect_to(options->host, options->port, &hopeless, why, size);
	if (fd == -1 && hopeless)
		(void)fprintf(stderr, "client: %s\n", why);
	if (fd == -1)
		return hopeless ? BROKEN : LOST;
	outcome = converse(chat, fd);
	io_close(&fd);
	if (outcome == TURNED_AWAY)
		(void)snprintf(why, size, "refused by the server: %s", chat->stream.reason);
	else
		(void)snprintf(why, size, "connection lost");
	return outcome;
}

/* These pass; every other reason would be given again. */
static bool
may_pass(const char *reason)
{
	return strcmp(reason, "full") == 0 || strcmp(reason, "busy") == 0 ||
	    strcmp(reason, "timeout") == 0;
}

/* A server that answers OK and ends, over and over, is not tried for ever. */
static bool
was_good(const struct chat *chat, long long since, long long began)
{
	return chat->stream.open &&
	    (chat->stream.since != since || clock_ms() - began > LONGEST_PAUSE_MS);
}

/* Connect again and again, each time from the last offset seen. */
enum outcome
persist(struct chat *chat)
{
	long delay = FIRST_PAUSE_MS, left = chat->options->retries;
	char why[256];

	for (;;) {
		long long since = chat->stream.since, began = clock_ms();
		enum outcome outcome = connect_once(chat, why, sizeof why);

		outbox_lose(&chat->outbox);
		if (outcome == DONE || outcome == BROKEN)
			return outcome;
		if (was_good(chat, since, began)) {
			delay = FIRST_PAUSE_MS;
			left = chat->options->retries;
		}
		if (left == 0 || (outcome == TURNED_AWAY && !may_pass(chat->stream.reason))) {
			(void)fprintf(stderr, "client: %s\n", why);
			return outcome;
		}
		left--;
		(void)fprintf(stderr, "client: %s; trying again in %ld.%ld s\n", why, delay / 1000,
		    delay % 1000 / 100);
		pause_for(delay);
		delay = delay * 2 > LONGEST_PAUSE_MS ? LONGEST_PAUSE_MS : delay * 2;
	}
}
