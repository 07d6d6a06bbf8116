/*
 * FreeBSD and macOS forget a signal that is ignored, by its default too, at once; Linux keeps it while it is blocked,
 * and sigwait(3) takes it. Here it is forgotten before anybody can look.
 */

#include "next.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>

static int
ignored(int number, const struct sigaction *action)
{
	if (action->sa_handler == SIG_IGN)
		return 1;
	return action->sa_handler == SIG_DFL && (number == SIGCHLD || number == SIGURG || number == SIGWINCH);
}

/* sigaction(2): setting a disposition that ignores discards what is pending, blocked or not. Whether it was ignored. */
static int
forget(int number)
{
	int forgotten, saved = errno;
	struct sigaction now;

	forgotten = NEXT(sigaction)(number, NULL, &now) == 0 && ignored(number, &now);
	if (forgotten)
		(void)NEXT(sigaction)(number, &now, NULL);
	errno = saved;
	return forgotten;
}

/* The set without what is ignored, of which nothing is pending after that. */
static sigset_t
caught_of(const sigset_t *set)
{
	sigset_t caught = *set;
	int number;

	for (number = 1; number < NSIG; number++)
		if (sigismember(set, number) == 1 && forget(number))
			sigdelset(&caught, number);
	return caught;
}

int
sigaction(int number, const struct sigaction *new, struct sigaction *old)
{
	if (new != NULL)
		(void)forget(number);
	return NEXT(sigaction)(number, new, old);
}

void (*
signal(int number, void (*handler)(int)))(int)
{
	(void)forget(number);
	return NEXT(signal)(number, handler);
}

int
sigpending(sigset_t *set)
{
	int status = NEXT(sigpending)(set);

	if (status == 0)
		*set = caught_of(set);
	return status;
}

int
sigwait(const sigset_t *set, int *number)
{
	sigset_t caught = caught_of(set);

	return NEXT(sigwait)(&caught, number);
}

int
sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
	sigset_t caught = caught_of(set);

	return NEXT(sigwaitinfo)(&caught, info);
}

int
sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
	sigset_t caught = caught_of(set);

	return NEXT(sigtimedwait)(&caught, info, timeout);
}

int
signalfd(int fd, const sigset_t *set, int flags)
{
	sigset_t caught = caught_of(set);

	return NEXT(signalfd)(fd, &caught, flags);
}
