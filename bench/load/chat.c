/*
 * Clients of a chat server: chat HOST PORT KEY-FILE CLIENTS SECONDS MESSAGES-A-SECOND
 *
 * All receive everything. With a rate the clients take turns at sending; with 0 each sends its next message when it has
 * seen its last one. A message carries the time at which it was sent, so each delivery tells its latency. Prints OPEN
 * when all are connected and waits for a line; at the end it prints one line of JSON, in which `lost` is what had not
 * come 10 s after the last message, and waits for another line.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

enum {
	KEY = 128,
	LINE = 256,
	CLIENTS = 10000,
	END_SECONDS = 10,
	LATENCIES = 1 << 23,	/* kept at most */
	SECOND = 1000000000
};

struct client {
	struct pollfd *poll;
	char name[16];
	char line[LINE];
	size_t length;
	int opened;
};

struct totals {
	struct client *clients;
	struct pollfd *polls;
	uint32_t *latencies;	/* microseconds */
	uint64_t messages, deliveries;
	int count, closed_loop, sending;
};

static uint64_t
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

static void
fail(const char *what)
{
	fprintf(stderr, "chat: %s: %s\n", what, errno != 0 ? strerror(errno) : "the server ended the connection");
	exit(1);
}

static void
say(struct client *client, const char *line, size_t length)
{
	ssize_t count = write(client->poll->fd, line, length);

	if (count != (ssize_t)length)
		fail("cannot send");
}

static void
send_message(struct totals *totals, struct client *client)
{
	char line[32];
	int length = snprintf(line, sizeof line, "%020llu\n", (unsigned long long)now());

	say(client, line, (size_t)length);
	totals->messages++;
}

/* `<name> time`, or at the beginning `OK offset`. */
static void
take_line(struct totals *totals, struct client *client, uint64_t at)
{
	const char *text;
	uint64_t sent;

	client->line[client->length] = '\0';
	if (!client->opened) {
		errno = 0;
		if (strncmp(client->line, "OK ", 3) != 0)
			fail(client->line);
		client->opened = 1;
		return;
	}
	text = strchr(client->line, ' ');
	if (client->line[0] != '<' || text == NULL)
		return;
	sent = strtoull(text + 1, NULL, 10);
	if (totals->deliveries < LATENCIES)
		totals->latencies[totals->deliveries] = (uint32_t)((at - sent) / 1000);
	totals->deliveries++;
	if (totals->closed_loop && totals->sending && strlen(client->name) == (size_t)(text - client->line - 2) &&
	    strncmp(client->line + 1, client->name, strlen(client->name)) == 0)
		send_message(totals, client);
}

static void
take(struct totals *totals, struct client *client)
{
	char bytes[65536];
	ssize_t count = read(client->poll->fd, bytes, sizeof bytes), index;
	uint64_t at = now();

	if (count == 0)
		errno = 0;
	if (count <= 0)
		fail("cannot receive");
	for (index = 0; index < count; index++) {
		if (bytes[index] == '\n') {
			take_line(totals, client, at);
			client->length = 0;
		} else if (client->length < LINE - 1)
			client->line[client->length++] = bytes[index];
	}
}

/* Take what comes until then, or until `enough` says so. */
static void
take_until(struct totals *totals, uint64_t due, int (*enough)(const struct totals *))
{
	struct timespec left;
	uint64_t at;
	int index;

	while ((at = now()) < due && !(enough != NULL && enough(totals))) {
		left.tv_sec = (time_t)((due - at) / SECOND);
		left.tv_nsec = (long)((due - at) % SECOND);
		if (ppoll(totals->polls, (nfds_t)totals->count, &left, NULL) == -1 && errno != EINTR)
			fail("ppoll");
		for (index = 0; index < totals->count; index++)
			if (totals->polls[index].revents != 0)
				take(totals, &totals->clients[index]);
	}
}

static int
all_opened(const struct totals *totals)
{
	int index;

	for (index = 0; index < totals->count; index++)
		if (!totals->clients[index].opened)
			return 0;
	return 1;
}

static int
all_delivered(const struct totals *totals)
{
	return totals->deliveries >= totals->messages * (uint64_t)totals->count;
}

