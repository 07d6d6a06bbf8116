/* send(2) of FreeBSD: EPIPE, and SIGPIPE, the first time already that a reset connection is written to. */

#include "next.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/types.h>

static ssize_t
broken(ssize_t sent, int flags)
{
	if (sent != -1 || errno != ECONNRESET)
		return sent;
	if ((flags & MSG_NOSIGNAL) == 0)
		(void)raise(SIGPIPE);
	errno = EPIPE;
	return -1;
}

#define FAILED broken
#include "send_failing.h"
