/* A call that handlers interrupt although they are installed with SA_RESTART: they have no such flag meanwhile. */

#ifndef UNRESTARTED_H
#define UNRESTARTED_H

#include <errno.h>
#include <signal.h>
#include <string.h>

struct handlers {
	struct sigaction action[NSIG];
	int changed[NSIG];
};

static void
without_restart(struct handlers *before)
{
	int number;

	for (number = 1; number < NSIG; number++) {
		struct sigaction plain;

		before->changed[number] = 0;
		if (sigaction(number, NULL, &before->action[number]) == -1)
			continue;
		plain = before->action[number];
		if (plain.sa_handler == SIG_DFL || plain.sa_handler == SIG_IGN || (plain.sa_flags & SA_RESTART) == 0)
			continue;
		plain.sa_flags &= ~SA_RESTART;
		before->changed[number] = sigaction(number, &plain, NULL) == 0;
	}
}

/* What a handler has changed meanwhile stays as it is now. */
static void
with_restart(const struct handlers *before)
{
	int number, saved = errno;

	for (number = 1; number < NSIG; number++) {
		struct sigaction now;

		if (before->changed[number] && sigaction(number, NULL, &now) == 0 &&
		    now.sa_handler == before->action[number].sa_handler)
			(void)sigaction(number, &before->action[number], NULL);
	}
	errno = saved;
}

#endif
