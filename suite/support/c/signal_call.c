/*
 * What does signal() install? Compiled under different feature macros, so only C89 and <unistd.h> are used here.
 *
 * Prints "kept" or "reset" (the handler after one delivery), "blocked" or "nested" (the signal while its handler runs),
 * then "blocking", reads from a pipe until the probe sends SIGUSR1, and prints "restarted" or "EINTR". The handler
 * writes into that pipe, so a restarted read returns.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static int			ends[2];
static volatile sig_atomic_t	running, nested;

static void
on_first(int number)
{
	(void)number;
}

/* Raise the signal again from inside its handler: does it come in now, or when the handler has returned? */
static void
on_nested(int number)
{
	(void)number;
	if (running) {
		nested = 1;
		return;
	}
	if (signal(SIGUSR1, on_nested) == SIG_ERR)	/* it may have been reset to the default, which kills */
		return;
	running = 1;
	raise(SIGUSR1);
	running = 0;
	signal(SIGUSR1, on_first);
}

static void
on_read(int number)
{
	int saved = errno;

	(void)number;
	if (write(ends[1], "x", 1) != 1)
		_exit(1);
	errno = saved;
}

int
main(void)
{
	char byte;

	if (pipe(ends) == -1 || signal(SIGUSR1, on_first) == SIG_ERR)
		return 1;
	raise(SIGUSR1);
	puts(signal(SIGUSR1, on_nested) == on_first ? "kept" : "reset");
	raise(SIGUSR1);
	puts(nested ? "nested" : "blocked");
	signal(SIGUSR1, on_read);
	puts("blocking");
	fflush(stdout);
	if (read(ends[0], &byte, 1) == 1)
		puts("restarted");
	else
		puts(errno == EINTR ? "EINTR" : "failed");
	return 0;
}
