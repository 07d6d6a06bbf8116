/* A worker serves and holds a lock; the first process waits for that lock, as its worker's end frees it. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/file.h>
#include <fcntl.h>
#include <stdio.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
listen_on(int port)
{
	struct sockaddr_in here;
	int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	memset(&here, 0, sizeof(here));
	here.sin_family = AF_INET;
	here.sin_port = htons((unsigned short)port);
	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (listener == -1 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    bind(listener, (struct sockaddr *)&here, sizeof(here)) == -1 || listen(listener, 16) == -1)
		exit(1);
	return listener;
}

static void
serve(int peer)
{
	char data[4096];
	ssize_t length;

	while ((length = read(peer, data, sizeof(data))) > 0)
		if (write(peer, data, (size_t)length) != length)
			break;
	close(peer);
}

/* Wait until a process sleeps, which this one does in a single call. */
static void
wait_asleep(pid_t pid)
{
	char path[40], line[200] = "";
	FILE *stat;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	while (strstr(line, ") S ") == NULL) {
		if ((stat = fopen(path, "r")) == NULL || fgets(line, sizeof(line), stat) == NULL)
			_exit(1);
		fclose(stat);
	}
}

static void
on_hangup(int number)
{
	(void)number;
}

static void
handle_hangup(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_hangup;
	action.sa_flags = SA_RESTART;
	if (sigaction(SIGHUP, &action, NULL) == -1 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		exit(1);
}

static void
work(int port)
{
	int listener, peer;

	wait_asleep(getppid());
	listener = listen_on(port);
	signal(SIGCHLD, SIG_IGN);
	while ((peer = accept(listener, NULL, NULL)) != -1) {
		if (fork() == 0) {
			serve(peer);
			_exit(0);
		}
		close(peer);
	}
	_exit(1);
}

int
main(int argc, char *argv[])
{
	int ours, theirs;
	pid_t worker;

	if (argc != 3 || (theirs = open(argv[2], O_RDWR | O_CREAT, 0600)) == -1 ||
	    (ours = open(argv[2], O_RDWR)) == -1 || flock(theirs, LOCK_EX) == -1)
		return 2;
	handle_hangup();
	if ((worker = fork()) == 0)
		work(atoi(argv[1]));
	close(theirs);				/* the worker alone has it now */
	(void)flock(ours, LOCK_EX);
	kill(worker, SIGKILL);
	return 1;
}
