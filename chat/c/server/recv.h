#ifndef RECV_H
#define RECV_H

#include "common/key.h"

/* What Child RECV is given. */
struct receiving {
	const char *log;
	const struct key *key;
	long auth_timeout;	/* seconds */
	int socket;
	int parent;		/* its EOF: the parent is gone */
	int ask;		/* for a place */
};

int recv_run(const struct receiving *receiving);

#endif
