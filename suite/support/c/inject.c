/*
 * An object for LD_PRELOAD that writes down what a server calls, or makes one of its calls answer otherwise: fail, fail
 * once it was made, or transfer less than was asked for (inject.h). It sees what a dynamically linked program calls
 * through libc: not what libc calls by itself, such as the writes of fclose(3).
 */
#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "inject.h"

#ifndef RTLD_NEXT
#define RTLD_NEXT ((void *)-1L)			/* glibc wants _GNU_SOURCE for it, and that another accept() */
#endif
#define NEXT(name)								\
	static __typeof__(name) *real;						\
	struct call call;							\
	if (real == NULL)							\
		*(void **)&real = dlsym(RTLD_NEXT, #name)

enum { PARTS = 64 };

/* What glibc has beside the names of POSIX, and musl: files of 64 bits, _FORTIFY_SOURCE, times of 64 bits. */
int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
int pipe2(int ends[2], int flags);
int dup3(int fd, int other, int flags);
int open64(const char *path, int flags, ...);
int openat64(int folder, const char *path, int flags, ...);
int fcntl64(int fd, int command, ...);
int ftruncate64(int fd, int64_t length);
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
ssize_t pread64(int fd, void *data, size_t length, int64_t at);
ssize_t pwrite64(int fd, const void *data, size_t length, int64_t at);
ssize_t __read_chk(int fd, void *data, size_t length, size_t size);
ssize_t __recv_chk(int fd, void *data, size_t length, size_t size, int flags);
ssize_t __recvfrom_chk(int fd, void *data, size_t length, size_t size, int flags, struct sockaddr *, socklen_t *);
int __poll_chk(struct pollfd *looked, nfds_t count, int timeout, size_t size);
pid_t wait4(pid_t which, int *status, int options, struct rusage *usage);
int epoll_wait(int fd, void *events, int most, int timeout);
int epoll_pwait(int fd, void *events, int most, int timeout, const sigset_t *mask);
int ppoll(struct pollfd *looked, nfds_t count, const struct timespec *timeout, const sigset_t *mask);
int __ppoll64(struct pollfd *looked, nfds_t count, const void *timeout, const sigset_t *mask);
int __select64(int count, fd_set *in, fd_set *out, fd_set *other, void *timeout);
int __pselect64(int count, fd_set *in, fd_set *out, fd_set *other, const void *timeout, const sigset_t *mask);

/* A call that is made, or not. */
#define CALL(type, name, said, kind, parameters, arguments, ...)		\
type										\
name parameters									\
{										\
	NEXT(name);								\
	return (type)ends(&call, fails(&call, said, kind, __VA_ARGS__) ? -1 : (long)real arguments); \
}

/* One that returns a descriptor. */
#define OPENS(name, said, kind, becoming, parameters, arguments, ...)		\
int										\
name parameters									\
{										\
	NEXT(name);								\
	return becomes((int)ends(&call, fails(&call, said, kind, __VA_ARGS__) ? -1 : real arguments), becoming); \
}

/* One that transfers up to `length` bytes. */
#define TRANSFER(name, said, parameters, arguments)				\
ssize_t										\
name parameters									\
{										\
	NEXT(name);								\
	if (fails(&call, said, kind_of(fd), "%d, %lu", fd, (unsigned long)length)) \
		return ends(&call, -1);						\
	length = shorter(&call, length);					\
	return ends(&call, real arguments);					\
}

OPENS(socket, "socket", ANY, ANY, (int family, int type, int protocol), (family, type, protocol),
    "%d, %d, %d", family, type, protocol)
OPENS(accept, "accept", ANY, CLIENT, (int fd, struct sockaddr *address, socklen_t *length), (fd, address, length),
    "%d, NULL, NULL", fd)
OPENS(accept4, "accept", ANY, CLIENT, (int fd, struct sockaddr *address, socklen_t *length, int flags),
    (fd, address, length, flags), "%d, NULL, NULL, %d", fd, flags)
OPENS(dup, "dup", ANY, kind_of(fd), (int fd), (fd), "%d", fd)
OPENS(dup2, "dup", ANY, kind_of(fd), (int fd, int other), (fd, other), "%d, %d", fd, other)
OPENS(dup3, "dup", ANY, kind_of(fd), (int fd, int other, int flags), (fd, other, flags), "%d, %d", fd, other)

CALL(int, setsockopt, "setsockopt", kind_of(fd),
    (int fd, int level, int option, const void *value, socklen_t length), (fd, level, option, value, length),
    "%d, %d, %d, [%d], %u", fd, level, option, length >= sizeof(int) ? *(const int *)value : 0, (unsigned)length)
CALL(int, bind, "bind", ANY, (int fd, const struct sockaddr *address, socklen_t length), (fd, address, length),
    "%d, %s, %u", fd, address_in((char [128]){ "" }, 128, address), (unsigned)length)
CALL(int, connect, "connect", ANY, (int fd, const struct sockaddr *address, socklen_t length), (fd, address, length),
    "%d, %s, %u", fd, address_in((char [128]){ "" }, 128, address), (unsigned)length)
CALL(int, listen, "listen", ANY, (int fd, int backlog), (fd, backlog), "%d, %d", fd, backlog)
CALL(int, flock, "flock", kind_of(fd), (int fd, int operation), (fd, operation), "%d, %d", fd, operation)
CALL(int, ftruncate, "ftruncate", kind_of(fd), (int fd, off_t length), (fd, length), "%d, %ld", fd, (long)length)
CALL(int, ftruncate64, "ftruncate", kind_of(fd), (int fd, int64_t length), (fd, length), "%d, %ld", fd, (long)length)

CALL(pid_t, wait, "wait", ANY, (int *status), (status), "-1")
CALL(pid_t, waitpid, "wait", ANY, (pid_t which, int *status, int options), (which, status, options),
    "%ld, NULL, %d", (long)which, options)
CALL(pid_t, wait4, "wait", ANY, (pid_t which, int *status, int options, struct rusage *usage),
    (which, status, options, usage), "%ld, NULL, %d", (long)which, options)

CALL(int, poll, "poll", ANY, (struct pollfd *looked, nfds_t number, int timeout), (looked, number, timeout),
    "%d", timeout)
CALL(int, __poll_chk, "poll", ANY, (struct pollfd *looked, nfds_t number, int timeout, size_t size),
    (looked, number, timeout, size), "%d", timeout)
CALL(int, ppoll, "poll", ANY,
    (struct pollfd *looked, nfds_t number, const struct timespec *timeout, const sigset_t *mask),
    (looked, number, timeout, mask), "%d", timeout != NULL)
CALL(int, __ppoll64, "poll", ANY,
    (struct pollfd *looked, nfds_t number, const void *timeout, const sigset_t *mask),
    (looked, number, timeout, mask), "%d", timeout != NULL)
CALL(int, select, "select", ANY, (int number, fd_set *in, fd_set *out, fd_set *other, struct timeval *timeout),
    (number, in, out, other, timeout), "%d", number)
CALL(int, __select64, "select", ANY, (int number, fd_set *in, fd_set *out, fd_set *other, void *timeout),
    (number, in, out, other, timeout), "%d", number)
CALL(int, pselect, "select", ANY,
    (int number, fd_set *in, fd_set *out, fd_set *other, const struct timespec *timeout, const sigset_t *mask),
    (number, in, out, other, timeout, mask), "%d", number)
CALL(int, __pselect64, "select", ANY,
    (int number, fd_set *in, fd_set *out, fd_set *other, const void *timeout, const sigset_t *mask),
    (number, in, out, other, timeout, mask), "%d", number)
CALL(int, epoll_wait, "epoll_wait", ANY, (int fd, void *events, int most, int timeout), (fd, events, most, timeout),
    "%d, %d", fd, timeout)
CALL(int, epoll_pwait, "epoll_wait", ANY, (int fd, void *events, int most, int timeout, const sigset_t *mask),
    (fd, events, most, timeout, mask), "%d, %d", fd, timeout)
CALL(int, sigsuspend, "sigsuspend", ANY, (const sigset_t *mask), (mask), "%s", "")

TRANSFER(read, "read", (int fd, void *data, size_t length), (fd, data, length))
TRANSFER(__read_chk, "read", (int fd, void *data, size_t length, size_t size), (fd, data, length, size))
TRANSFER(pread, "pread", (int fd, void *data, size_t length, off_t at), (fd, data, length, at))
TRANSFER(pread64, "pread", (int fd, void *data, size_t length, int64_t at), (fd, data, length, at))
TRANSFER(recv, "recv", (int fd, void *data, size_t length, int flags), (fd, data, length, flags))
TRANSFER(__recv_chk, "recv", (int fd, void *data, size_t length, size_t size, int flags),
    (fd, data, length, size, flags))
TRANSFER(recvfrom, "recv",
    (int fd, void *data, size_t length, int flags, struct sockaddr *from, socklen_t *size),
    (fd, data, length, flags, from, size))
TRANSFER(__recvfrom_chk, "recv",
    (int fd, void *data, size_t length, size_t size, int flags, struct sockaddr *from, socklen_t *from_size),
    (fd, data, length, size, flags, from, from_size))
TRANSFER(write, "write", (int fd, const void *data, size_t length), (fd, data, length))
TRANSFER(pwrite, "pwrite", (int fd, const void *data, size_t length, off_t at), (fd, data, length, at))
TRANSFER(pwrite64, "pwrite", (int fd, const void *data, size_t length, int64_t at), (fd, data, length, at))
TRANSFER(send, "send", (int fd, const void *data, size_t length, int flags), (fd, data, length, flags))
TRANSFER(sendto, "send",
    (int fd, const void *data, size_t length, int flags, const struct sockaddr *to, socklen_t size),
    (fd, data, length, flags, to, size))

/* The parts of a transfer, in `some` where it is to be shorter. */
static const struct iovec *
shorter_parts(struct call *call, const struct iovec *parts, size_t *number, struct iovec some[PARTS])
{
	size_t i, length = 0, less;

	for (i = 0; i < *number; i++)
		length += parts[i].iov_len;
	less = shorter(call, length);
	if (less == length || *number > PARTS) {
		call->cut = 0;
		return parts;
	}
	for (i = 0; i < *number && less > 0; i++) {
		some[i] = parts[i];
		if (some[i].iov_len > less)
			some[i].iov_len = less;
		less -= some[i].iov_len;
	}
	*number = i;
	return some;
}

#define IN_PARTS(name)								\
ssize_t										\
name(int fd, const struct iovec *parts, int number)				\
{										\
	struct iovec some[PARTS];						\
	size_t left = number > 0 ? (size_t)number : 0;				\
	NEXT(name);								\
	if (fails(&call, #name, kind_of(fd), "%d", fd))				\
		return ends(&call, -1);						\
	parts = shorter_parts(&call, parts, &left, some);			\
	return ends(&call, real(fd, parts, (int)left));				\
}
IN_PARTS(readv)
IN_PARTS(writev)

/* The kernel writes into the message that it is given: that is the caller's, with other parts for a while. */
ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
	struct iovec some[PARTS], *parts = message->msg_iov;
	size_t number = (size_t)message->msg_iovlen, left = number;
	ssize_t result;
	NEXT(recvmsg);

	if (fails(&call, "recvmsg", kind_of(fd), "%d", fd))
		return ends(&call, -1);
	message->msg_iov = (struct iovec *)(uintptr_t)shorter_parts(&call, parts, &left, some);
	message->msg_iovlen = (__typeof__(message->msg_iovlen))left;
	result = real(fd, message, flags);
	message->msg_iov = parts;
	message->msg_iovlen = (__typeof__(message->msg_iovlen))number;
	return ends(&call, result);
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	struct iovec some[PARTS];
	struct msghdr other = *message;
	size_t left = (size_t)message->msg_iovlen;
	NEXT(sendmsg);

	if (fails(&call, "sendmsg", kind_of(fd), "%d", fd))
		return ends(&call, -1);
	other.msg_iov = (struct iovec *)(uintptr_t)shorter_parts(&call, message->msg_iov, &left, some);
	other.msg_iovlen = (__typeof__(other.msg_iovlen))left;
	return ends(&call, real(fd, &other, flags));
}

static int
kind_of_path(const char *path)
{
	return plan != NULL && plan->path[0] != '\0' && strcmp(path, plan->path) == 0 ? FILE_WANTED : ANY;
}

#define MODE(last)								\
	va_list rest;								\
	mode_t mode;								\
	va_start(rest, last);							\
	mode = last & O_CREAT ? (mode_t)va_arg(rest, int) : 0;			\
	va_end(rest)

#define OPEN(name, parameters, arguments)					\
int										\
name parameters									\
{										\
	MODE(flags);								\
	NEXT(name);								\
	if (fails(&call, "open", kind_of_path(path), "\"%s\", %d", path, flags)) \
		return (int)ends(&call, -1);					\
	return becomes((int)ends(&call, real arguments), kind_of_path(path));	\
}
OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
OPEN(openat, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))
OPEN(openat64, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))
OPENS(__open_2, "open", kind_of_path(path), kind_of_path(path), (const char *path, int flags), (path, flags),
    "\"%s\", %d", path, flags)
