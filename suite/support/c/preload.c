/*
 * An object for LD_PRELOAD that makes calls fail, and writes down the calls, as strace(1) does when it tampers with
 * them. It sees what a dynamically linked program calls through libc, and nothing else.
 *
 * ANYUNIX_PRELOAD="CALL,CALL ERRNO FIRST STEP FOLLOW RECORD": the FIRST of these calls, and from there every STEPth,
 * fails with ERRNO; FIRST 0 is none, STEP 0 just one. They are counted in the first process alone, or, with FOLLOW 1,
 * in each process by itself. RECORD is a file; it exists from when this object is loaded.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define PLAN "ANYUNIX_PRELOAD"
#define PROCESS "ANYUNIX_PRELOAD_PROCESS"	/* the first one's number, also after it has called exec */

#ifndef RTLD_NEXT
#define RTLD_NEXT ((void *)-1L)			/* glibc wants _GNU_SOURCE for it, and that another accept() */
#endif
#define REAL(call, real) do { if ((real) == NULL) *(void **)&(real) = dlsym(RTLD_NEXT, call); } while (0)

#define MINUTE 60

int __clock_gettime64(clockid_t clock, void *time);
int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);

static char calls[80];
static const char *record;
static int error, follow;
static long first, step, count;
static pid_t counted;				/* the process that count is about */

/* One line of the record, in one write; the calls around it see no other errno. */
static void
note(const char *format, ...)
{
	char line[160];
	int fd, length = 0, saved = errno;
	va_list arguments;

	if (follow)
		length = snprintf(line, sizeof line, "%ld ", (long)getpid());
	va_start(arguments, format);
	length += vsnprintf(line + length, sizeof line - (size_t)length, format, arguments);
	va_end(arguments);
	fd = open(record, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd != -1) {
		length = (int)write(fd, line, (size_t)length);	/* a line that is missing is missed by the reader */
		close(fd);
	}
	errno = saved;
}

__attribute__((constructor)) static void
begin(void)
{
	const char *plan = getenv(PLAN), *process = getenv(PROCESS);
	char number[24];
	int name = 0;

	if (plan == NULL || sscanf(plan, "%79s %d %ld %ld %d %n", calls, &error, &first, &step, &follow, &name) < 5)
		return;
	counted = getpid();
	if (process != NULL && !follow)
		counted = (pid_t)atol(process);
	else if (process == NULL && snprintf(number, sizeof number, "%ld", (long)counted) > 0)
		setenv(PROCESS, number, 1);
	record = plan + name;
	note("");
}

/* Is this a call to write down? Then it is counted. */
static int
is_wanted(const char *call)
{
	const char *at = record == NULL ? NULL : strstr(calls, call);
	size_t length = strlen(call);

	while (at != NULL && ((at != calls && at[-1] != ',') || (at[length] != ',' && at[length] != '\0')))
		at = strstr(at + 1, call);
	if (at == NULL || (getpid() != counted && !follow))
		return 0;
	if (getpid() != counted) {
		counted = getpid();
		count = 0;
	}
	count++;
	return 1;
}

static int
fails(void)
{
	if (first == 0 || count < first || (count > first && (step == 0 || (count - first) % step != 0)))
		return 0;
	errno = error;
	return 1;
}

/* Write down how it went. */
static int
done(int injected, int result, const char *call, const char *arguments)
{
	if (injected)
		note("%s(%s) = -1 errno %d (INJECTED)\n", call, arguments, errno);
	else if (result == -1)
		note("%s(%s) = -1 errno %d\n", call, arguments, errno);
	else
		note("%s(%s) = %d\n", call, arguments, result);
	return result;
}

int
accept(int fd, struct sockaddr *address, socklen_t *length)
{
	static int (*real)(int, struct sockaddr *, socklen_t *);
	int injected;

	REAL("accept", real);
	if (!is_wanted("accept"))
		return real(fd, address, length);
	injected = fails();
	return done(injected, injected ? -1 : real(fd, address, length), "accept", "");
}

