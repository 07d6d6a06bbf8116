#ifndef READY_H
#define READY_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>

#define NEVER (-1LL)
#define MAX_READY 64	/* more than any process sleeps on */

/* The descriptors that a process sleeps on, each once. */
struct ready {
	struct pollfd list[MAX_READY];
	int count;
};

long long clock_ms(void);
bool ready_fits(int fd);
void ready_clear(struct ready *ready);
void ready_want_read(struct ready *ready, int fd);
void ready_want_write(struct ready *ready, int fd);
int ready_sleep(struct ready *ready, long long deadline, const sigset_t *mask);
bool ready_can_read(const struct ready *ready, int fd);
bool ready_can_write(const struct ready *ready, int fd);

#endif
