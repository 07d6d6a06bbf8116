/*
 * An object for LD_PRELOAD in which reads from clients, writes to them, connections that are made, or sleeps, fail as
 * often as a file says. ANYUNIX_MISHAP names the file, which is mapped: four 32-bit integers in the byte order of this
 * CPU, which calls fail (1 reads, 2 writes, 3 connections, 4 sleeps), with which errno, how often from now on, and how
 * often they have failed so far, in all processes together.
 *
 * A client is the other end of a connected stream socket of IPv4 or IPv6. Connections and sleeps are those that are
 * waited for: no signal interrupts a call that does not wait.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#ifndef RTLD_NEXT
#define RTLD_NEXT ((void *)-1L)			/* glibc wants _GNU_SOURCE for it */
#endif
#define REAL(call, real) do { if ((real) == NULL) *(void **)&(real) = dlsym(RTLD_NEXT, call); } while (0)

enum { NOTHING, READS, WRITES, CONNECTS, SLEEPS };

struct mishap {
	int32_t calls, error, left, met;
};

ssize_t __read_chk(int fd, void *data, size_t length, size_t room);
ssize_t __recv_chk(int fd, void *data, size_t length, size_t room, int flags);

static struct mishap *mishap;

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("ANYUNIX_MISHAP");
	void *mapped;
	int fd;

	if (path == NULL || (fd = open(path, O_RDWR)) == -1)
		return;
	mapped = mmap(NULL, sizeof *mishap, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (mapped != MAP_FAILED)
		mishap = mapped;
}

static int
is_stream(int fd)
{
	socklen_t size = sizeof(int);
	int type = 0;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

static int
is_client(int fd)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof peer;
	int saved = errno, found;

	found = is_stream(fd) && getpeername(fd, (struct sockaddr *)(void *)&peer, &length) == 0 &&
	    (peer.ss_family == AF_INET || peer.ss_family == AF_INET6);
	errno = saved;
	return found;
}

static int
is_waited_for(int fd)
{
	int saved = errno, flags = fcntl(fd, F_GETFL), found;

	found = flags != -1 && (flags & O_NONBLOCK) == 0 && is_stream(fd);
	errno = saved;
	return found;
}

static int
is_armed(int calls)
{
	return mishap != NULL && __atomic_load_n(&mishap->calls, __ATOMIC_ACQUIRE) == calls;
}

/* Of all processes one gets what is left. */
static int
is_left(void)
{
	int32_t left = __atomic_load_n(&mishap->left, __ATOMIC_ACQUIRE);

	while (left > 0)
		if (__atomic_compare_exchange_n(&mishap->left, &left, left - 1, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			__atomic_fetch_add(&mishap->met, 1, __ATOMIC_ACQ_REL);
			errno = mishap->error;
			return 1;
		}
	return 0;
}

/* Does this call fail? */
static int
fails(int calls, int fd)
{
	return is_armed(calls) && is_client(fd) && is_left();
}

static int
sleep_fails(const struct timespec *wanted)
{
	return is_armed(SLEEPS) && (wanted->tv_sec > 0 || wanted->tv_nsec > 0) && is_left();
}

ssize_t
read(int fd, void *data, size_t length)
{
	static ssize_t (*real)(int, void *, size_t);

	REAL("read", real);
	return fails(READS, fd) ? -1 : real(fd, data, length);
}

/* What read() is where a program was built with _FORTIFY_SOURCE, in glibc. */
ssize_t
__read_chk(int fd, void *data, size_t length, size_t room)
{
	static ssize_t (*real)(int, void *, size_t, size_t);

	REAL("__read_chk", real);
	return fails(READS, fd) ? -1 : real(fd, data, length, room);
}

ssize_t
readv(int fd, const struct iovec *parts, int count)
{
	static ssize_t (*real)(int, const struct iovec *, int);

	REAL("readv", real);
	return fails(READS, fd) ? -1 : real(fd, parts, count);
}

ssize_t
recv(int fd, void *data, size_t length, int flags)
{
	static ssize_t (*real)(int, void *, size_t, int);

	REAL("recv", real);
	return fails(READS, fd) ? -1 : real(fd, data, length, flags);
}

ssize_t
__recv_chk(int fd, void *data, size_t length, size_t room, int flags)
{
	static ssize_t (*real)(int, void *, size_t, size_t, int);

	REAL("__recv_chk", real);
	return fails(READS, fd) ? -1 : real(fd, data, length, room, flags);
}

ssize_t
recvfrom(int fd, void *data, size_t length, int flags, struct sockaddr *from, socklen_t *size)
{
	static ssize_t (*real)(int, void *, size_t, int, struct sockaddr *, socklen_t *);

	REAL("recvfrom", real);
	return fails(READS, fd) ? -1 : real(fd, data, length, flags, from, size);
}

ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
	static ssize_t (*real)(int, struct msghdr *, int);

	REAL("recvmsg", real);
	return fails(READS, fd) ? -1 : real(fd, message, flags);
}

