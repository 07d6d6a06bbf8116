#include "common/features.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/connect.h"
#include "client/conversation.h"
#include "client/options.h"
#include "common/io.h"
#include "common/ready.h"

#define FIRST_PAUSE_MS 100
#define LONGEST_PAUSE_MS 5000

static int
ignore_sigpipe(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof action);
	action.sa_handler = SIG_IGN;
	return sigemptyset(&action.sa_mask) == -1 ? -1 : sigaction(SIGPIPE, &action, NULL);
}

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
connect_once(struct talk *talk, char *why, size_t size)
{
	const struct settings *settings = talk->settings;
	enum outcome outcome;
	bool hopeless;
	int fd;

	stream_start(&talk->stream);
	fd = connect_to(settings->host, settings->port, &hopeless, why, size);
	if (fd == -1 && hopeless)
		(void)fprintf(stderr, "client: %s\n", why);
	if (fd == -1)
		return hopeless ? BROKEN : LOST;
	outcome = converse(talk, fd);
	io_close(&fd);
	if (outcome == TURNED_AWAY)
		(void)snprintf(why, size, "refused by the server: %s", talk->stream.reason);
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

/* A server that says OK and ends, over and over, is not tried for ever. */
static bool
was_good(const struct talk *talk, long long since, long long began)
{
	return talk->stream.open &&
	    (talk->stream.since != since || clock_ms() - began > LONGEST_PAUSE_MS);
}

/* Connect again and again, each time from the last offset seen. */
static enum outcome
persist(struct talk *talk)
{
	long delay = FIRST_PAUSE_MS, left = talk->settings->retries;
	char why[256];

	for (;;) {
		long long since = talk->stream.since, began = clock_ms();
		enum outcome outcome = connect_once(talk, why, sizeof why);

		messages_lose(&talk->messages);
		if (outcome == DONE || outcome == BROKEN)
			return outcome;
		if (was_good(talk, since, began)) {
			delay = FIRST_PAUSE_MS;
			left = talk->settings->retries;
		}
		if (left == 0 || (outcome == TURNED_AWAY && !may_pass(talk->stream.reason))) {
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

int
main(int argc, char **argv)
{
	struct settings settings;
	struct talk talk;
	enum outcome outcome;
	int status;

	(void)argc;
	status = settings_read(argv, &settings);
	if (status != -1)
		return status;
	if (io_fill_stdio() == -1 || ignore_sigpipe() == -1) {
		(void)fprintf(stderr, "client: cannot start: %s\n", strerror(errno));
		return 1;
	}
	memset(&talk, 0, sizeof talk);
	talk.settings = &settings;
	talk.stream.messages = &talk.messages;
	talk.stream.name = settings.name;
	talk.stream.since = settings.since;
	outcome = persist(&talk);
	if (outcome == TURNED_AWAY)
		status = 3;
	else
		status = outcome == DONE ? 0 : 1;
	if (messages_name(&talk.messages) && status == 0)
		status = 1;
	return status;
}