OPENS(__open64_2, "open", kind_of_path(path), kind_of_path(path), (const char *path, int flags), (path, flags),
    "\"%s\", %d", path, flags)

#define CONTROL(name)								\
int										\
name(int fd, int command, ...)							\
{										\
	va_list rest;								\
	long value;								\
	int result;								\
	NEXT(name);								\
	va_start(rest, command);						\
	value = va_arg(rest, long);						\
	va_end(rest);								\
	if (fails(&call, "fcntl", kind_of(fd), "%d, %d, %ld", fd, command, value)) \
		return (int)ends(&call, -1);					\
	result = (int)ends(&call, real(fd, command, value));			\
	return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? becomes(result, kind_of(fd)) : result; \
}
CONTROL(fcntl)
CONTROL(fcntl64)

int
close(int fd)
{
	int kind = kind_of(fd), result;
	NEXT(close);

	if (fails(&call, "close", kind, "%d", fd))
		return (int)ends(&call, -1);
	becomes(fd, ANY);			/* before another thread may get the number */
	result = real(fd);
	return (int)ends(&call, result);
}

/* strace's words for what the two are: [3, 4]. */
#define ENDS(name, parameters, arguments)					\
int										\
name parameters									\
{										\
	int result;								\
	NEXT(name);								\
	if (fails(&call, "pipe", ANY, "[]"))					\
		return (int)ends(&call, -1);					\
	result = real arguments;						\
	if (result == 0) {							\
		becomes(both[0], PIPE);						\
		becomes(both[1], PIPE);						\
		if (call.verdict == RECORDED) {					\
			note(thread(), "<... pipe resumed>[%d, %d]) = 0\n", both[0], both[1]); \
			return 0;						\
		}								\
	}									\
	return (int)ends(&call, result);					\
}
ENDS(pipe, (int both[2]), (both))
ENDS(pipe2, (int both[2], int flags), (both, flags))

