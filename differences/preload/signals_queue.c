/*
 * kill(2) of FreeBSD: standard signals queue, each one that was sent while the signal was blocked is delivered.
 *
 * The kernel of Linux keeps one. So those that processes of this program, and its forks, send each other are counted
 * in memory that they share, and a handler runs, or sigwait(3) returns, once for each. What others send, and what
 * sigqueue(3), raise(3) or the kernel itself sends, stays as it is.
 */

#include "next.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES	4096
#define STANDARD	32

typedef void (*handler_t)(int);

/* One process: how often kill(2) was called for it, and how many of these have been delivered. */
struct counted {
	_Atomic(pid_t) pid;
	atomic_uint sent[STANDARD], delivered[STANDARD];
};

static struct counted *all, *own;
static struct sigaction handlers[STANDARD];

static void
clear(struct counted *process)
{
	int number;

	for (number = 0; number < STANDARD; number++) {
		atomic_store(&process->sent[number], 0);
		atomic_store(&process->delivered[number], 0);
	}
}

/* Its place; made where there is none and `make` says so. Whoever comes after a process of the same number has its. */
static struct counted *
find(pid_t pid, int make)
{
	unsigned at, tries;

	for (tries = 0, at = (unsigned)pid % PROCESSES; all != NULL && tries < PROCESSES; tries++) {
		pid_t none = 0;

		if (atomic_load(&all[at].pid) == pid)
			return &all[at];
		if (atomic_load(&all[at].pid) == 0 &&
		    (!make || atomic_compare_exchange_strong(&all[at].pid, &none, pid)))
			return make ? &all[at] : NULL;
		at = (at + 1) % PROCESSES;
	}
	return NULL;
}

static void
join(void)
{
	if ((own = find(getpid(), 1)) != NULL)
		clear(own);
}

__attribute__((constructor)) static void
begin(void)
{
	void *shared = mmap(NULL, PROCESSES * sizeof *all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return;
	all = shared;
	join();
	(void)pthread_atfork(NULL, NULL, join);
}

static int
counts(int number)
{
	return number > 0 && number < STANDARD && number != SIGKILL && number != SIGSTOP && number != SIGCONT;
}

/* One more of those that were counted, if there is one. */
static int
take(int number)
{
	unsigned before;

	if (own == NULL || !counts(number))
		return 0;
	before = atomic_load(&own->delivered[number]);
	while (before != atomic_load(&own->sent[number]))
		if (atomic_compare_exchange_weak(&own->delivered[number], &before, before + 1))
			return 1;
	return 0;
}

/* The kernel keeps one of several that came before they could be delivered, and this one came too late to be it. */
static int
is_over(int number, const siginfo_t *info)
{
	return counts(number) && info->si_code == SI_USER && find(info->si_pid, 0) != NULL;
}

static int
are_left(int number)
{
	return own != NULL && counts(number) &&
	    atomic_load(&own->delivered[number]) != atomic_load(&own->sent[number]);
}

static void
deliver(int number, siginfo_t *info, void *context)
{
	struct sigaction now = handlers[number];

	if (!take(number) && is_over(number, info))
		return;
	do {
		if ((now.sa_flags & SA_SIGINFO) != 0)
			now.sa_sigaction(number, info, context);
		else
			now.sa_handler(number);
	} while ((now.sa_flags & SA_RESETHAND) == 0 && take(number));
	if (are_left(number))
		(void)NEXT(kill)(getpid(), number);	/* it is at its default now */
}

static int
catches(const struct sigaction *action)
{
	return (action->sa_flags & SA_SIGINFO) != 0 ||
	    (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN);
}

/* What was sent while nobody caught it, and is not pending, has had its effect. */
static void
forget_before(int number)
{
	struct sigaction now;
	sigset_t pending;

	if (own != NULL && NEXT(sigaction)(number, NULL, &now) == 0 && !catches(&now) &&
	    sigpending(&pending) == 0 && sigismember(&pending, number) == 0)
		atomic_store(&own->delivered[number], atomic_load(&own->sent[number]));
}

int
sigaction(int number, const struct sigaction *new, struct sigaction *old)
{
	struct sigaction before, ours;

	if (!counts(number))
		return NEXT(sigaction)(number, new, old);
	before = handlers[number];
	if (new != NULL) {
		ours = *new;
		if (catches(new)) {
			forget_before(number);
			ours.sa_flags |= SA_SIGINFO;
			ours.sa_sigaction = deliver;
			handlers[number] = *new;
		}
	}
	if (NEXT(sigaction)(number, new != NULL ? &ours : NULL, old) == -1)
		return -1;
	if (old != NULL && (old->sa_flags & SA_SIGINFO) != 0 && old->sa_sigaction == deliver) {
		old->sa_sigaction = before.sa_sigaction;
		old->sa_flags = (old->sa_flags & ~SA_SIGINFO) | (before.sa_flags & SA_SIGINFO);
	}
	return 0;
}

handler_t
signal(int number, handler_t handler)
{
	struct sigaction new = { .sa_handler = handler, .sa_flags = SA_RESTART }, old;

	sigemptyset(&new.sa_mask);
	return sigaction(number, &new, &old) == -1 ? SIG_ERR : old.sa_handler;
}

static void
count(pid_t pid, int number, unsigned more)
{
	pid_t group = pid == 0 ? getpgrp() : -pid;
	struct counted *process = pid > 0 ? find(pid, 0) : NULL;
	unsigned at;

	if (process != NULL)
		(void)atomic_fetch_add(&process->sent[number], more);
	for (at = 0; pid <= 0 && pid != -1 && at < PROCESSES; at++) {
		pid_t each = atomic_load(&all[at].pid);

		if (each != 0 && getpgid(each) == group)
			(void)atomic_fetch_add(&all[at].sent[number], more);
	}
}

int
kill(pid_t pid, int number)
{
	int saved = errno, status;

	if (all == NULL || !counts(number))
		return NEXT(kill)(pid, number);
	count(pid, number, 1);
	errno = saved;
	if ((status = NEXT(kill)(pid, number)) == -1) {
		saved = errno;
		count(pid, number, -1U);
		errno = saved;
	}
	return status;
}

int
killpg(pid_t group, int number)
{
	return kill(-group, number);
}

/* What a call that waits has taken: is it one to wait on after? What is left is made pending again. */
static int
is_none(int number, const siginfo_t *info)
{
	if (number <= 0)
		return 0;
	if (!take(number))
		return is_over(number, info);
	if (are_left(number))
		(void)NEXT(kill)(getpid(), number);
	return 0;
}

int
sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
	siginfo_t taken;
	int number;

	do
		number = NEXT(sigtimedwait)(set, &taken, timeout);
	while (is_none(number, &taken));
	if (number > 0 && info != NULL)
		*info = taken;
	return number;
}

int
sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
	return sigtimedwait(set, info, NULL);
}

int
sigwait(const sigset_t *set, int *number)
{
	int taken, saved = errno;

	do
		taken = sigwaitinfo(set, NULL);
	while (taken == -1 && errno == EINTR);
	if (taken == -1)
		return errno;
	errno = saved;
	*number = taken;
	return 0;
}
