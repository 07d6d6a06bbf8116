#ifndef PLACES_H
#define PLACES_H

#include <stdbool.h>

#include "server/children.h"

/*
 * Who has said HELLO may stay if there is a place: RECV asks the parent, through one pipe for
 * all, and is answered by SIGUSR2, or by SIGALRM when all are taken.
 */
struct places {
	int questions;		/* the parent reads them */
	int ask;		/* the end of every RECV */
};

int places_open(struct places *places);
bool places_ask(int ask);
void places_answer(const struct places *places, struct children *children, size_t most);

#endif
