#ifndef OUTBOX_H
#define OUTBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "common/text.h"

struct message {
	struct message *next;
	size_t length;		/* its LF included */
	char text[];
};

struct queue {
	struct message *first;
	struct message *last;
};

/*
 * What the user has typed. A message is waiting until all of it is sent, then sent until it is
 * seen in the stream; what was sent on a connection that was lost since is doubtful.
 */
struct outbox {
	struct queue waiting;
	struct queue sent;
	struct queue doubtful;
	size_t waiting_bytes;
	size_t partly;		/* bytes of the first waiting one that are sent */
	bool any;		/* was there ever one? */
	size_t filled;
	char line[LINE_BYTES + 1];	/* one byte too long is enough for the server to see it */
};

int outbox_take(struct outbox *outbox, const char *bytes, size_t count);
int outbox_end(struct outbox *outbox);
int outbox_send(struct outbox *outbox, int socket);
void outbox_seen(struct outbox *outbox, const char *text, size_t length);
void outbox_lose(struct outbox *outbox);
bool outbox_name(struct outbox *outbox);

#endif
