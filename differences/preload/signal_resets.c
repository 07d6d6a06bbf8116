/* signal(3C) of illumos, System V's: back to the default before the handler runs, nothing blocked or restarted. */

#include "next.h"

#include <signal.h>
#include <string.h>

typedef void (*handler_t)(int);

handler_t
signal(int number, handler_t handler)
{
	struct sigaction new, old;

	memset(&new, 0, sizeof new);
	new.sa_handler = handler;
	sigemptyset(&new.sa_mask);
	if (handler != SIG_DFL && handler != SIG_IGN)
		new.sa_flags = SA_NODEFER | (number == SIGILL || number == SIGTRAP ? 0 : SA_RESETHAND);
	if (number == SIGCHLD)
		new.sa_flags |= SA_NOCLDSTOP;
	return sigaction(number, &new, &old) == -1 ? SIG_ERR : old.sa_handler;
}
