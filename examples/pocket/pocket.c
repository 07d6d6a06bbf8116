/* pocket: a web server that has one page, in a process per connection. Usage: pocket PORT */
#include <sys/types.h>
#include <sys/socket.h>

#include <err.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char page[] =
    "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 18\r\n\r\nHello from pocket\n";

/* Read a request up to its empty line, and answer it. */
static void
serve(int client)
{
	char request[4096];
	size_t have = 0;
	ssize_t n;

	while (have < sizeof(request) - 1 &&
	    (n = read(client, request + have, sizeof(request) - 1 - have)) > 0) {
		have += (size_t)n;
		request[have] = '\0';
		if (strstr(request, "\r\n\r\n") != NULL) {
			(void)write(client, page, sizeof(page) - 1);
			return;
		}
	}
}

int
main(int argc, char *argv[])
{
	struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
	struct addrinfo *first;
	int client, error, listener, on = 1;

	if (argc != 2)
		errx(2, "usage: pocket PORT");
	if ((error = getaddrinfo(NULL, argv[1], &hints, &first)) != 0)
		errx(1, "port %s: %s", argv[1], gai_strerror(error));
	if ((listener = socket(first->ai_family, SOCK_STREAM, 0)) == -1)
		err(1, "socket");
	(void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, first->ai_addr, first->ai_addrlen) == -1 || listen(listener, SOMAXCONN) == -1)
		err(1, "port %s", argv[1]);
	(void)signal(SIGCHLD, SIG_IGN);
	for (;;) {
		if ((client = accept(listener, NULL, NULL)) == -1) {
			warn("accept");
			(void)poll(NULL, 0, 10);
			continue;
		}
		if (fork() == 0) {
			(void)close(listener);
			serve(client);
			_exit(0);
		}
		(void)close(client);
	}
}
