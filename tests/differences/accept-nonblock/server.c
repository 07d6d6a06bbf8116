/* Has a pair of connected sockets, made with a listener that does not block; its first thread means to block in read(2)
 * on the accepted one, until the server is to end. Threads serve. */
#include <sys/types.h>
#include <sys/socket.h>
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

/* What socketpair(2) does, where sockets are of the Internet. */
static void
make_pair(int pair[2])
{
	struct sockaddr_in here;
	socklen_t length = sizeof(here);
	struct pollfd waiting;

	waiting.fd = listen_on(0);
	waiting.events = POLLIN;
	if (fcntl(waiting.fd, F_SETFL, O_NONBLOCK) == -1 ||
	    getsockname(waiting.fd, (struct sockaddr *)&here, &length) == -1 ||
	    (pair[1] = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    connect(pair[1], (struct sockaddr *)&here, length) == -1 || poll(&waiting, 1, -1) != 1 ||
	    (pair[0] = accept(waiting.fd, NULL, NULL)) == -1)
		exit(1);
	close(waiting.fd);
}

int
main(int argc, char *argv[])
{
	char word;
	int pair[2];

	if (argc != 2 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return 2;
	make_pair(pair);
	start_thread(work, atoi(argv[1]));
	(void)!read(pair[0], &word, 1);
	return 1;
}
