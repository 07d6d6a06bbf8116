#include "common/features.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/conversation.h"
#include "common/io.h"
#include "common/ready.h"

#define AHEAD 65536		/* bytes of input read before they can be sent */
#define PATIENCE_MS 10000	/* with a server that answers neither OK nor ERR */

struct connection {
	struct chat *chat;
	int socket;
	bool deaf;		/* it takes nothing more; it may still send something */
	bool shut;		/* we have nothing more to send */
	long long deadline;
	size_t hello_length;
	size_t hello_sent;
	char hello[KEY_DIGITS + NAME_BYTES + 40];
};

static void
write_hello(struct connection *c)
{
	const struct options *options = c->chat->options;
	long long since = c->chat->stream.since;
	char offset[24] = "end";

	if (since != FROM_END)
		(void)snprintf(offset, sizeof offset, "%lld", since);
	c->hello_length = (size_t)snprintf(c->hello, sizeof c->hello, "HELLO %.*s %s %s\n",
	    KEY_DIGITS, options->key.digits, options->name, offset);
}

static bool
has_to_send(const struct connection *c)
{
	if (c->deaf || c->shut)
		return false;
	if (c->hello_sent < c->hello_length)
		return true;
	return c->chat->stream.open && c->chat->outbox.waiting.first != NULL;
}

/* Messages wait for OK: one that is sent to a server that refuses us would be in doubt. */
static void
send_some(struct connection *c)
{
	ssize_t count;

	if (c->hello_sent == c->hello_length) {
		c->deaf = outbox_send(&c->chat->outbox, c->socket) == -1;
		return;
	}
	count = io_write(c->socket, c->hello + c->hello_sent, c->hello_length - c->hello_sent);
	if (count >= 0)
		c->hello_sent += (size_t)count;
	else if (errno != EAGAIN && errno != EWOULDBLOCK)
		c->deaf = true;
}

/* When all is sent, shut the connection; the server then sends up to our last message, and EOF. */
static void
shut_when_done(struct connection *c)
{
	if (c->deaf || c->shut || !c->chat->stream.open || !c->chat->input_ended ||
	    c->chat->outbox.waiting.first != NULL)
		return;
	c->shut = true;
	c->deaf = shutdown(c->socket, SHUT_WR) == -1;
}

static int
read_input(struct chat *chat)
{
	char bytes[16384];
	ssize_t count = io_read(STDIN_FILENO, bytes, sizeof bytes);
	int result;

	if (count > 0) {
		result = outbox_take(&chat->outbox, bytes, (size_t)count);
	} else {
		if (count == -1)
			(void)fprintf(stderr, "client: cannot read stdin: %s\n", strerror(errno));
		chat->input_ended = true;
		result = outbox_end(&chat->outbox);
	}
	if (result == -1)
		(void)fprintf(stderr, "client: out of memory\n");
	return result;
}

/* No more will come. Is that what was waited for? */
static enum outcome
ended(const struct connection *c, bool in_order)
{
	const struct outbox *outbox = &c->chat->outbox;

	if (!c->chat->input_ended || outbox->waiting.first != NULL || outbox->sent.first != NULL)
		return LOST;
	if (c->shut && in_order)
		return DONE;
	return outbox->any && outbox->doubtful.first == NULL ? DONE : LOST;
}

/* Take what the server sends. LOST is also "go on": then *over is false. */
static enum outcome
read_stream(struct connection *c, bool *over)
{
	char bytes[65536];
	ssize_t count = io_read(c->socket, bytes, sizeof bytes);

	*over = true;
	/* Half a line is no end that the server meant. */
	if (count == 0)
		return ended(c, c->chat->stream.length == 0);
	if (count == -1 && errno != EAGAIN && errno != EWOULDBLOCK)
		return ended(c, false);
	switch (count == -1 ? GO_ON : stream_take(&c->chat->stream, bytes, (size_t)count)) {
	case REFUSED:
		return TURNED_AWAY;
	case NOT_CHAT:
		(void)fprintf(stderr, "client: the server does not speak this protocol\n");
		return BROKEN;
	case OUTPUT_FAILED:
		(void)fprintf(stderr, "client: cannot write to stdout: %s\n", strerror(errno));
		return BROKEN;
	case GO_ON:
		break;
	}
	*over = false;
	return LOST;
}

/* Sleep until something can be read or sent. */
static int
rest(struct connection *c, struct ready *ready)
{
	const struct chat *chat = c->chat;

	ready_clear(ready);
	ready_want_read(ready, c->socket);
	if (has_to_send(c))
		ready_want_write(ready, c->socket);
	if (chat->stream.open && !chat->input_ended && chat->outbox.waiting_bytes < AHEAD)
		ready_want_read(ready, STDIN_FILENO);
	return ready_sleep(ready, chat->stream.open ? NEVER : c->deadline, NULL);
}

/* Somebody sits there and waits for a sign. */
static void
welcome(const struct chat *chat)
{
	if (isatty(STDIN_FILENO) == 1)
		(void)fprintf(stderr, "client: connected as %s; Ctrl-D leaves\n", chat->options->name);
}

/* One connection from HELLO to its end: one loop for both directions, so neither blocks the other. */
enum outcome
converse(struct chat *chat, int socket)
{
	struct connection c = {.chat = chat, .socket = socket};
	struct ready ready;

	c.deadline = clock_ms() + PATIENCE_MS;
	write_hello(&c);
	stream_start(&chat->stream);
	for (;;) {
		enum outcome outcome;
		bool over = false, was_open = chat->stream.open;

		shut_when_done(&c);
		if (rest(&c, &ready) == -1) {
			(void)fprintf(stderr, "client: cannot wait: %s\n", strerror(errno));
			return BROKEN;
		}
		if (ready_can_write(&ready, socket))
			send_some(&c);
		if (ready_can_read(&ready, socket)) {
			outcome = read_stream(&c, &over);
			if (over)
				return outcome;
			if (chat->stream.open && !was_open)
				welcome(chat);
		}
		if (ready_can_read(&ready, STDIN_FILENO) && read_input(chat) == -1)
			return BROKEN;
		if (!chat->stream.open && clock_ms() >= c.deadline)
			return LOST;
	}
}
