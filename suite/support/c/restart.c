/*
 * Is a blocking call restarted after a signal handler has returned?
 *
 *	restart				list the calls
 *	restart CALL restart|plain	block in CALL, SIGUSR1 caught with SA_RESTART or without
 *
 * Prints "blocking" and blocks. The handler makes the very thing happen that the call waits for, so a call that is
 * restarted returns and one that is not says EINTR; no time has to pass. Prints "restarted", "EINTR" or the error.
 * What is left open goes with the process; a child that holds a lock ends when its pipe does.
 */
#include <sys/file.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOCK_FILE	"restart.lock"

static int	 waiting;	/* the descriptor that the call waits on */
static int	 other_end;	/* what the handler uses to end the wait */
static pid_t	 child;
static void	(*release)(void);

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
on_signal(int number)
{
	int saved = errno;

	(void)number;
	release();
	errno = saved;
}

static void
write_byte(void)
{
	(void)!write(other_end, "x", 1);
}

static void
use_pipe(void)
{
	int ends[2];

	if (pipe(ends) == -1)
		die("pipe");
	waiting = ends[0];
	other_end = ends[1];
}

static long
read_byte(void)
{
	char byte;

	return read(waiting, &byte, 1);
}

static void
use_socketpair(void)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == -1)
		die("socketpair");
	waiting = ends[0];
	other_end = ends[1];
}

static void
use_socketpair_with_timeout(void)
{
	struct timeval minute = { 60, 0 };

	use_socketpair();
	if (setsockopt(waiting, SOL_SOCKET, SO_RCVTIMEO, &minute, sizeof(minute)) == -1)
		die("SO_RCVTIMEO");
}

static long
receive_byte(void)
{
	char byte;

	return recv(waiting, &byte, 1, 0);
}

/* A pipe that is full: writing blocks until the handler has emptied it. */
static void
use_full_pipe(void)
{
	char block[4096];
	int flags;

	use_pipe();
	memset(block, 'x', sizeof(block));
	if (fcntl(waiting, F_SETFL, O_NONBLOCK) == -1 || (flags = fcntl(other_end, F_GETFL)) == -1 ||
	    fcntl(other_end, F_SETFL, flags | O_NONBLOCK) == -1)
		die("O_NONBLOCK");
	while (write(other_end, block, sizeof(block)) > 0)
		;
	while (write(other_end, block, 1) > 0)
		;
	if (fcntl(other_end, F_SETFL, flags) == -1)
		die("F_SETFL");
}

static long
write_one(void)
{
	return write(other_end, "x", 1);
}

static void
empty_pipe(void)
{
	char block[4096];

	while (read(waiting, block, sizeof(block)) > 0)
		;
}

static void
use_listener(void)
{
	struct sockaddr_in here;

	memset(&here, 0, sizeof(here));
	here.sin_family = AF_INET;
	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((waiting = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    bind(waiting, (struct sockaddr *)&here, sizeof(here)) == -1 || listen(waiting, 1) == -1)
		die("listener");
	if ((other_end = socket(AF_INET, SOCK_STREAM, 0)) == -1 || fcntl(other_end, F_SETFL, O_NONBLOCK) == -1)
		die("client");
}

static long
accept_one(void)
{
	return accept(waiting, NULL, NULL);
}

static void
connect_to_listener(void)
{
	struct sockaddr_in there;
	socklen_t length = sizeof(there);

	if (getsockname(waiting, (struct sockaddr *)&there, &length) == 0)
		(void)connect(other_end, (struct sockaddr *)&there, length);
}

static long
poll_one(void)
{
	struct pollfd one = { waiting, POLLIN, 0 };

	return poll(&one, 1, -1);
}

static long
select_one(void)
{
	fd_set readers;

	FD_ZERO(&readers);
	FD_SET(waiting, &readers);
	return select(waiting + 1, &readers, NULL, NULL, NULL);
}

/* A child that does its work, says so, and ends when other_end is written to or closed. */
static void
use_child(void (*work)(void))
{
	int ready[2];
	char byte;

	use_pipe();
	if (pipe(ready) == -1 || (child = fork()) == -1)
		die("child");
	if (child == 0) {
		close(other_end);
		work();
		if (write(ready[1], "x", 1) == 1)
			(void)read_byte();
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		die("the child did not start");
}

static void
no_work(void)
{
}

static void
use_idle_child(void)
{
	use_child(no_work);
}

static long
wait_for_child(void)
{
	return waitpid(child, NULL, 0);
}

static int
lock_file(void)
{
	int fd;

	if ((fd = open(LOCK_FILE, O_RDWR | O_CREAT, 0600)) == -1)
		die(LOCK_FILE);
	return fd;
}

/* flock(2) locks belong to the open file, so a second open of this process can hold one against the first. */
static void
use_flock(void)
{
	other_end = lock_file();
	waiting = lock_file();
	if (flock(other_end, LOCK_EX) == -1)
		die("flock");
}

static long
flock_file(void)
{
	return flock(waiting, LOCK_EX);
}

static void
unlock_file(void)
{
	(void)flock(other_end, LOCK_UN);
}

static long
record_lock(void)
{
	struct flock whole;

	memset(&whole, 0, sizeof(whole));
	whole.l_type = F_WRLCK;
	whole.l_whence = SEEK_SET;
	return fcntl(lock_file(), F_SETLKW, &whole);
}

static void
take_record_lock(void)
{
	if (record_lock() == -1)
		die("F_SETLKW");
}

static void
use_locking_child(void)
{
	use_child(take_record_lock);
}

static const struct call {
	const char	*name;
	void		(*prepare)(void);
	long		(*block)(void);
	void		(*release)(void);
} calls[] = {
	{ "accept",		use_listener,			accept_one,	connect_to_listener },
	{ "recv",		use_socketpair,			receive_byte,	write_byte },
	{ "recv_with_timeout",	use_socketpair_with_timeout,	receive_byte,	write_byte },
	{ "read_pipe",		use_pipe,			read_byte,	write_byte },
	{ "write_pipe",		use_full_pipe,			write_one,	empty_pipe },
	{ "flock",		use_flock,			flock_file,	unlock_file },
	{ "fcntl_lock",		use_locking_child,		record_lock,	write_byte },
	{ "waitpid",		use_idle_child,			wait_for_child,	write_byte },
	{ "poll",		use_pipe,			poll_one,	write_byte },
	{ "select",		use_pipe,			select_one,	write_byte },
	{ NULL,			NULL,				NULL,		NULL },
};

int
main(int argc, char *argv[])
{
	struct sigaction action;
	const struct call *call;

	for (call = calls; call->name != NULL; call++) {
		if (argc == 1)
			puts(call->name);
		else if (strcmp(call->name, argv[1]) == 0)
			break;
	}
	if (argc == 1)
		return 0;
	if (argc != 3 || call->name == NULL) {
		fputs("usage: restart [CALL restart|plain]\n", stderr);
		return 2;
	}
	call->prepare();
	release = call->release;
	memset(&action, 0, sizeof(action));
	action.sa_handler = on_signal;
	sigemptyset(&action.sa_mask);
	action.sa_flags = strcmp(argv[2], "restart") == 0 ? SA_RESTART : 0;
	if (sigaction(SIGUSR1, &action, NULL) == -1)
		die("sigaction");
	puts("blocking");
	fflush(stdout);
	if (call->block() != -1)
		puts("restarted");
	else
		puts(errno == EINTR ? "EINTR" : strerror(errno));
	return 0;
}
