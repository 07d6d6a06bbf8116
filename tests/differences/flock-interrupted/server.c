/* Threads serve; the first one waits for the lock of the server before it, which it is to have for good. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/file.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
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

static void *
serve(void *peer)
{
	char data[4096];
	ssize_t length;

	while ((length = read((int)(intptr_t)peer, data, sizeof(data))) > 0)
		if (write((int)(intptr_t)peer, data, (size_t)length) != length)
			break;
	close((int)(intptr_t)peer);
	return NULL;
}

static void
start_thread(void *(*run)(void *), int argument)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, (void *)(intptr_t)argument) != 0)
		exit(1);
	(void)pthread_detach(thread);
}

/* Wait until the first thread sleeps, which it does in a single call. */
static void
wait_first_asleep(void)
{
	char path[40], line[200] = "";
	FILE *stat;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", (long)getpid());
	while (strstr(line, ") S ") == NULL) {
		if ((stat = fopen(path, "r")) == NULL || fgets(line, sizeof(line), stat) == NULL)
			exit(1);
		fclose(stat);
		(void)poll(NULL, 0, 1);
	}
}

static void *
work(void *port)
{
	int listener, peer;

	wait_first_asleep();
	listener = listen_on((int)(intptr_t)port);
	while ((peer = accept(listener, NULL, NULL)) != -1)
		start_thread(serve, peer);
	exit(1);
}

static void
on_hangup(int number)
{
	(void)number;
}

/* Threads inherit what is blocked: the signal interrupts the first one. */
static void
start_work(int port)
{
	struct sigaction action;
	sigset_t hangup;

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_hangup;
	action.sa_flags = SA_RESTART;
	sigemptyset(&hangup);
	sigaddset(&hangup, SIGHUP);
	if (sigaction(SIGHUP, &action, NULL) == -1 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		exit(1);
	(void)pthread_sigmask(SIG_BLOCK, &hangup, NULL);
	start_thread(work, port);
	(void)pthread_sigmask(SIG_UNBLOCK, &hangup, NULL);
}

int
main(int argc, char *argv[])
{
	int ours, theirs;

	if (argc != 3 || (theirs = open(argv[2], O_RDWR | O_CREAT, 0600)) == -1 ||
	    (ours = open(argv[2], O_RDWR)) == -1 || flock(theirs, LOCK_EX) == -1)
		return 2;
	start_work(atoi(argv[1]));
	(void)flock(ours, LOCK_EX);
	return 1;
}
