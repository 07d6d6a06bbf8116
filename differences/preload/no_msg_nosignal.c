/* A system without MSG_NOSIGNAL: SIGPIPE comes, whatever is asked for. */

#include "next.h"

#include <sys/socket.h>
#include <sys/types.h>

ssize_t
send(int fd, const void *buffer, size_t size, int flags)
{
	return NEXT(send)(fd, buffer, size, flags & ~MSG_NOSIGNAL);
}

ssize_t
sendto(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *peer, socklen_t length)
{
	return NEXT(sendto)(fd, buffer, size, flags & ~MSG_NOSIGNAL, peer, length);
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	return NEXT(sendmsg)(fd, message, flags & ~MSG_NOSIGNAL);
}
