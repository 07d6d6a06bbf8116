#ifndef READY_H
#define READY_H

#include <signal.h>
#include <stdbool.h>
#include <sys/select.h>

#define NEVER (-1LL)

/* The descriptors that a process sleeps on. */
struct ready {
	fd_set readable;
	fd_set writable;
	int count;
};

long long clock_ms(void);
bool ready_fits(int fd);
void ready_clear(struct ready *ready);
void ready_want_read(struct ready *ready, int fd);
void ready_want_write(struct ready *ready, int fd);
int ready_sleep(struct ready *ready, long long deadline, const sigset_t *mask);

#endif
