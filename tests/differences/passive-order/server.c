/* Listens on the first address that getaddrinfo(3) offers, and on no other. */
#include <sys/types.h>
#include <sys/socket.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
listen_on(const char *port)
{
	struct addrinfo hints, *first;
	int listener, on = 1;

	memset(&hints, 0, sizeof(hints));
	hints.ai_family = AF_UNSPEC;
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = AI_PASSIVE;
	if (getaddrinfo(NULL, port, &hints, &first) != 0)
		exit(1);
	listener = socket(first->ai_family, first->ai_socktype, first->ai_protocol);
	if (listener == -1 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    bind(listener, first->ai_addr, first->ai_addrlen) == -1 || listen(listener, 16) == -1)
		exit(1);
	freeaddrinfo(first);
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
	signal(SIGCHLD, SIG_IGN);
	listener = listen_on(argv[1]);
	for (;;) {
		if ((peer = accept(listener, NULL, NULL)) == -1)
			continue;
		if (fork() == 0) {
			serve(peer);
			_exit(0);
		}
		close(peer);
	}
}
