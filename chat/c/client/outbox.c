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
line_ends(struct messages *messages)
{
	struct message *message = malloc(sizeof *message + messages->filled + 1);

	if (message == NULL)
		return -1;
	message->length = messages->filled + 1;
	memcpy(message->text, messages->line, messages->filled);
	message->text[messages->filled] = '\n';
	push(&messages->waiting, message);
	messages->waiting_bytes += message->length;
	messages->any = true;
	messages->filled = 0;
	return 0;
}

/* Cut the user's input into lines. */
int
messages_take(struct messages *messages, const char *bytes, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (bytes[i] == '\n') {
			if (line_ends(messages) == -1)
				return -1;
		} else if (messages->filled < sizeof messages->line) {
			messages->line[messages->filled++] = bytes[i];
		}
	}
	return 0;
}

/* The input has ended; its last line need not have an LF. */
int
messages_end(struct messages *messages)
{
	return messages->filled == 0 ? 0 : line_ends(messages);
}

static void
were_sent(struct messages *messages, size_t count)
{
	messages->waiting_bytes -= count;
	count += messages->partly;
	while (messages->waiting.first != NULL && count >= messages->waiting.first->length) {
		count -= messages->waiting.first->length;
		push(&messages->sent, shift(&messages->waiting));
	}
	messages->partly = count;
}

/* Send as much as the socket takes. */
int
messages_send(struct messages *messages, int socket)
{
	struct iovec parts[BATCH];
	struct message *message = messages->waiting.first;
	size_t skip = messages->partly;
	ssize_t count;
	int i;

	for (i = 0; i < BATCH && message != NULL; i++, message = message->next) {
		parts[i].iov_base = message->text + skip;
		parts[i].iov_len = message->length - skip;
		skip = 0;
	}
	count = writev(socket, parts, i);
	if (count >= 0)
		were_sent(messages, (size_t)count);
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
messages_seen(struct messages *messages, const char *text, size_t length)
{
	if (messages->sent.first != NULL && is_text(messages->sent.first, text, length))
		free(shift(&messages->sent));
	else
		forget_doubtful(&messages->doubtful, text, length);
}

/* The connection is lost. What was sent in part was not stored: no LF, no message. */
void
messages_lose(struct messages *messages)
{
	while (messages->sent.first != NULL)
		push(&messages->doubtful, shift(&messages->sent));
	messages->waiting_bytes += messages->partly;
	messages->partly = 0;
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
messages_name(struct messages *messages)
{
	bool any;

	any = name_queue(&messages->doubtful, "sent, but not seen in the stream");
	any |= name_queue(&messages->sent, "sent, but not seen in the stream");
	any |= name_queue(&messages->waiting, "not sent");
	return any;
}
