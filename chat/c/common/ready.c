#include "common/features.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "common/ready.h"

/* Milliseconds on a clock that nobody sets; deadlines are counted on it. */
long long
clock_ms(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) == -1)
		abort();
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* FD_SET on a descriptor of FD_SETSIZE or more writes outside of the set. */
bool
ready_fits(int fd)
{
	return fd >= 0 && fd < FD_SETSIZE;
}

void
ready_clear(struct ready *ready)
{
	FD_ZERO(&ready->readable);
	FD_ZERO(&ready->writable);
	ready->count = 0;
}

void
ready_want_read(struct ready *ready, int fd)
{
	FD_SET(fd, &ready->readable);
	if (fd >= ready->count)
		ready->count = fd + 1;
}

void
ready_want_write(struct ready *ready, int fd)
{
	FD_SET(fd, &ready->writable);
	if (fd >= ready->count)
		ready->count = fd + 1;
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
	found = pselect(ready->count, &ready->readable, &ready->writable, NULL,
	    deadline == NEVER ? NULL : &timeout, mask);
	if (found == -1 && errno == EINTR) {
		ready_clear(ready);
		return 0;
	}
	return found;
}
