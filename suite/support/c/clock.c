/*
 * An object for LD_PRELOAD whose clock of the day is wrong by the seconds that a file holds, as a 64-bit integer in
 * the byte order of this CPU: ANYUNIX_CLOCK names it. Whoever writes there sets the clock. Clocks that are not of the
 * day (CLOCK_MONOTONIC) go on as they do. FILE.seen is there once a program with this object has asked for the time.
 *
 * On 32-bit CPUs and on NetBSD the calls have other names for a time_t of 64 bits, behind which dlsym(3) would find an
 * older structure: there it does nothing.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#ifndef RTLD_NEXT
#define RTLD_NEXT ((void *)-1L)			/* glibc wants _GNU_SOURCE for it */
#endif
#define REAL(call, real) do { if ((real) == NULL) *(void **)&(real) = dlsym(RTLD_NEXT, call); } while (0)

#if LONG_MAX > 2147483647L && !defined __NetBSD__
static volatile const int64_t *wrong_by;
static char seen[4096];

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("ANYUNIX_CLOCK");
	void *mapped;
	int fd;

	if (path == NULL || (fd = open(path, O_RDONLY)) == -1)
		return;
	mapped = mmap(NULL, sizeof *wrong_by, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (mapped == MAP_FAILED || snprintf(seen, sizeof seen, "%s.seen", path) >= (int)sizeof seen)
		return;
	wrong_by = mapped;
}

static time_t
offset(void)
{
	static int noted;
	int fd;

	if (wrong_by == NULL)
		return 0;
	if (!noted && (fd = open(seen, O_WRONLY | O_CREAT, 0600)) != -1) {
		noted = 1;
		close(fd);
	}
	return (time_t)*wrong_by;
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	static int (*real)(clockid_t, struct timespec *);
	int result;

	REAL("clock_gettime", real);
	result = real(clock, now);
	if (result == 0 && clock == CLOCK_REALTIME)
		now->tv_sec += offset();
	return result;
}

time_t
time(time_t *place)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) == -1)
		return (time_t)-1;
	if (place != NULL)
		*place = now.tv_sec;
	return now.tv_sec;
}

/* POSIX's; others declare it with a struct timezone in <sys/time.h>, which is not included here. */
int
gettimeofday(struct timeval *now, void *zone)
{
	struct timespec exact;

	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &exact) == -1)
		return -1;
	now->tv_sec = exact.tv_sec;
	now->tv_usec = (suseconds_t)(exact.tv_nsec / 1000);
	return 0;
}
#endif