int
accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
	static int (*real)(int, struct sockaddr *, socklen_t *, int);
	int injected;

	REAL("accept4", real);
	if (!is_wanted("accept4"))
		return real(fd, address, length, flags);
	injected = fails();
	return done(injected, injected ? -1 : real(fd, address, length, flags), "accept4", "");
}

/* The parent alone writes: the child would be counted as another process's call. */
pid_t
fork(void)
{
	static pid_t (*real)(void);
	int injected;
	pid_t child;

	REAL("fork", real);
	if (!is_wanted("fork"))
		return real();
	injected = fails();
	child = injected ? -1 : real();
	return child == 0 ? 0 : (pid_t)done(injected, (int)child, "fork", "");
}

int
socket(int family, int type, int protocol)
{
	static int (*real)(int, int, int);
	char arguments[60];
	int injected;

	REAL("socket", real);
	if (!is_wanted("socket"))
		return real(family, type, protocol);
	injected = fails();
	(void)snprintf(arguments, sizeof arguments, "%s, %s, %d",
	    family == AF_INET ? "AF_INET" : family == AF_INET6 ? "AF_INET6" : "another family",
	    (type & 0xf) == SOCK_STREAM ? "SOCK_STREAM" : "another type", protocol);
	return done(injected, injected ? -1 : real(family, type, protocol), "socket", arguments);
}

int
bind(int fd, const struct sockaddr *address, socklen_t length)
{
	static int (*real)(int, const struct sockaddr *, socklen_t);
	char arguments[60] = "another family";
	int injected;

	REAL("bind", real);
	if (!is_wanted("bind"))
		return real(fd, address, length);
	injected = fails();
	if (address->sa_family == AF_INET)
		(void)snprintf(arguments, sizeof arguments, "%d, {sin_port=htons(%u)}", fd,
		    (unsigned)ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port));
	if (address->sa_family == AF_INET6)
		(void)snprintf(arguments, sizeof arguments, "%d, {sin6_port=htons(%u)}", fd,
		    (unsigned)ntohs(((const struct sockaddr_in6 *)(const void *)address)->sin6_port));
	return done(injected, injected ? -1 : real(fd, address, length), "bind", arguments);
}

int
flock(int fd, int operation)
{
	static int (*real)(int, int);
	int injected;

	REAL("flock", real);
	if (!is_wanted("flock"))
		return real(fd, operation);
	injected = fails();
	return done(injected, injected ? -1 : real(fd, operation), "flock", "");
}

/* A call that is interrupted goes on: the connection is made all the same (POSIX connect). */
int
connect(int fd, const struct sockaddr *address, socklen_t length)
{
	static int (*real)(int, const struct sockaddr *, socklen_t);
	int injected, result;

	REAL("connect", real);
	if (!is_wanted("connect"))
		return real(fd, address, length);
	result = real(fd, address, length);
	injected = fails();
	return done(injected, injected ? -1 : result, "connect", "");
}

/* How far back the time of day has gone by now, in seconds. */
static long
set_back(clockid_t clock)
{
	return clock == CLOCK_REALTIME && is_wanted("clock_gettime") ? count * MINUTE : 0;
}

int
clock_gettime(clockid_t clock, struct timespec *time)
{
	static int (*real)(clockid_t, struct timespec *);
	int result;

	REAL("clock_gettime", real);
	result = real(clock, time);
	if (result == 0)
		time->tv_sec -= set_back(clock);
	return result;
}

/* What the above is in 32-bit programs whose time_t has 64 bits; seconds come first there. */
int
__clock_gettime64(clockid_t clock, void *time)
{
	static int (*real)(clockid_t, void *);
	int result;

	REAL("__clock_gettime64", real);
	result = real(clock, time);
	if (result == 0)
		*(long long *)time -= set_back(clock);
	return result;
}
