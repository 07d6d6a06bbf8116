#ifndef LIFELINE_H
#define LIFELINE_H

#include <stdbool.h>
#include <sys/types.h>

/* RECV's hold on its SEND: a pipe that carries the last words, if any, and then EOF. */
struct lifeline {
	int fd;			/* -1: cut */
	pid_t sender;		/* 0: none */
};

void lifeline_say(struct lifeline *lifeline, const char *line);
void lifeline_cut(struct lifeline *lifeline);
bool lifeline_reap(struct lifeline *lifeline);
void lifeline_kill(struct lifeline *lifeline);

#endif
