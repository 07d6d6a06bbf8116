/* A process a connection: fork-c paper|like */
#include "sink.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void
reap(int number)
{
	int saved = errno;

	(void)number;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = saved;
}

int
main(int argc, char *argv[])
{
	int paper = is_paper(argc, argv), listener = listen_here(), peer;
	struct sigaction action;

	memset(&action, 0, sizeof action);
	action.sa_handler = reap;
	action.sa_flags = SA_RESTART;
	sigemptyset(&action.sa_mask);
	sigaction(SIGCHLD, &action, NULL);
	for (;;) {
		peer = accept(listener, NULL, NULL);
		if (peer == -1)
			continue;
		if (fork() == 0) {
			close(listener);
			while (take(peer, paper) > 0)
				;
			exit(0);
		}
		close(peer);
	}
}