ssize_t
write(int fd, const void *data, size_t length)
{
	static ssize_t (*real)(int, const void *, size_t);

	REAL("write", real);
	return fails(WRITES, fd) ? -1 : real(fd, data, length);
}

ssize_t
writev(int fd, const struct iovec *parts, int count)
{
	static ssize_t (*real)(int, const struct iovec *, int);

	REAL("writev", real);
	return fails(WRITES, fd) ? -1 : real(fd, parts, count);
}

ssize_t
send(int fd, const void *data, size_t length, int flags)
{
	static ssize_t (*real)(int, const void *, size_t, int);

	REAL("send", real);
	return fails(WRITES, fd) ? -1 : real(fd, data, length, flags);
}

ssize_t
sendto(int fd, const void *data, size_t length, int flags, const struct sockaddr *to, socklen_t size)
{
	static ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);

	REAL("sendto", real);
	return fails(WRITES, fd) ? -1 : real(fd, data, length, flags, to, size);
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	static ssize_t (*real)(int, const struct msghdr *, int);

	REAL("sendmsg", real);
	return fails(WRITES, fd) ? -1 : real(fd, message, flags);
}

/* One that is interrupted is made all the same (POSIX connect). */
int
connect(int fd, const struct sockaddr *address, socklen_t length)
{
	static int (*real)(int, const struct sockaddr *, socklen_t);
	int result;

	REAL("connect", real);
	result = real(fd, address, length);
	return result == 0 && is_armed(CONNECTS) && is_waited_for(fd) && is_left() ? -1 : result;
}

int
nanosleep(const struct timespec *wanted, struct timespec *left)
{
	static int (*real)(const struct timespec *, struct timespec *);

	REAL("nanosleep", real);
	if (!sleep_fails(wanted))
		return real(wanted, left);
	if (left != NULL)
		*left = *wanted;
	return -1;
}

#ifdef TIMER_ABSTIME				/* OpenBSD has none of it */
/* Its result is the error, and what is left of an absolute time is that time. */
int
clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted, struct timespec *left)
{
	static int (*real)(clockid_t, int, const struct timespec *, struct timespec *);
	int saved = errno;

	REAL("clock_nanosleep", real);
	if (!sleep_fails(wanted))
		return real(clock, flags, wanted, left);
	errno = saved;
	if (left != NULL && (flags & TIMER_ABSTIME) == 0)
		*left = *wanted;
	return mishap->error;
}
#endif

int
usleep(useconds_t wanted)
{
	static int (*real)(useconds_t);

	REAL("usleep", real);
	return wanted > 0 && is_armed(SLEEPS) && is_left() ? -1 : real(wanted);
}

/* Its result is how many seconds are left, and says nothing of an error. */
unsigned int
sleep(unsigned int wanted)
{
	static unsigned int (*real)(unsigned int);
	int saved = errno, interrupted;

	REAL("sleep", real);
	interrupted = wanted > 0 && is_armed(SLEEPS) && is_left();
	errno = saved;
	return interrupted ? wanted : real(wanted);
}
