#include "common/features.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/io.h"
#include "common/ready.h"
#include "server/hello.h"
#include "server/input.h"
#include "server/lifeline.h"
#include "server/places.h"
#include "server/record_log.h"
#include "server/recv.h"
#include "server/report.h"
#include "server/send.h"
#include "server/wakeup.h"

#define LINGER_MS 1000

enum event {
	STOP = 1,		/* a signal to end, or the parent is gone */
	INPUT = 2,
	SENDER_GONE = 4,
	LATE = 8		/* for HELLO */
};

struct receiver {
	const struct receiving *given;
	struct input input;
	struct lifeline lifeline;
	int log;
	sigset_t sleeping;
	struct hello hello;
};

/* Sleep until something happens. Signals are let through here and nowhere else. */
static int
rest(struct receiver *r, long long deadline)
{
	struct ready ready;
	int events = 0;

	ready_clear(&ready);
	ready_want_read(&ready, r->given->parent);
	if (!r->input.ended)
		ready_want_read(&ready, r->input.socket);
	if (ready_sleep(&ready, deadline, &r->sleeping) == -1)
		return STOP;
	if (wakeup_is_stop() || ready_can_read(&ready, r->given->parent))
		events |= STOP;
	if (!r->input.ended && ready_can_read(&ready, r->input.socket))
		events |= INPUT;
	if (lifeline_reap(&r->lifeline))
		events |= SENDER_GONE;
	if (wakeup_is_alarm())
		events |= LATE;
	return events;
}

/*
 * Throw away what the client still sends: until it ends, or 1 s after the last of ours. A close
 * with unread input would be a reset, which can overtake what was sent last.
 */
static void
linger(struct receiver *r)
{
	long long deadline = NEVER;

	while (!lifeline_reap(&r->lifeline) || !r->input.ended) {
		int events;

		if (r->lifeline.sender == 0 && deadline == NEVER) {
			if (shutdown(r->input.socket, SHUT_WR) == -1)
				return;
			deadline = clock_ms() + LINGER_MS;
		}
		events = rest(r, deadline);
		if ((events & STOP) || (deadline != NEVER && clock_ms() >= deadline))
			return;
		input_discard(&r->input);
		if ((events & INPUT) && input_fill(&r->input) == RESET)
			return;
	}
}

/* End the connection, with ERR if there is a reason; SEND, once there is one, sends it. */
static void
hang_up(struct receiver *r, const char *reason)
{
	char line[32] = "";

	if (reason != NULL)
		(void)snprintf(line, sizeof line, "ERR %s\n", reason);
	if (r->lifeline.fd != -1)
		lifeline_say(&r->lifeline, line);
	else if (io_write_all(r->input.socket, line, strlen(line)) == -1)
		return;		/* a fresh socket has room: the client is gone */
	lifeline_cut(&r->lifeline);
	linger(r);
}

/* SEND gets the socket and one end of the lifeline: the other end would hide the EOF. */
static void
become_sender(struct receiver *r, int heard, off_t offset)
{
	struct sending sending = {r->given->log, r->input.socket, heard, offset};
	int parent = r->given->parent, ask = r->given->ask;

	io_close(&ask);
	io_close(&r->lifeline.fd);
	io_close(&r->log);
	io_close(&parent);
	_exit(send_run(&sending));
}

/* NULL, or the reason why there is none. */
static const char *
start_sender(struct receiver *r, off_t offset)
{
	pid_t sender = -1;
	int ends[2];

	if (io_pipe(ends) == -1)
		return "busy";
	r->lifeline.fd = ends[1];
	if (ready_fits(ends[0]))
		sender = fork();
	if (sender == 0)
		become_sender(r, ends[0], offset);
	io_close(&ends[0]);
	if (sender == -1) {
		lifeline_cut(&r->lifeline);
		return "busy";
	}
	r->lifeline.sender = sender;
	return NULL;
}

/* After the unlock: a process that is woken finds the log free. */
static void
multicast(void)
{
	if (kill(0, SIGUSR1) == -1)
		report("cannot signal the process group: %s", strerror(errno));
}

/* Store one line. NULL, or the reason to refuse it. */
static const char *
store(const struct receiver *r, const char *line, size_t length)
{
	if (length > LINE_BYTES)
		return "too-long";
	if (!text_is_clean(line, length))
		return "bad-text";
	if (record_log_append(r->log, r->hello.name, line, length) == 0)
		return NULL;
	report("cannot write the log: %s", strerror(errno));
	return "log";
}

