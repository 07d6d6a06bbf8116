#ifndef FRONT_H
#define FRONT_H

#include <stdbool.h>

/* How the server stands to the process that was started, if that is another one. */
struct front {
	int ready;		/* the daemon's ready line goes here; -1: to stdout */
	int life;		/* its EOF: the process in front is gone; -1: there is none */
};

int front_start(bool daemon, struct front *front);
int front_announce(struct front *front, const char *line);

#endif
