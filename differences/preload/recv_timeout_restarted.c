/*
 * recv(2) of FreeBSD: restarted after a handler with SA_RESTART also where SO_RCVTIMEO is set, which Linux never does.
 * Which handler ran is not told: it is restarted where all that are installed have the flag.
 */

#include "next.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int
all_restart(void)
{
	int number;

	for (number = 1; number < NSIG; number++) {
		struct sigaction now;

		if (sigaction(number, NULL, &now) == 0 && now.sa_handler != SIG_DFL && now.sa_handler != SIG_IGN &&
		    (now.sa_flags & SA_RESTART) == 0)
			return 0;
	}
	return 1;
}

static int
again(ssize_t received, int fd)
{
	struct timeval timeout = { 0, 0 };
	socklen_t length = sizeof timeout;
	int restart;

	if (received != -1 || errno != EINTR)
		return 0;
	restart = getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, &length) == 0 &&
	    (timeout.tv_sec != 0 || timeout.tv_usec != 0) && all_restart();
	errno = EINTR;
	return restart;
}

#define RESTARTED(call) ssize_t received; do received = call; while (again(received, fd)); return received

/* what glibc's headers make of them with _FORTIFY_SOURCE */
ssize_t __recv_chk(int, void *, size_t, size_t, int);
ssize_t __read_chk(int, void *, size_t, size_t);

ssize_t
recv(int fd, void *buffer, size_t size, int flags)
{
	RESTARTED(NEXT(recv)(fd, buffer, size, flags));
}

ssize_t
recvfrom(int fd, void *restrict buffer, size_t size, int flags, struct sockaddr *restrict peer,
    socklen_t *restrict length)
{
	RESTARTED(NEXT(recvfrom)(fd, buffer, size, flags, peer, length));
}

ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
	RESTARTED(NEXT(recvmsg)(fd, message, flags));
}

ssize_t
read(int fd, void *buffer, size_t size)
{
	RESTARTED(NEXT(read)(fd, buffer, size));
}

ssize_t
__recv_chk(int fd, void *buffer, size_t size, size_t room, int flags)
{
	RESTARTED(NEXT(__recv_chk)(fd, buffer, size, room, flags));
}

ssize_t
__read_chk(int fd, void *buffer, size_t size, size_t room)
{
	RESTARTED(NEXT(__read_chk)(fd, buffer, size, room));
}
