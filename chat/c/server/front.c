#include "common/features.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"
#include "server/front.h"
#include "server/report.h"

static int
exit_status(pid_t server)
{
	int status;

	while (waitpid(server, &status, 0) == -1)
		if (errno != EINTR)
			return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void
wake(int number)
{
	(void)number;
}

/* The signals that are passed on, and SIGCHLD, which needs a handler to be kept while blocked. */
static int
block_signals(sigset_t *set, sigset_t *before)
{
	struct sigaction action;

	memset(&action, 0, sizeof action);
	action.sa_handler = wake;
	action.sa_flags = SA_NOCLDSTOP;
	if (sigemptyset(&action.sa_mask) == -1 || sigaction(SIGCHLD, &action, NULL) == -1)
		return -1;
	if (sigemptyset(set) == -1 || sigaddset(set, SIGTERM) == -1 ||
	    sigaddset(set, SIGINT) == -1 || sigaddset(set, SIGHUP) == -1 ||
	    sigaddset(set, SIGCHLD) == -1)
		return -1;
	return sigprocmask(SIG_BLOCK, set, before);
}

/* The process in front of a server that is no daemon: pass signals on, end as it ends. */
static int
stand_in_front(pid_t server, const sigset_t *set)
{
	int number;

	for (;;) {
		if (sigwait(set, &number) != 0)
			continue;
		if (number == SIGCHLD)
			return exit_status(server);
		if (kill(server, number) == -1)
			report("cannot signal process %ld: %s", (long)server, strerror(errno));
	}
}

/* The process in front of a daemon: print its ready line, or end as it ended before it. */
static int
wait_for_daemon(pid_t server, int from)
{
	char line[256];
	size_t length = 0;
	ssize_t count;

	while (length < sizeof line && (length == 0 || line[length - 1] != '\n')) {
		count = io_read(from, line + length, sizeof line - length);
		if (count <= 0)
			return exit_status(server);
		length += (size_t)count;
	}
	if (io_write_all(STDOUT_FILENO, line, length) == 0)
		return 0;
	report("cannot write the ready line: %s", strerror(errno));
	if (kill(server, SIGTERM) == -1)
		report("cannot signal process %ld: %s", (long)server, strerror(errno));
	return 1;
}

/* Leave through a fork; the child leads a session, and so a process group, of its own. */
static int
fork_session(bool daemon, struct front *front)
{
	int ends[2];
	sigset_t set, before;
	pid_t server;

	if (io_pipe(ends) == -1 || (!daemon && block_signals(&set, &before) == -1))
		return -1;
	server = fork();
	if (server == -1)
		return -1;
	if (server > 0 && daemon) {
		io_close(&ends[1]);
		_exit(wait_for_daemon(server, ends[0]));
	}
	if (server > 0) {
		io_close(&ends[0]);
		_exit(stand_in_front(server, &set));
	}
	if (daemon) {
		io_close(&ends[0]);
		front->ready = ends[1];
	} else {
		io_close(&ends[1]);
		front->life = ends[0];
		if (sigprocmask(SIG_SETMASK, &before, NULL) == -1)
			return -1;
	}
	return setsid() == -1 ? -1 : 0;
}

/*
 * Make this the leader of a session of its own, so that kill(0, ...) reaches nobody else. It
 * returns in the server only; the process in front, where there is one, ends in here.
 */
int
front_start(bool daemon, struct front *front)
{
	front->ready = front->life = -1;
	if (!daemon && getsid(0) == getpid())
		return 0;
	if (!daemon && getpgrp() != getpid())
		return setsid() == -1 ? -1 : 0;
	return fork_session(daemon, front);
}

/* From now on the daemon has nobody to print for. */
static int
detach(void)
{
	int result, fd = open("/dev/null", O_RDWR);

	if (fd == -1)
		return -1;
	result = dup2(fd, STDIN_FILENO) == -1 || dup2(fd, STDOUT_FILENO) == -1 ||
	    dup2(fd, STDERR_FILENO) == -1 ? -1 : 0;
	return close(fd) == -1 ? -1 : result;
}

/* Say that the server listens. */
int
front_announce(struct front *front, const char *line)
{
	if (front->ready == -1)
		return io_write_all(STDOUT_FILENO, line, strlen(line));
	/* Before the line is out: who reads our output to its end must not wait for the daemon. */
	if (chdir("/") == -1 || detach() == -1)
		return -1;
	report_to_syslog();
	if (io_write_all(front->ready, line, strlen(line)) == -1)
		return -1;
	io_close(&front->ready);
	return 0;
}
