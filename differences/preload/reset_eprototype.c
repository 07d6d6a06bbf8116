/* send(2) of macOS: EPROTOTYPE from a connection that is being torn down, EPIPE the next time. */

#include "next.h"

#include <errno.h>
#include <sys/types.h>

static ssize_t
torn_down(ssize_t sent, int flags)
{
	(void)flags;
	if (sent == -1 && errno == ECONNRESET)
		errno = EPROTOTYPE;
	return sent;
}

#define FAILED torn_down
#include "send_failing.h"
