/* getpgid(2) and getsid(2) of OpenBSD: EPERM for a process of another session. */

#include "next.h"

#include <errno.h>
#include <unistd.h>

static pid_t
if_ours(pid_t process, pid_t answer)
{
	if (answer == -1 || process == 0 || NEXT(getsid)(process) == NEXT(getsid)(0))
		return answer;
	errno = EPERM;
	return -1;
}

pid_t
getpgid(pid_t process)
{
	return if_ours(process, NEXT(getpgid)(process));
}

pid_t
getsid(pid_t process)
{
	return if_ours(process, NEXT(getsid)(process));
}
