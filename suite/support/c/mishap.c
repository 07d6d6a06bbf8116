/*
 * An object for LD_PRELOAD in which reads from clients, or writes to them, fail as often as a file says. ANYUNIX_MISHAP
 * names the file, which is mapped: four 32-bit integers in the byte order of this CPU, which calls fail (1 reads, 2
 * writes), with which errno, how often from now on, and how often they have failed so far, in all processes together.
 *
 * A client is the other end of a connected stream socket of IPv4 or IPv6.
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
#include <unistd.h>

#ifndef RTLD_NEXT
#define RTLD_NEXT ((void *)-1L)			/* glibc wants _GNU_SOURCE for it */
#endif
#define REAL(call, real) do { if ((real) == NULL) *(void **)&(real) = dlsym(RTLD_NEXT, call); } while (0)

enum { NOTHING, READS, WRITES };

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
is_client(int fd)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof peer, size = sizeof(int);
	int type = 0, saved = errno, found;

	found = getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM &&
	    getpeername(fd, (struct sockaddr *)(void *)&peer, &length) == 0 &&
	    (peer.ss_family == AF_INET || peer.ss_family == AF_INET6);
	errno = saved;
	return found;
}

/* Does this call fail? Of all processes one gets what is left. */
static int
fails(int calls, int fd)
{
	int32_t left;

	if (mishap == NULL || __atomic_load_n(&mishap->calls, __ATOMIC_ACQUIRE) != calls || !is_client(fd))
		return 0;
	left = __atomic_load_n(&mishap->left, __ATOMIC_ACQUIRE);
	while (left > 0)
		if (__atomic_compare_exchange_n(&mishap->left, &left, left - 1, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			__atomic_fetch_add(&mishap->met, 1, __ATOMIC_ACQ_REL);
			errno = mishap->error;
			return 1;
		}
	return 0;
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
