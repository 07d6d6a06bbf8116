#include "common/features.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/io.h"
#include "common/ready.h"
#include "server/record_log.h"
#include "server/report.h"
#include "server/send.h"
#include "server/wakeup.h"

#define CHUNK 65536
#define PATIENCE_MS 5000	/* with a client that does not read, once the end has come */

struct sender {
	int socket;
	int lifeline;		/* -1: it has ended */
	int log;
	off_t offset;
	bool rested;		/* since it last read the log: a SIGUSR1 may have come and gone */
	sigset_t sleeping;
	size_t last_length;
	char last[64];		/* what RECV wants sent at the end */
	char chunk[CHUNK];
};

/* Take what RECV has written; its EOF starts the end. */
static void
hear(struct sender *sender)
{
	char waste[64];
	size_t room = sizeof sender->last - sender->last_length;
	char *to = room > 0 ? sender->last + sender->last_length : waste;
	ssize_t count = io_read(sender->lifeline, to, room > 0 ? room : sizeof waste);

	if (count == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	if (count <= 0)
		io_close(&sender->lifeline);
	else if (room > 0)
		sender->last_length += (size_t)count;
}

/* Sleep until SIGUSR1, a word from RECV, room in the socket if wanted, or the deadline. */
static int
rest(struct sender *sender, bool want_room, long long deadline)
{
	struct ready ready;

	sender->rested = true;
	ready_clear(&ready);
	if (want_room)
		ready_want_write(&ready, sender->socket);
	if (sender->lifeline != -1)
		ready_want_read(&ready, sender->lifeline);
	if (ready_sleep(&ready, deadline, &sender->sleeping) == -1)
		return -1;
	if (sender->lifeline != -1 && ready_can_read(&ready, sender->lifeline))
		hear(sender);
	return 0;
}

/* Send it all, as slowly as the client reads; at the end it has PATIENCE_MS between two bytes. */
static int
send_all(struct sender *sender, const char *bytes, size_t length)
{
	long long deadline = NEVER;

	while (length > 0) {
		ssize_t count = io_write(sender->socket, bytes, length);

		if (count == -1 && errno != EAGAIN && errno != EWOULDBLOCK)
			return -1;
		if (count > 0) {
			bytes += count;
			length -= (size_t)count;
			deadline = NEVER;
			continue;
		}
		if (sender->lifeline == -1 && deadline == NEVER)
			deadline = clock_ms() + PATIENCE_MS;
		if (rest(sender, true, deadline) == -1)
			return -1;
		/* Now, not after one more write: a socket that is not ready may still take a little. */
		if (deadline != NEVER && clock_ms() >= deadline)
			return -1;
	}
	return 0;
}

static int
give_up(struct sender *sender, const char *doing)
{
	char line[32];
	int length = snprintf(line, sizeof line, "ERR %s\n", record_log_reason(errno));

	report("cannot %s the log: %s", doing, strerror(errno));
	(void)send_all(sender, line, (size_t)length);
	(void)shutdown(sender->socket, SHUT_WR);
	return 1;
}

/* The lock is held while reading, never while sending. */
static ssize_t
look(struct sender *sender, off_t until)
{
	sender->rested = false;
	return record_log_read(sender->log, sender->chunk, CHUNK, sender->offset, until);
}

/*
 * Send what the log holds, up to until. After less than a chunk there is nothing to look for: of
 * what was appended since, SIGUSR1 is still to come, unless it was let through while sending.
 */
static int
catch_up(struct sender *sender, off_t until)
{
	ssize_t count;

	while ((count = look(sender, until)) > 0) {
		if (send_all(sender, sender->chunk, (size_t)count) == -1)
			return 1;
		sender->offset += count;
		if (until == NO_LIMIT && (sender->lifeline == -1 || (count < CHUNK && !sender->rested)))
			return 0;
	}
	return count == -1 ? give_up(sender, "read") : 0;
}

/* Signals are blocked but in rest(), so none is lost between reading the log and sleeping. */
static int
follow(struct sender *sender)
{
	off_t end;
	int status;

	while (sender->lifeline != -1) {
		status = catch_up(sender, NO_LIMIT);
		if (status != 0)
			return status;
		if (sender->lifeline != -1 && rest(sender, false, NEVER) == -1)
			return 1;
	}
	/* What the log holds by now, not what others go on to add. */
	if (record_log_end(sender->log, sender->offset, &end) == -1)
		return give_up(sender, "read");
	status = catch_up(sender, end);
	if (status != 0)
		return status;
	if (send_all(sender, sender->last, sender->last_length) == -1)
		return 1;
	return shutdown(sender->socket, SHUT_WR) == -1 ? 1 : 0;
}

/* Child SEND: log to socket. Its exit status. */
int
send_run(const struct sending *sending)
{
	struct sender sender;
	char line[40];
	int length = snprintf(line, sizeof line, "OK %lld\n", (long long)sending->offset);

	memset(&sender, 0, sizeof sender);
	sender.socket = sending->socket;
	sender.lifeline = sending->lifeline;
	sender.offset = sending->offset;
	if (wakeup_send(&sender.sleeping) == -1 || io_nonblock(sender.lifeline) == -1)
		return 1;
	sender.log = record_log_open(sending->log, O_RDONLY);
	if (sender.log == -1)
		return give_up(&sender, "open");
	if (send_all(&sender, line, (size_t)length) == -1)
		return 1;
	return follow(&sender);
}
