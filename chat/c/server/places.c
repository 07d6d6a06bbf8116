#include "common/features.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "common/io.h"
#include "common/ready.h"
#include "server/places.h"
#include "server/report.h"

#define AT_ONCE 64

int
places_open(struct places *places)
{
	int ends[2];

	if (io_pipe(ends) == -1)
		return -1;
	places->questions = ends[0];
	places->ask = ends[1];
	errno = EMFILE;
	return ready_fits(ends[0]) && io_nonblock(ends[0]) == 0 && io_nonblock(ends[1]) == 0 ? 0 : -1;
}

/* A number is written whole or not at all (POSIX write: PIPE_BUF). False: the pipe is full. */
bool
places_ask(int ask)
{
	pid_t self = getpid();

	return io_write(ask, &self, sizeof self) == (ssize_t)sizeof self;
}

static void
tell(const struct child *child, int number)
{
	if (kill(child->pid, number) == -1)
		report("cannot signal process %ld: %s", (long)child->pid, strerror(errno));
}

/* It may have ended meanwhile. */
static void
answer(struct children *children, pid_t asking, size_t most)
{
	struct child *child = children_find(children, asking);

	if (child == NULL || child->stage != WAITING)
		return;
	if (children_in(children, WELCOMED) == most) {
		tell(child, SIGALRM);
		return;
	}
	child->stage = WELCOMED;
	tell(child, SIGUSR2);
}

/* All who have asked, in their order. */
void
places_answer(const struct places *places, struct children *children, size_t most)
{
	pid_t asking[AT_ONCE];
	ssize_t i, count;

	while ((count = io_read(places->questions, asking, sizeof asking)) > 0)
		for (i = 0; i < count / (ssize_t)sizeof asking[0]; i++)
			answer(children, asking[i], most);
}
