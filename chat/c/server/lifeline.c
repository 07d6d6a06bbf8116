#include "common/features.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "common/io.h"
#include "server/lifeline.h"
#include "server/report.h"

/* A line for SEND to send last. */
void
lifeline_say(struct lifeline *lifeline, const char *line)
{
	/* EPIPE: SEND is gone, and with it the client's chance to hear anything. */
	if (io_write_all(lifeline->fd, line, strlen(line)) == -1 && errno != EPIPE)
		report("cannot write to the lifeline: %s", strerror(errno));
}

/* Its EOF tells SEND to send what the log holds and to end. */
void
lifeline_cut(struct lifeline *lifeline)
{
	io_close(&lifeline->fd);
}

/* Is SEND gone? */
bool
lifeline_reap(struct lifeline *lifeline)
{
	pid_t ended;

	if (lifeline->sender == 0)
		return true;
	do
		ended = waitpid(lifeline->sender, NULL, WNOHANG);
	while (ended == -1 && errno == EINTR);
	if (ended != 0)
		lifeline->sender = 0;
	return lifeline->sender == 0;
}

/* At once, stopped or not. */
void
lifeline_kill(struct lifeline *lifeline)
{
	lifeline_cut(lifeline);
	if (lifeline->sender == 0)
		return;
	if (kill(lifeline->sender, SIGKILL) == -1)
		report("cannot kill process %ld: %s", (long)lifeline->sender, strerror(errno));
	while (waitpid(lifeline->sender, NULL, 0) == -1)
		if (errno != EINTR)
			break;
	lifeline->sender = 0;
}
