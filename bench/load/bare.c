/*
 * What the system calls cost that a chat server cannot do without: bare LOG BYTES
 *
 * A record of BYTES is read from a socket, appended to a log, read from the log and written to a socket, over TCP on
 * loopback to a process that sleeps in read(2), as a client does, and has read one before the next is written. CPU
 * time of this process, the median of many calls, without what the clock costs. Prints one line of JSON, in
 * nanoseconds a call.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>

enum {
	CALLS = 4000,
	LARGEST = 4096
};

struct bare {
	int near, far, log;	/* far is read by the drain */
	char record[LARGEST];
	size_t size;
};

static void
fail(const char *what)
{
	fprintf(stderr, "bare: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double
cpu(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void
connect_pair(int *near, int *far)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	*near = socket(AF_INET, SOCK_STREAM, 0);
	if (listener == -1 || *near == -1 || bind(listener, (struct sockaddr *)&address, size) == -1 ||
	    listen(listener, 1) == -1 || getsockname(listener, (struct sockaddr *)&address, &size) == -1 ||
	    connect(*near, (struct sockaddr *)&address, size) == -1 || (*far = accept(listener, NULL, NULL)) == -1)
		fail("cannot connect");
	if (setsockopt(*near, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == -1)
		fail("TCP_NODELAY");
	close(listener);
}

static void
whole(ssize_t count, size_t size, const char *what)
{
	if (count != (ssize_t)size)
		fail(what);
}

static void
write_log(struct bare *bare, int number)
{
	(void)number;
	whole(write(bare->log, bare->record, bare->size), bare->size, "log");
}

static void
read_log(struct bare *bare, int number)
{
	whole(pread(bare->log, bare->record, bare->size, (off_t)number * (off_t)bare->size), bare->size, "log");
}

static void
write_socket(struct bare *bare, int number)
{
	(void)number;
	whole(write(bare->near, bare->record, bare->size), bare->size, "socket");
}

static void
read_socket(struct bare *bare, int number)
{
	(void)number;
	whole(recv(bare->near, bare->record, bare->size, MSG_WAITALL), bare->size, "socket");
}

static void
nothing(struct bare *bare, int number)
{
	(void)bare;
	(void)number;
}

/* The drain has read it. */
static void
wait_read(struct bare *bare)
{
	char byte;

	whole(read(bare->near, &byte, 1), 1, "socket");
}

/* The far side has written one. */
static void
give(struct bare *bare)
{
	whole(write(bare->far, bare->record, bare->size), bare->size, "socket");
}

static int
by_size(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return a < b ? -1 : a > b;
}

/* The median of many calls, each between what has to happen before and after it. */
static double
cost(struct bare *bare, void (*before)(struct bare *), void (*call)(struct bare *, int), void (*after)(struct bare *))
{
	static double took[CALLS];
	int number;

	for (number = 0; number < CALLS; number++) {
		double begun;

		if (before != NULL)
			before(bare);
		begun = cpu();
		call(bare, number);
		took[number] = cpu() - begun;
		if (after != NULL)
			after(bare);
	}
	qsort(took, CALLS, sizeof *took, by_size);
	return took[CALLS / 2];
}

static pid_t
start_drain(struct bare *bare)
{
	pid_t drain = fork();
	char waste[LARGEST];
	int one = 1;

	if (drain != 0)
		return drain;
	close(bare->near);
	(void)setsockopt(bare->far, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	while (recv(bare->far, waste, bare->size, MSG_WAITALL) > 0)
		if (write(bare->far, "", 1) != 1)
			break;
	_exit(0);
}

int
main(int argc, char *argv[])
{
	struct bare bare = { .size = argc == 3 ? (size_t)atoi(argv[2]) : 0 };
	double clock, in, append, look, out;
	pid_t drain;

	if (bare.size < 1 || bare.size > LARGEST) {
		fprintf(stderr, "usage: bare LOG BYTES (1 to %d)\n", LARGEST);
		return 2;
	}
	bare.log = open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
	if (bare.log == -1)
		fail(argv[1]);
	memset(bare.record, 'x', bare.size);
	clock = cost(&bare, NULL, nothing, NULL);
	append = cost(&bare, NULL, write_log, NULL);
	look = cost(&bare, NULL, read_log, NULL);
	connect_pair(&bare.near, &bare.far);
	in = cost(&bare, give, read_socket, NULL);
	drain = start_drain(&bare);
	close(bare.far);
	out = cost(&bare, NULL, write_socket, wait_read);
	close(bare.near);
	waitpid(drain, NULL, 0);
	printf("{\"read_socket\": %.0f, \"write_log\": %.0f, \"read_log\": %.0f, \"write_socket\": %.0f}\n", in - clock,
	    append - clock, look - clock, out - clock);
	return 0;
}
