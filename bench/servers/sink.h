/* What the servers in C share: a listener on loopback, and the two forms of what is done with each read. */
#ifndef SINK_H
#define SINK_H

enum { READ = 4096 };	/* bytes, as the paper's server in C */

/* Listen on a free port of 127.0.0.1, say `READY 127.0.0.1:port` on stderr, and send stdout to /dev/null. */
int listen_here(void);

/* 1 when `form` is `paper`, 0 when it is `like`; ends the program for anything else. */
int is_paper(int argc, char *argv[]);

/*
 * Read once and throw away what came: through buffered stdio as in the paper, or in a single write. The number of
 * bytes, 0 at the end, -1 with errno.
 */
long take(int peer, int paper);

#endif
