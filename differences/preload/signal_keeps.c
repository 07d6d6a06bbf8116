/*
 * signal(3) of the BSDs, macOS and musl: the handler stays, its signal is blocked while it runs, calls are restarted.
 * glibc has another signal() for programs that are compiled with -std=c99 or _XOPEN_SOURCE alone: this one's name.
 */

#include "next.h"

#include <signal.h>

typedef void (*handler_t)(int);

handler_t __sysv_signal(int, handler_t);

handler_t
__sysv_signal(int number, handler_t handler)
{
	return signal(number, handler);
}