static void
open_all(struct totals *totals, const struct addrinfo *address, const char *key)
{
	char line[KEY + 64];
	int index, one = 1;

	for (index = 0; index < totals->count; index++) {
		struct client *client = &totals->clients[index];

		client->poll = &totals->polls[index];
		client->poll->events = POLLIN;
		client->poll->fd = socket(address->ai_family, SOCK_STREAM, 0);
		if (client->poll->fd == -1 || connect(client->poll->fd, address->ai_addr, address->ai_addrlen) == -1)
			fail("cannot connect");
		(void)setsockopt(client->poll->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		snprintf(client->name, sizeof client->name, "c%d", index);
		say(client, line, (size_t)snprintf(line, sizeof line, "HELLO %s %s end\n", key, client->name));
	}
}

static int
by_size(const void *one, const void *other)
{
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;

	return a < b ? -1 : a > b;
}

static void
print_totals(struct totals *totals, double opening, double seconds)
{
	uint64_t kept = totals->deliveries < LATENCIES ? totals->deliveries : LATENCIES;
	uint64_t expected = totals->messages * (uint64_t)totals->count;

	qsort(totals->latencies, (size_t)kept, sizeof *totals->latencies, by_size);
	printf("{\"messages\": %llu, \"deliveries\": %llu, \"lost\": %lld, \"opening_seconds\": %.6f, "
	    "\"seconds\": %.6f, \"median_us\": %u, \"p99_us\": %u}\n",
	    (unsigned long long)totals->messages, (unsigned long long)totals->deliveries,
	    (long long)(expected - totals->deliveries), opening, seconds,
	    kept > 0 ? totals->latencies[kept / 2] : 0, kept > 0 ? totals->latencies[kept * 99 / 100] : 0);
}

static void
send_for(struct totals *totals, double seconds, double rate)
{
	uint64_t begun = now(), end = begun + (uint64_t)(seconds * SECOND), number, due;
	int index;

	if (totals->closed_loop) {
		for (index = 0; index < totals->count; index++)
			send_message(totals, &totals->clients[index]);
		take_until(totals, end, NULL);
	} else {
		for (number = 0; (due = begun + (uint64_t)((double)number * SECOND / rate)) < end; number++) {
			take_until(totals, due, NULL);
			send_message(totals, &totals->clients[number % (uint64_t)totals->count]);
		}
	}
	totals->sending = 0;
}

static double
number(const char *text, double least, double most)
{
	char *end;
	double value = strtod(text, &end);

	if (*end != '\0' || !(value >= least && value <= most)) {
		fprintf(stderr, "chat: %s: expected a number from %g to %g\n", text, least, most);
		exit(2);
	}
	return value;
}

int
main(int argc, char *argv[])
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST }, *address;
	struct totals totals = { .sending = 1 };
	char key[KEY + 1] = "";
	uint64_t asked, opened, begun, ended;
	double seconds, rate;
	FILE *file;

	if (argc != 7) {
		fprintf(stderr, "usage: chat HOST PORT KEY-FILE CLIENTS SECONDS MESSAGES-A-SECOND\n");
		return 2;
	}
	totals.count = (int)number(argv[4], 1, CLIENTS);
	seconds = number(argv[5], 0, 86400);
	rate = number(argv[6], 0, 1e6);
	totals.closed_loop = rate == 0;
	file = fopen(argv[3], "r");
	if (file == NULL || fread(key, 1, KEY, file) != KEY)
		fail(argv[3]);
	fclose(file);
	if (getaddrinfo(argv[1], argv[2], &hints, &address) != 0) {
		fprintf(stderr, "chat: %s:%s: expected a numeric address and port\n", argv[1], argv[2]);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	totals.clients = calloc((size_t)totals.count, sizeof *totals.clients);
	totals.polls = calloc((size_t)totals.count, sizeof *totals.polls);
	totals.latencies = calloc(LATENCIES, sizeof *totals.latencies);
	if (totals.clients == NULL || totals.polls == NULL || totals.latencies == NULL)
		fail("no memory");

	asked = now();
	open_all(&totals, address, key);
	take_until(&totals, asked + (uint64_t)END_SECONDS * SECOND, all_opened);
	opened = now();
	errno = ETIMEDOUT;
	if (!all_opened(&totals))
		fail("not every client was let in");
	puts("OPEN");		/* whoever measures does so from here on */
	fflush(stdout);
	(void)getchar();
	begun = now();
	send_for(&totals, seconds, rate);
	take_until(&totals, now() + (uint64_t)END_SECONDS * SECOND, all_delivered);
	ended = now();
	/* connected until the next line, so that the server's processes can be looked at */
	print_totals(&totals, (double)(opened - asked) / SECOND, (double)(ended - begun) / SECOND);
	fflush(stdout);
	(void)getchar();
	freeaddrinfo(address);
	return 0;
}
