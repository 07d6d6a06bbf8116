#ifndef CHILDREN_H
#define CHILDREN_H

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

/* The parent's children: one RECV a client. */
struct children {
	pid_t *list;
	size_t count;
	size_t size;
};

int children_init(struct children *children, size_t size);
void children_add(struct children *children, pid_t child);
void children_reap(struct children *children);
void children_end(struct children *children, const sigset_t *sleeping);
void children_free(struct children *children);

#endif
