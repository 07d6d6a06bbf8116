/* Polls a listener that does not block, and means to block in read(2) on what it accepts: a thread for each client. */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
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
	    bind(listener, (struct sockaddr *)&here, sizeof(here)) == -1 || listen(listener, 16) == -1 ||
	    fcntl(listener, F_SETFL, O_NONBLOCK) == -1)
		exit(1);
	return listener;
}

/* A read(2) that fails although its client is there is taken for the end of all things. */
static void *
serve(void *peer)
{
	char data[4096];
	ssize_t length;

	while ((length = read((int)(intptr_t)peer, data, sizeof(data))) > 0)
		if (write((int)(intptr_t)peer, data, (size_t)length) != length)
			break;
	if (length == -1 && errno != ECONNRESET)
		_exit(1);
	close((int)(intptr_t)peer);
	return NULL;
}

int
main(int argc, char *argv[])
{
	struct pollfd waiting;
	pthread_t thread;
	int peer;

	if (argc != 2)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	waiting.fd = listen_on(atoi(argv[1]));
	waiting.events = POLLIN;
	for (;;) {
		if (poll(&waiting, 1, -1) != 1 || (peer = accept(waiting.fd, NULL, NULL)) == -1)
			continue;
		if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)peer) == 0)
			(void)pthread_detach(thread);
		else
			close(peer);
	}
}
