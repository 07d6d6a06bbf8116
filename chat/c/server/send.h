#ifndef SEND_H
#define SEND_H

#include <sys/types.h>

/* What Child SEND is given; all of it its own but the log, which it opens itself. */
struct sending {
	const char *log;
	int socket;
	int lifeline;		/* RECV's word, and its EOF */
	off_t offset;
};

int send_run(const struct sending *sending);

#endif
