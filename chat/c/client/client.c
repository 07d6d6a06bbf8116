#include "common/features.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "client/options.h"
#include "client/persist.h"
#include "common/io.h"

static int
ignore_sigpipe(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof action);
	action.sa_handler = SIG_IGN;
	return sigemptyset(&action.sa_mask) == -1 ? -1 : sigaction(SIGPIPE, &action, NULL);
}

int
main(int argc, char **argv)
{
	struct options options;
	struct chat chat;
	enum outcome outcome;
	int status;

	(void)argc;
	status = options_parse(argv, &options);
	if (status != -1)
		return status;
	if (io_fill_stdio() == -1 || ignore_sigpipe() == -1) {
		(void)fprintf(stderr, "client: cannot start: %s\n", strerror(errno));
		return 1;
	}
	memset(&chat, 0, sizeof chat);
	chat.options = &options;
	chat.stream.outbox = &chat.outbox;
	chat.stream.name = options.name;
	chat.stream.since = options.since;
	outcome = persist(&chat);
	if (outcome == TURNED_AWAY)
		status = 3;
	else
		status = outcome == DONE ? 0 : 1;
	if (outbox_name(&chat.outbox) && status == 0)
		status = 1;
	return status;
}