/* Store the lines that have come. NULL, or the reason to refuse the next one. */
static const char *
store_all(struct receiver *r)
{
	const char *line, *reason = NULL;
	bool stored = false;
	size_t length;

	/* A signal to end is not kept waiting by what a fast client has sent ahead. */
	while (input_line(&r->input, &line, &length) && !wakeup_is_stop()) {
		reason = store(r, line, length);
		if (reason != NULL)
			break;
		input_take(&r->input, length);
		stored = true;
	}
	if (stored)
		multicast();
	return reason;
}

/* Socket to log, until one of the two sides, or the server, ends it. */
static void
converse(struct receiver *r)
{
	for (;;) {
		const char *reason = store_all(r);
		enum filled filled;
		int events;

		if (reason != NULL) {
			hang_up(r, reason);
			return;
		}
		events = rest(r, NEVER);
		if (events & STOP)
			return;
		filled = (events & INPUT) ? input_fill(&r->input) : NOTHING;
		if (filled == RESET)
			return;
		if (filled == ENDED || (events & SENDER_GONE)) {
			hang_up(r, NULL);
			return;
		}
	}
}

/* Open the log, find the offset, start SEND. NULL, or the reason why not. */
static const char *
begin(struct receiver *r)
{
	const char *reason;
	int found = -1;
	off_t offset;

	r->log = record_log_open(r->given->log, O_RDWR);
	if (r->log != -1)
		found = record_log_start(r->log, r->hello.since, &offset);
	if (found == 0)
		return start_sender(r, offset);
	if (found == 1)
		return "bad-since";
	reason = record_log_reason(errno);
	report("cannot read the log: %s", strerror(errno));
	return reason;
}

/*
 * Wait for the whole HELLO line; bytes that trickle in do not move the alarm. NULL when it was
 * taken, or the reason to refuse the client; "" is a client that cannot be told.
 *
 * The alarm ends one sleep, and there need be no other: FreeBSD's ppoll and pselect give ready
 * descriptors although the handler has run, Linux's EINTR although bytes have come. So both are
 * looked at, and a line that came in time counts.
 */
static const char *
read_hello(struct receiver *r)
{
	const char *line, *reason;
	enum filled filled = NOTHING;
	size_t length;
	int events = 0;

	while (!input_line(&r->input, &line, &length)) {
		if (events & LATE)
			return "timeout";
		events = rest(r, NEVER);
		if (events & STOP)
			return "";
		filled = (events & (INPUT | LATE)) ? input_fill(&r->input) : NOTHING;
		if (filled == RESET)
			return "";
		if (filled == ENDED)
			return "bad-hello";
	}
	if (length > LINE_BYTES)
		return "too-long";
	reason = hello_parse(line, length, r->given->key, &r->hello);
	if (reason == NULL)
		input_take(&r->input, length);
	return reason;
}

/*
 * It may stay if there is a place. NULL, or the reason to refuse it. The alarm is off: SIGALRM is
 * the parent's answer from here on.
 */
static const char *
take_place(const struct receiver *r)
{
	struct ready ready;

	if (wakeup_forget_alarm() == -1 || !places_ask(r->given->ask))
		return "busy";
	while (!wakeup_is_stop()) {
		if (wakeup_is_place())
			return NULL;
		if (wakeup_is_alarm())
			return "full";
		ready_clear(&ready);
		ready_want_read(&ready, r->given->parent);
		if (ready_sleep(&ready, NEVER, &r->sleeping) == -1 ||
		    ready_can_read(&ready, r->given->parent))
			break;
	}
	return "";
}

/* accept() hands on O_NONBLOCK on BSD, and not on Linux: set explicitly it is there on both. */
static int
prepare(struct receiver *r)
{
	int on = 1, socket = r->input.socket;

	if (wakeup_recv(&r->sleeping) == -1 || io_nonblock(socket) == -1)
		return -1;
	if (setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == -1)
		return -1;
	/* A record is to go out at once, not with the next one. */
	return setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* Child RECV: HELLO, then socket to log. Its exit status. */
int
recv_run(const struct receiving *receiving)
{
	struct receiver r;
	const char *reason;

	memset(&r, 0, sizeof r);
	r.given = receiving;
	r.input.socket = receiving->socket;
	r.log = r.lifeline.fd = -1;
	if (prepare(&r) == -1)
		return 1;
	(void)alarm((unsigned)receiving->auth_timeout);
	reason = read_hello(&r);
	(void)alarm(0);
	if (reason == NULL)
		reason = take_place(&r);
	if (reason == NULL)
		reason = begin(&r);
	if (reason == NULL)
		converse(&r);
	else if (reason[0] != '\0')
		hang_up(&r, reason);
	lifeline_kill(&r.lifeline);
	return 0;
}
