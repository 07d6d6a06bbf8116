/* execve(2) of FreeBSD and OpenBSD: a program finds SIGCHLD at its default, also where it was ignored before. */

#include "next.h"

#include <signal.h>
#include <stddef.h>

__attribute__((constructor)) static void
reset(void)
{
	struct sigaction now;

	if (sigaction(SIGCHLD, NULL, &now) == 0 && now.sa_handler == SIG_IGN)
		(void)signal(SIGCHLD, SIG_DFL);
}
