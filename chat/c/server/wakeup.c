#include "common/features.h"

#include <stddef.h>
#include <string.h>

#include "server/wakeup.h"

static volatile sig_atomic_t got_stop;
static volatile sig_atomic_t got_alarm;
static volatile sig_atomic_t got_place;

/* SIGCHLD and SIGUSR1 need no note: it is enough that they end the sleep. */
static void
note(int number)
{
	if (number == SIGALRM)
		got_alarm = 1;
	else if (number == SIGUSR2)
		got_place = 1;
	else if (number != SIGCHLD && number != SIGUSR1)
		got_stop = 1;
}

static int
dispose(int number, void (*disposition)(int))
{
	struct sigaction action;

	memset(&action, 0, sizeof action);
	action.sa_handler = disposition;
	action.sa_flags = number == SIGCHLD ? SA_NOCLDSTOP : 0;
	if (sigemptyset(&action.sa_mask) == -1)
		return -1;
	return sigaction(number, &action, NULL);
}

static int
dispose_all(const int *numbers, size_t count, void (*disposition)(int))
{
	size_t i;

	for (i = 0; i < count; i++)
		if (dispose(numbers[i], disposition) == -1)
			return -1;
	return 0;
}

/* Block or unblock the signals; sleeping is then the mask that lets all of them through. */
static int
mask(int how, const int *numbers, size_t count, sigset_t *sleeping)
{
	sigset_t set;
	size_t i;

	if (sigemptyset(&set) == -1)
		return -1;
	for (i = 0; i < count; i++)
		if (sigaddset(&set, numbers[i]) == -1)
			return -1;
	if (sigprocmask(how, &set, sleeping) == -1)
		return -1;
	for (i = 0; i < count; i++)
		if (sigdelset(sleeping, numbers[i]) == -1)
			return -1;
	return 0;
}

/*
 * SIGPIPE and SIGXFSZ are ignored: a reader that is gone and a log that may not grow are errors
 * of write(), not the death of the process. SIGUSR1 is ignored before the first fork, so that
 * the multicast cannot hit a child that has not set itself up yet.
 */
int
wakeup_parent(sigset_t *sleeping)
{
	static const int handled[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGALRM, SIGUSR2};
	static const int ignored[] = {SIGUSR1, SIGPIPE, SIGXFSZ};
	size_t count = sizeof handled / sizeof handled[0];

	if (mask(SIG_BLOCK, handled, count, sleeping) == -1)
		return -1;
	if (dispose_all(ignored, sizeof ignored / sizeof ignored[0], SIG_IGN) == -1)
		return -1;
	return dispose_all(handled, count, note);
}

/* Mask and dispositions are the parent's; what the parent has seen is not RECV's business. */
int
wakeup_recv(sigset_t *sleeping)
{
	static const int handled[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGALRM, SIGUSR2};

	got_stop = got_alarm = got_place = 0;
	return mask(SIG_BLOCK, handled, sizeof handled / sizeof handled[0], sleeping);
}

/* SEND has nothing to clean up: a signal that ends it does so at any time, in flock() too. */
int
wakeup_send(sigset_t *sleeping)
{
	static const int fatal[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGALRM, SIGUSR2};
	static const int handled[] = {SIGUSR1};
	size_t count = sizeof fatal / sizeof fatal[0];

	if (mask(SIG_BLOCK, handled, 1, sleeping) == -1 || dispose(SIGUSR1, note) == -1)
		return -1;
	if (dispose_all(fatal, count, SIG_DFL) == -1)
		return -1;
	if (mask(SIG_UNBLOCK, fatal, count, sleeping) == -1)
		return -1;
	return sigdelset(sleeping, SIGUSR1);
}

/* ppoll need not deliver a signal when a descriptor is ready as well: a busy one must not hide it. */
static bool
is_pending(int number)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && sigismember(&pending, number) == 1;
}

bool
wakeup_is_stop(void)
{
	return got_stop != 0 || is_pending(SIGTERM) || is_pending(SIGINT) || is_pending(SIGHUP);
}

bool
wakeup_is_alarm(void)
{
	return got_alarm != 0 || is_pending(SIGALRM);
}

bool
wakeup_is_place(void)
{
	return got_place != 0 || is_pending(SIGUSR2);
}

int
wakeup_forget_alarm(void)
{
	/* POSIX sigaction: to ignore a signal discards one that is pending. */
	if (dispose(SIGALRM, SIG_IGN) == -1)
		return -1;
	got_alarm = 0;
	return dispose(SIGALRM, note);
}
