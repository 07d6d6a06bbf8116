/* Accepts with accept4(2), and has no other way. */
#define _GNU_SOURCE
#include <sys/types.h>
#include <sys/socket.h>
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

int
main(int argc, char *argv[])
{
	int listener, peer;

	if (argc != 2)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	listener = listen_on(atoi(argv[1]));
	signal(SIGCHLD, SIG_IGN);
	while ((peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) != -1) {
		if (fork() == 0) {
			serve(peer);
			_exit(0);
		}
		close(peer);
	}
	return 1;
}
