/* Looks for SIGTERM whenever a call is interrupted, and a client has a minute for each line. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <poll.h>
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

static volatile sig_atomic_t ended;

static void
on_end(int number)
{
	(void)number;
	ended = 1;
}

static void
serve_slowly(int peer)
{
	struct timeval minute = { 60, 0 };
	char data[4096];
	ssize_t length = 1;

	(void)setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &minute, sizeof(minute));
	while (!ended && length > 0) {
		length = recv(peer, data, sizeof(data), 0);
		if (length > 0 && write(peer, data, (size_t)length) != length)
			break;
	}
	close(peer);
}

int
main(int argc, char *argv[])
{
	struct pollfd one = { -1, POLLIN, 0 };
	int peer;

	if (argc != 2)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, on_end);
	one.fd = listen_on(atoi(argv[1]));
	while (!ended)
		if (poll(&one, 1, -1) == 1 && (peer = accept(one.fd, NULL, NULL)) != -1)
			serve_slowly(peer);
	return 0;
}
