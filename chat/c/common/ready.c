#if defined(__linux__)
#define _GNU_SOURCE	/* ppoll(), which POSIX has since 2024 only */
#endif
#include "common/features.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/select.h>
#include <time.h>

#include "common/ready.h"

#define OVER (POLLERR | POLLHUP | POLLNVAL)	/* the next call on it does not block */

#if defined(__APPLE__)
/* No ppoll(): pselect() alone sleeps with another mask, on descriptors below FD_SETSIZE. */
#define MOST FD_SETSIZE

static int
sleep_on(struct pollfd *list, int count, const struct timespec *timeout, const sigset_t *mask)
{
	fd_set readable, writable;
	int i, found, most = -1;

	FD_ZERO(&readable);
	FD_ZERO(&writable);
	for (i = 0; i < count; i++) {
		if (list[i].events & POLLIN)
			FD_SET(list[i].fd, &readable);
		if (list[i].events & POLLOUT)
			FD_SET(list[i].fd, &writable);
		most = list[i].fd > most ? list[i].fd : most;
	}
	found = pselect(most + 1, &readable, &writable, NULL, timeout, mask);
	for (i = 0; i < count; i++) {
		list[i].revents = 0;
		if (found > 0 && (list[i].events & POLLIN) && FD_ISSET(list[i].fd, &readable))
			list[i].revents |= POLLIN;
		if (found > 0 && (list[i].events & POLLOUT) && FD_ISSET(list[i].fd, &writable))
			list[i].revents |= POLLOUT;
	}
	return found;
}
#else
#define MOST INT_MAX

static int
sleep_on(struct pollfd *list, int count, const struct timespec *timeout, const sigset_t *mask)
{
#if defined(__NetBSD__)
	return pollts(list, (nfds_t)count, timeout, mask);	/* ppoll() since 10 */
#else
	return ppoll(list, (nfds_t)count, timeout, mask);
#endif
}
#endif

/* Milliseconds on a clock that nobody sets; deadlines are counted on it. */
long long
clock_ms(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) == -1)
		abort();
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Can a process sleep on it? FD_SET on one of FD_SETSIZE or more writes outside of the set. */
bool
ready_fits(int fd)
{
	return fd >= 0 && fd < MOST;
}

void
ready_clear(struct ready *ready)
{
	ready->count = 0;
}

/* Where it stands in the list; count if it does not. */
static int
find(const struct ready *ready, int fd)
{
	int i = 0;

	while (i < ready->count && ready->list[i].fd != fd)
		i++;
	return i;
}

static void
want(struct ready *ready, int fd, short event)
{
	int i = find(ready, fd);

	if (i == MAX_READY)
		abort();
	if (i == ready->count) {
		ready->list[i].fd = fd;
		ready->list[i].events = 0;
		ready->count++;
	}
	ready->list[i].events |= event;
	ready->list[i].revents = 0;
}

void
ready_want_read(struct ready *ready, int fd)
{
	want(ready, fd, POLLIN);
}

void
ready_want_write(struct ready *ready, int fd)
{
	want(ready, fd, POLLOUT);
}

/* Was it wanted for that, and does it not block now? */
static bool
can(const struct ready *ready, int fd, short event)
{
	int i = find(ready, fd);

	return i < ready->count && (ready->list[i].events & event) &&
	    (ready->list[i].revents & (event | OVER));
}

bool
ready_can_read(const struct ready *ready, int fd)
{
	return can(ready, fd, POLLIN);
}

bool
ready_can_write(const struct ready *ready, int fd)
{
	return can(ready, fd, POLLOUT);
}

/*
 * Sleep until a wanted descriptor is ready, a signal was handled or the deadline has passed.
 * Signals that mask lets through are let through only here.
 */
int
ready_sleep(struct ready *ready, long long deadline, const sigset_t *mask)
{
	struct timespec timeout = {0, 0};
	long long left = deadline == NEVER ? 0 : deadline - clock_ms();
	int found;

	if (left > 0) {
		timeout.tv_sec = (time_t)(left / 1000);
		timeout.tv_nsec = (long)(left % 1000) * 1000000;
	}
	found = sleep_on(ready->list, ready->count, deadline == NEVER ? NULL : &timeout, mask);
	if (found == -1 && errno == EINTR) {
		ready_clear(ready);
		return 0;
	}
	return found;
}
