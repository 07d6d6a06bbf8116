#include "common/features.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "client/outbox.h"

#define BATCH 16		/* at least this many iovecs are allowed everywhere */

static void
push(struct queue *queue, struct message *message)
{
	message->next = NULL;
	if (queue->first == NULL)
		queue->first = message;
	else
		queue->last->next = message;
	queue->last = message;
}

static struct message *
shift(struct queue *queue)
{
	struct message *message = queue->first;

	queue->first = message->next;
	return message;
}

/* The line is whole. */
static int
line_ends(struct outbox *outbox)
{
	struct message *message = malloc(sizeof *message + outbox->filled + 1);

	if (message == NULL)
		return -1;
	message->length = outbox->filled + 1;
	memcpy(message->text, outbox->line, outbox->filled);
	message->text[outbox->filled] = '\n';
	push(&outbox->waiting, message);
	outbox->waiting_bytes += message->length;
	outbox->any = true;
	outbox->filled = 0;
	return 0;
}

/* Cut the user's input into lines. */
int
outbox_take(struct outbox *outbox, const char *bytes, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (bytes[i] == '\n') {
			if (line_ends(outbox) == -1)
				return -1;
		} else if (outbox->filled < sizeof outbox->line) {
			outbox->line[outbox->filled++] = bytes[i];
		}
	}
	return 0;
}

/* The input has ended; its last line need not have an LF. */
int
outbox_end(struct outbox *outbox)
{
	return outbox->filled == 0 ? 0 : line_ends(outbox);
}

static void
were_sent(struct outbox *outbox, size_t count)
{
	outbox->waiting_bytes -= count;
	count += outbox->partly;
	while (outbox->waiting.first != NULL && count >= outbox->waiting.first->length) {
		count -= outbox->waiting.first->length;
		push(&outbox->sent, shift(&outbox->waiting));
	}
	outbox->partly = count;
}

/* Send as much as the socket takes. */
int
outbox_send(struct outbox *outbox, int socket)
{
	struct iovec parts[BATCH];
	struct message *message = outbox->waiting.first;
	size_t skip = outbox->partly;
	ssize_t count;
	int i;

	for (i = 0; i < BATCH && message != NULL; i++, message = message->next) {
		parts[i].iov_base = message->text + skip;
		parts[i].iov_len = message->length - skip;
		skip = 0;
	}
	count = writev(socket, parts, i);
	if (count >= 0)
		were_sent(outbox, (size_t)count);
	else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		return -1;
	return 0;
}

static bool
is_text(const struct message *message, const char *text, size_t length)
{
	return message->length == length + 1 && memcmp(message->text, text, length) == 0;
}

/* Tick off the first doubtful message of that text. */
static void
forget_doubtful(struct queue *doubtful, const char *text, size_t length)
{
	struct message *message = doubtful->first, *before = NULL;

	while (message != NULL && !is_text(message, text, length)) {
		before = message;
		message = message->next;
	}
	if (message == NULL)
		return;
	if (before == NULL)
		doubtful->first = message->next;
	else
		before->next = message->next;
	if (doubtful->last == message)
		doubtful->last = before;
	free(message);
}

/*
 * A record of ours is in the stream. The server keeps a connection's order, so of what was sent
 * on this one it can only be the first; of what is doubtful, any.
 */
void
outbox_seen(struct outbox *outbox, const char *text, size_t length)
{
	if (outbox->sent.first != NULL && is_text(outbox->sent.first, text, length))
		free(shift(&outbox->sent));
	else
		forget_doubtful(&outbox->doubtful, text, length);
}

/* The connection is lost. What was sent in part was not stored: no LF, no message. */
void
outbox_lose(struct outbox *outbox)
{
	while (outbox->sent.first != NULL)
		push(&outbox->doubtful, shift(&outbox->sent));
	outbox->waiting_bytes += outbox->partly;
	outbox->partly = 0;
}

static bool
name_queue(struct queue *queue, const char *what)
{
	bool any = queue->first != NULL;

	while (queue->first != NULL) {
		struct message *message = shift(queue);
		size_t length = text_sanitise(message->text, message->length - 1);

		(void)fprintf(stderr, "client: %s: %.*s\n", what, (int)length, message->text);
		free(message);
	}
	return any;
}

/* Name, and forget, every message that the stream has not confirmed. Was there one? */
bool
outbox_name(struct outbox *outbox)
{
	bool any;

	any = name_queue(&outbox->doubtful, "sent, but not seen in the stream");
	any |= name_queue(&outbox->sent, "sent, but not seen in the stream");
	any |= name_queue(&outbox->waiting, "not sent");
	return any;
}
