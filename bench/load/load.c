/*
 * A constant rate on each of many connections:
 *
 *     load HOST PORT CONNECTIONS BITS-A-SECOND BYTES-A-WRITE SECONDS [TICK-MICROSECONDS]
 *
 * Writes are due one after the other, round the connections, at even distances: the n-th write of all goes to
 * connection n mod N. So there is no queue to keep, and no connection bursts. With longer ticks than the default of 1
 * those that are due in the same tick go out together at its end, which costs fewer sleeps, here and in the server.
 * What a connection could not take when it was due goes out with its next write. Prints one line of JSON.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

enum {
	MESSAGE = 8,		/* bytes, as in the paper */
	LARGEST = 1 << 20,	/* bytes a write */
	END_SECONDS = 10,
	TICK_MICROSECONDS = 1,	/* each write at its own time, so that no server gains by those that come together */
};

struct peer {
	int socket;
	uint64_t owed;		/* bytes that were due and did not fit */
};

static uint64_t
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void
sleep_until(uint64_t due)
{
	struct timespec time = { .tv_sec = (time_t)(due / 1000000000u), .tv_nsec = (long)(due % 1000000000u) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
}

/* What is due `after` nanoseconds from the beginning waits for the end of its tick, which may have passed. */
static void
sleep_until_tick(uint64_t begun, double after, uint64_t tick)
{
	uint64_t due = begun + (uint64_t)after;

	if (due > now())
		sleep_until(begun + ((uint64_t)after / tick + 1) * tick);
}

static void
fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int
connected(const struct addrinfo *address)
{
	int one = 1, peer;

	peer = socket(address->ai_family, SOCK_STREAM, 0);
	if (peer == -1 || connect(peer, address->ai_addr, address->ai_addrlen) == -1)
		fail("cannot connect");
	/* each write its own segment, as far as the window goes: its size is what is measured */
	if (setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == -1)
		fail("TCP_NODELAY");
	if (fcntl(peer, F_SETFL, O_NONBLOCK) == -1)
		fail("O_NONBLOCK");
	return peer;
}

/* Send what is due; the number of bytes that went out. */
static uint64_t
send_due(struct peer *peer, const char *data, size_t size)
{
	uint64_t sent = 0;
	ssize_t count;

	peer->owed += size;
	while (peer->owed > 0) {
		count = write(peer->socket, data, peer->owed < LARGEST ? peer->owed : LARGEST);
		if (count == -1) {
			if (errno == EAGAIN || errno == EINTR)
				break;
			fail("cannot write");
		}
		sent += (uint64_t)count;
		peer->owed -= (uint64_t)count;
		if (peer->owed > 0)
			break;
	}
	return sent;
}

/* End the sending side of all; how many servers closed theirs, which they do when they have read everything. */
static int
consumed(struct peer *peers, int count)
{
	uint64_t deadline = now() + (uint64_t)END_SECONDS * 1000000000u;
	struct pollfd wanted;
	char rest[4096];
	ssize_t got;
	int index, closed = 0;

	for (index = 0; index < count; index++)
		shutdown(peers[index].socket, SHUT_WR);
	for (index = 0; index < count; index++) {
		wanted.fd = peers[index].socket;
		wanted.events = POLLIN;
		while (now() < deadline && poll(&wanted, 1, (int)((deadline - now()) / 1000000u)) > 0) {
			got = read(wanted.fd, rest, sizeof rest);
			if (got == 0)
				closed++;
			if (got == 0 || (got == -1 && errno != EAGAIN && errno != EINTR))
				break;
		}
	}
	return closed;
}

static double
number(const char *text, double least, double most)
{
	char *end;
	double value = strtod(text, &end);

	if (*end != '\0' || !(value >= least && value <= most)) {
		fprintf(stderr, "load: %s: expected a number from %g to %g\n", text, least, most);
		exit(2);
	}
	return value;
}

int
main(int argc, char *argv[])
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST }, *address;
	struct rusage used;
	struct peer *peers;
	char *data;
	uint64_t begun, end, sent = 0, writes = 0, late = 0, tick = TICK_MICROSECONDS, all;
	double rate, interval, seconds;
	int count, index, closed;
	size_t size;

	if (argc != 7 && argc != 8) {
		fprintf(stderr,
		    "usage: load HOST PORT CONNECTIONS BITS-A-SECOND BYTES-A-WRITE SECONDS [TICK-MICROSECONDS]\n");
		return 2;
	}
	count = (int)number(argv[3], 1, 100000);
	rate = number(argv[4], 1, 1e12);
	size = (size_t)number(argv[5], 1, LARGEST);
	seconds = number(argv[6], 0.1, 86400);
	if (argc == 8)
		tick = (uint64_t)number(argv[7], 1, 1e6);
	tick *= 1000;
	if (getaddrinfo(argv[1], argv[2], &hints, &address) != 0) {
		fprintf(stderr, "load: %s:%s: expected a numeric address and port\n", argv[1], argv[2]);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	peers = calloc((size_t)count, sizeof *peers);
	data = malloc(LARGEST);
	if (peers == NULL || data == NULL)
		fail("no memory");
	for (all = 0; all < LARGEST; all += MESSAGE)
		memcpy(data + all, "message\n", MESSAGE);
	for (index = 0; index < count; index++)
		peers[index].socket = connected(address);

	interval = (double)size * 8e9 / rate / count;	/* nanoseconds between two writes of all */
	begun = now();
	end = begun + (uint64_t)(seconds * 1e9);
	all = (uint64_t)(seconds * 1e9 / interval);
	for (writes = 0; writes < all; writes++) {
		sleep_until_tick(begun, (double)writes * interval, tick);
		if (now() > end + 1000000000u)
			break;	/* a second behind: the rate is not kept */
		sent += send_due(&peers[writes % (uint64_t)count], data, size);
	}
	sleep_until(end);
	end = now();
	for (index = 0; index < count; index++)
		late += peers[index].owed;
	closed = consumed(peers, count);
	getrusage(RUSAGE_SELF, &used);
	printf("{\"connections\": %d, \"seconds\": %.6f, \"expected_bytes\": %.0f, \"sent_bytes\": %llu, "
	    "\"owed_bytes\": %llu, \"writes\": %llu, \"consumed\": %d, \"cpu_seconds\": %.6f}\n", count,
	    (double)(end - begun) / 1e9, (double)all * (double)size, (unsigned long long)sent, (unsigned long long)late,
	    (unsigned long long)writes, closed,
	    (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	    (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
	freeaddrinfo(address);
	return 0;
}
