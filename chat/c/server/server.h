#ifndef SERVER_H
#define SERVER_H

#include <signal.h>

#include "common/key.h"
#include "server/children.h"
#include "server/front.h"
#include "server/listeners.h"
#include "server/options.h"
#include "server/places.h"
#include "server/turn_away.h"

#define PATH_BYTES 4096
#define MAX_ARRIVED 64

/* Clients that were accepted, in their order, and are not served yet. */
struct arrived {
	int list[MAX_ARRIVED];
	int count;
};

/* The parent. */
struct server {
	struct options options;
	struct key key;
	struct front front;
	struct listeners listeners;
	struct children children;
	struct places places;
	struct turned_away turned_away;
	struct arrived arrived;
	long long paused;	/* no accepting before that; NEVER: go on */
	sigset_t sleeping;
	int lifeline[2];	/* to every RECV, never written: its EOF is the parent's end */
	int pid_file;
	char log_path[PATH_BYTES];	/* a daemon's; the options point here then */
	char pid_path[PATH_BYTES];
};

/* Accept and reap until a signal, or the end of the process in front, ends it: exit status. */
int server_run(struct server *server);

#endif
