#ifndef CHILDREN_H
#define CHILDREN_H

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

enum stage {
	WAITING,		/* for its HELLO */
	WELCOMED
};

struct child {
	pid_t pid;
	enum stage stage;
};

/* The parent's children: one RECV a client, in the order in which they came. */
struct children {
	struct child *list;
	size_t count;
	size_t size;
};

int children_init(struct children *children, size_t size);
void children_add(struct children *children, pid_t pid);
struct child *children_find(struct children *children, pid_t pid);
size_t children_in(const struct children *children, enum stage stage);
void children_reap(struct children *children);
void children_kill_first(struct children *children, enum stage stage);
void children_end(struct children *children, const sigset_t *sleeping);
void children_free(struct children *children);

#endif
