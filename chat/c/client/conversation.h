#ifndef CONVERSATION_H
#define CONVERSATION_H

#include <stdbool.h>

#include "client/options.h"
#include "client/outbox.h"
#include "client/stream.h"

enum outcome {
	DONE,
	LOST,
	TURNED_AWAY,		/* by the server; its reason is in the stream */
	BROKEN			/* on our side, or no chat server; reported on stderr */
};

/* What outlives a connection. */
struct chat {
	const struct options *options;
	struct outbox outbox;
	struct stream stream;
	bool input_ended;
};

enum outcome converse(struct chat *chat, int socket);

#endif
