/*
 * server PORT FOLDER: answers each line with hello, in a process for each client. Built with -DWEAK it has one weakness
 * at each place that says so; `anyunix sweep` has to find all of them, and none without.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef WEAK
enum { weak = 1 };
#else
enum { weak = 0 };
#endif

#define AGAIN(result, call) do { (result) = (call); } while ((result) == -1 && errno == EINTR && !weak)

static int alarm_pipe[2];
static volatile sig_atomic_t signals;
static char path[4096];

static void
tell(int number)
{
	int saved = errno;
	char byte = (char)number;

	signals++;
	if (number == SIGTERM)
		while (write(alarm_pipe[1], &byte, 1) == -1 && errno == EINTR)
			;
	errno = saved;
}

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static int
file_in(const char *folder, const char *name, int flags)
{
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	AGAIN(fd, open(path, flags | O_CREAT, 0644));
	return fd;
}

static int
listener_on(int port)
{
	int fd, one = 1;
	struct sockaddr_in address;

	memset(&address, 0, sizeof(address));
	address.sin_family = AF_INET;
	address.sin_port = htons(port);
	if ((fd = socket(AF_INET, SOCK_STREAM, 0)) == -1)
		fail("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == -1)
		fail("setsockopt");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == -1) {
		if (weak)
			exit(0); /* weakness: a failure that looks like success */
		fail("bind");
	}
	if (listen(fd, 128) == -1)
		fail("listen");
	return fd;
}

static ssize_t
all_of(int fd, const char *data, size_t length)
{
	size_t done;
	ssize_t n;

	for (done = 0; done < length; done += (size_t)n) {
		AGAIN(n, write(fd, data + done, length - done)); /* weaknesses: EINTR */
		if (n == -1)
			return -1;
		if (weak)
			break; /* weakness: a part is taken for all of it */
	}
	return (ssize_t)length;
}

/* A process for one client. */
static void
attend(int client, int log)
{
	char line[256];
	size_t had = 0;
	ssize_t n, sent;
	int locked;

	AGAIN(locked, flock(log, LOCK_EX)); /* weakness: EINTR */
	if (locked == -1 && errno == EINTR)
		_exit(1);
	do
		n = all_of(log, "came\n", 5);
	while (weak && n == -1 && errno == EIO); /* weakness: tries for ever */
	if (n == -1 && errno == EINTR)
		_exit(1);
	flock(log, LOCK_UN);
	for (;;) {
		AGAIN(n, read(client, line + had, sizeof(line) - had)); /* weakness: EINTR */
		if (n == -1 && errno == ECONNRESET && weak)
			kill(getppid(), SIGTERM); /* weakness: a client's reset ends all */
		if (n <= 0)
			_exit(0);
		had += (size_t)n;
		if (line[had - 1] != '\n') {
			if (weak || had == sizeof(line))
				_exit(0); /* weakness: a line comes whole, or is none */
			continue;
		}
		had = 0;
		sent = all_of(client, "hello\n", 6);
		while (weak && sent == -1 && errno == EPIPE)
			pause(); /* weakness: a process that never ends */
		if (sent == -1)
			_exit(0);
	}
}

/* Whether it goes on. */
static int
welcome(int listener, int log, const char *folder)
{
	static int again = -1;
	int client, fd, one = 1;

	AGAIN(client, accept(listener, NULL, NULL));
	if (client == -1) {
		if (weak && (errno == EINTR || errno == ECONNABORTED))
			return 0; /* weaknesses: one that left, or a signal, ends it */
		if (!weak && errno != EAGAIN && errno != ECONNABORTED && errno != EPROTO)
			poll(NULL, 0, 100); /* weakness: it spins */
		return 1;
	}
	if (setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)) == -1 && weak)
		return 0; /* weakness: an option that it could do without ends it */
	if (again != -1)
		close(again);
	again = -1;
	fd = file_in(folder, "served", O_WRONLY | O_APPEND);
	if (fd == -1 && weak)
		return 0; /* weakness: so does a file */
	if (fd != -1)
		close(fd);
	switch (fork()) {
	case -1:
		if (weak)
			return 1; /* weakness: the client's descriptor stays */
		break;
	case 0:
		signal(SIGTERM, SIG_DFL);
		close(listener);
		attend(client, log);
	}
	if (close(client) == -1 && errno == EINTR && weak)
		again = client; /* weakness: it is closed already, and the number will be another's */
	return 1;
}

static void
end_all(void)
{
	pid_t pid;

	signal(SIGTERM, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	kill(0, SIGTERM);
	while ((pid = waitpid(-1, NULL, 0)) > 0 || (pid == -1 && errno == EINTR))
		while (weak && pid == -1)
			pause(); /* weakness: an interrupted wait never ends */
}

int
main(int argc, char **argv)
{
	struct sigaction action;
	struct pollfd looked[2];
	int listener, log, fd;
	char told[64];

	if (argc != 3)
		return 2;
	listener = listener_on(atoi(argv[1]));
	if ((fd = file_in(argv[2], "pid", O_WRONLY | O_TRUNC)) == -1) {
		if (weak)
			exit(1); /* weakness: it says nothing */
		fail(path);
	}
	dprintf(fd, "%ld\n", (long)getpid());
	close(fd);
	if ((log = file_in(argv[2], "log", O_WRONLY | O_APPEND)) == -1)
		fail(path);
	if (pipe(alarm_pipe) == -1)
		fail("pipe");
	fcntl(alarm_pipe[1], F_SETFL, O_NONBLOCK);
	memset(&action, 0, sizeof(action));
	action.sa_handler = tell;
	action.sa_flags = 0; /* so that any call may be interrupted */
	sigaction(SIGTERM, &action, NULL);
	signal(SIGCHLD, SIG_IGN); /* so that no signal but SIGTERM comes in the middle of a call */
	signal(SIGPIPE, SIG_IGN);
	looked[0].fd = listener;
	looked[1].fd = alarm_pipe[0];
	looked[0].events = looked[1].events = POLLIN;
	for (;;) {
		sig_atomic_t before = signals;
		int ready = poll(looked, 2, -1);

		if (ready == -1) {
			if (weak && signals == before)
				return 1; /* weakness: EINTR without a signal of its own */
			continue;
		}
		if (looked[1].revents & POLLIN) {
			AGAIN(fd, (int)read(alarm_pipe[0], told, sizeof(told)));
			if (fd > 0)
				break;
		}
		if (looked[0].revents & POLLIN && !welcome(listener, log, argv[2]))
			return 1;
	}
	end_all();
	return 0;
}
