/*
 * The paper's second bug in small: every member of the struct is set but sa_flags, which then
 * holds what the stack held. Says which flags the kernel got, and which signals it lived to see.
 */
#include <signal.h>
#include <stdio.h>

static void note(int number) { (void)number; }

static void install(void)
{
	struct sigaction action;

	action.sa_handler = note;
	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGUSR1, &action, NULL);
}

int main(void)
{
	struct sigaction seen;
	int number;

	install();
	(void)sigaction(SIGUSR1, NULL, &seen);
	(void)printf("0x%x\n", (unsigned)seen.sa_flags);
	for (number = 1; number <= 3; number++) {
		(void)fflush(stdout);
		(void)raise(SIGUSR1);
		(void)printf("%d\n", number);
	}
	return 0;
}
