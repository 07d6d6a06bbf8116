/*
 * What the system calls cost that a chat server cannot do without: bare LOG BYTES
 *
 * A record of BYTES is read from a socket, appended to a log, read from the log and written to a socket, over TCP on
 * loopback to a process that sleeps in read(2) on another CPU, as a client does. CPU time of this process, the
 * cheapest of several rounds. Prints one line of JSON, in nanoseconds a call.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>

enum {
	CALLS = 2000,
	ROUNDS = 20,
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

static double
cost(struct bare *bare, void (*call)(struct bare *, int), int calls)
{
	double begun = cpu();
	int number;

	for (number = 0; number < calls; number++)
		call(bare, number);
	return (cpu() - begun) / calls;
}

static double
least(double one, double other)
{
	return one == 0 || other < one ? other : one;
}

int
main(int argc, char *argv[])
{
	struct bare bare = { .size = argc == 3 ? (size_t)atoi(argv[2]) : 0 };
	double in = 0, append = 0, out = 0, look = 0;
	char waste[65536];
	int round, calls;
	pid_t drain;

	if (bare.size < 1 || bare.size > LARGEST) {
		fprintf(stderr, "usage: bare LOG BYTES (1 to %d)\n", LARGEST);
		return 2;
	}
	bare.log = open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
	if (bare.log == -1)
		fail(argv[1]);
	connect_pair(&bare.near, &bare.far);
	drain = fork();
	if (drain == 0) {
		close(bare.near);
		while (read(bare.far, waste, sizeof waste) > 0)
			;
		_exit(0);
	}
	calls = CALLS;
	memset(bare.record, 'x', bare.size);
	for (round = 0; round < ROUNDS; round++) {
		append = least(append, cost(&bare, write_log, calls));
		look = least(look, cost(&bare, read_log, calls));
		out = least(out, cost(&bare, write_socket, calls));
	}
	close(bare.near);
	close(bare.far);
	waitpid(drain, NULL, 0);
	connect_pair(&bare.near, &bare.far);
	calls = 16;		/* as many as a socket's buffers hold for certain */
	for (round = 0; round < ROUNDS * 20; round++) {
		for (int number = 0; number < calls; number++)
			whole(write(bare.far, bare.record, bare.size), bare.size, "socket");
		in = least(in, cost(&bare, read_socket, calls));
	}
	printf("{\"read_socket\": %.0f, \"write_log\": %.0f, \"read_log\": %.0f, \"write_socket\": %.0f}\n", in, append,
	    look, out);
	return 0;
}
