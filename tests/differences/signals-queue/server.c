/* Tells itself of each client with two bytes and two signals; the handler takes all bytes that there are,
 * and ends the server where there are none. */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
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

static int news[2];

static void
on_news(int number)
{
	char bytes[4096];
	int saved = errno;

	(void)number;
	if (read(news[0], bytes, sizeof(bytes)) <= 0)	/* what has been told at once comes at once */
		_exit(1);
	errno = saved;
}

/* The signal is blocked while both are told, so that one delivery takes them. */
static void
tell_twice(void)
{
	sigset_t one;

	sigemptyset(&one);
	sigaddset(&one, SIGUSR1);
	sigprocmask(SIG_BLOCK, &one, NULL);
	(void)!write(news[1], "xx", 2);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR1);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
}

int
main(int argc, char *argv[])
{
	int listener, peer;

	if (argc != 2 || pipe(news) == -1 || fcntl(news[0], F_SETFL, O_NONBLOCK) == -1)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGUSR1, on_news);
	listener = listen_on(atoi(argv[1]));
	while ((peer = accept(listener, NULL, NULL)) != -1) {
		tell_twice();
		if (fork() == 0) {
			serve(peer);
			_exit(0);
		}
		close(peer);
	}
	return 1;
}
