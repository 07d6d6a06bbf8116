/* The calls that write to a socket, each ending in FAILED(what it returned, MSG_… flags), which may change errno. */

#ifndef SEND_FAILING_H
#define SEND_FAILING_H

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

ssize_t
send(int fd, const void *buffer, size_t size, int flags)
{
	return FAILED(NEXT(send)(fd, buffer, size, flags), flags);
}

ssize_t
sendto(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *peer, socklen_t length)
{
	return FAILED(NEXT(sendto)(fd, buffer, size, flags, peer, length), flags);
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	return FAILED(NEXT(sendmsg)(fd, message, flags), flags);
}

ssize_t
write(int fd, const void *buffer, size_t size)
{
	return FAILED(NEXT(write)(fd, buffer, size), 0);
}

ssize_t
writev(int fd, const struct iovec *pieces, int count)
{
	return FAILED(NEXT(writev)(fd, pieces, count), 0);
}

#endif
