#include "common/features.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/ready.h"
#include "server/children.h"
#include "server/report.h"

#define GRACE_MS 1000		/* to end after SIGTERM */
#define KILLED_MS 500		/* to be reaped after SIGKILL */

int
children_init(struct children *children, size_t size)
{
	children->list = calloc(size, sizeof *children->list);
	children->count = 0;
	children->size = size;
	return children->list == NULL ? -1 : 0;
}

/* There is room: the caller has compared count with size before the fork. */
void
children_add(struct children *children, pid_t pid)
{
	struct child *child = &children->list[children->count++];

	child->pid = pid;
	child->stage = WAITING;
}

/* NULL: it is none of ours. */
struct child *
children_find(struct children *children, pid_t pid)
{
	size_t i;

	for (i = 0; i < children->count; i++)
		if (children->list[i].pid == pid)
			return &children->list[i];
	return NULL;
}

size_t
children_in(const struct children *children, enum stage stage)
{
	size_t i, count = 0;

	for (i = 0; i < children->count; i++)
		count += children->list[i].stage == stage;
	return count;
}

/* Process 1 of a container is also given strangers to reap: they are not in the list. */
static void
forget(struct children *children, pid_t pid)
{
	struct child *child = children_find(children, pid);

	if (child == NULL)
		return;
	children->count--;
	memmove(child, child + 1,
	    (size_t)(children->list + children->count - child) * sizeof *child);
}

/* Reap all that have ended: one SIGCHLD may stand for many. */
void
children_reap(struct children *children)
{
	pid_t child;

	while ((child = waitpid(-1, NULL, WNOHANG)) > 0 || (child == -1 && errno == EINTR))
		forget(children, child);
	if (child == -1 && errno == ECHILD)
		children->count = 0;
}

/* End the one that came first, and wait for that: it has nothing to clean up. */
void
children_kill_first(struct children *children, enum stage stage)
{
	struct child *child = children->list;

	while (child < children->list + children->count && child->stage != stage)
		child++;
	if (child == children->list + children->count)
		return;
	if (kill(child->pid, SIGKILL) == -1)
		report("cannot kill process %ld: %s", (long)child->pid, strerror(errno));
	else
		while (waitpid(child->pid, NULL, 0) == -1 && errno == EINTR)
			continue;
	forget(children, child->pid);
}

static void
reap_until(struct children *children, long long deadline, const sigset_t *sleeping)
{
	struct ready ready;

	for (;;) {
		children_reap(children);
		if (children->count == 0 || clock_ms() >= deadline)
			return;
		ready_clear(&ready);
		if (ready_sleep(&ready, deadline, sleeping) == -1)
			return;
	}
}

/* End every process of the group but this one. It must have SIGTERM blocked. */
void
children_end(struct children *children, const sigset_t *sleeping)
{
	size_t i;

	/* SIGCONT: a stopped process acts on SIGTERM only when it goes on. */
	if (kill(0, SIGTERM) == -1 || kill(0, SIGCONT) == -1)
		report("cannot signal the process group: %s", strerror(errno));
	reap_until(children, clock_ms() + GRACE_MS, sleeping);
	for (i = 0; i < children->count; i++)
		if (kill(children->list[i].pid, SIGKILL) == -1 && errno != ESRCH)
			report("cannot kill process %ld: %s", (long)children->list[i].pid,
			    strerror(errno));
	reap_until(children, clock_ms() + KILLED_MS, sleeping);
}

void
children_free(struct children *children)
{
	free(children->list);
	children->list = NULL;
}
