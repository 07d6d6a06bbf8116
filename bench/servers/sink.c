#include "sink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

int
listen_here(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;
	int listener, null;

	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (listener == -1 || bind(listener, (struct sockaddr *)&address, sizeof address) == -1 ||
	    listen(listener, 4096) == -1 || getsockname(listener, (struct sockaddr *)&address, &size) == -1)
		fail("cannot listen");
	null = open("/dev/null", O_WRONLY);
	if (null == -1 || dup2(null, STDOUT_FILENO) == -1)
		fail("/dev/null");
	close(null);
	fprintf(stderr, "READY 127.0.0.1:%d\n", ntohs(address.sin_port));
	return listener;
}

int
is_paper(int argc, char *argv[])
{
	if (argc == 2 && strcmp(argv[1], "paper") == 0)
		return 1;
	if (argc == 2 && strcmp(argv[1], "like") == 0)
		return 0;
	fprintf(stderr, "usage: %s paper|like\n", argv[0]);
	exit(2);
}

long
take(int peer, int paper)
{
	char data[READ + 1];
	ssize_t count;

	do
		count = read(peer, data, READ);
	while (count == -1 && errno == EINTR);
	if (count <= 0)
		return count;
	if (paper) {
		data[count] = '\0';
		printf("%s", data);	/* stdout is no terminal, so it is buffered */
	} else if (write(STDOUT_FILENO, data, (size_t)count) != count)
		fail("/dev/null");
	return count;
}