/* Whether a signal interrupts for good is in its handler's flags. */
static const char *
flags_of(int flags)
{
	return flags & SA_RESTART ? "SA_RESTART" : "0";
}

static const char *
handler_of(void (*handler)(int))
{
	return handler == SIG_DFL ? "SIG_DFL" : handler == SIG_IGN ? "SIG_IGN" : "0x1000";
}

int
sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
	NEXT(sigaction);

	if (action == NULL)
		return real(number, action, old);
	if (fails(&call, "sigaction", ANY, "%d, {sa_handler=%s, sa_flags=%s}", number, handler_of(action->sa_handler),
	    flags_of(action->sa_flags)))
		return (int)ends(&call, -1);
	return (int)ends(&call, real(number, action, old));
}

void (*
signal(int number, void (*handler)(int)))(int)
{
	void (*before)(int);
	NEXT(signal);

	(void)fails(&call, "sigaction", ANY, "%d, {sa_handler=%s, sa_flags=SA_RESTART}", number, handler_of(handler));
	before = real(number, handler);
	(void)ends(&call, before == SIG_ERR ? -1 : 0);
	return before;
}

#if defined(__linux__) && !defined(__GLIBC__)
int
ioctl(int fd, int request, ...)		/* musl's */
#else
int
ioctl(int fd, unsigned long request, ...)
#endif
{
	va_list rest;
	void *value;
	NEXT(ioctl);

	va_start(rest, request);
	value = va_arg(rest, void *);
	va_end(rest);
	if ((unsigned)request != (unsigned)FIONBIO)
		return real(fd, request, value);
	if (fails(&call, "ioctl", kind_of(fd), "%d, FIONBIO, [%d]", fd, *(const int *)value))
		return (int)ends(&call, -1);
	return (int)ends(&call, real(fd, request, value));
}

pid_t
fork(void)
{
	pid_t child;
	NEXT(fork);

	if (fails(&call, "fork", ANY, "%s", ""))
		return (pid_t)ends(&call, -1);
	forking = 1;				/* its record is the parent's, where it began */
	child = real();
	if (child == 0)
		return 0;
	forking = 0;
	return (pid_t)ends(&call, child);
}
