#ifndef TURN_AWAY_H
#define TURN_AWAY_H

#include "common/ready.h"

#define MAX_REFUSED 32

/* Clients turned away, until they have had the time to read why. */
struct refused {
	struct {
		int fd;
		long long deadline;
	} list[MAX_REFUSED];
	int count;
};

void refuse(struct refused *refused, int client, const char *reason);
void refused_want(const struct refused *refused, struct ready *ready, long long *deadline);
void refused_discard(struct refused *refused, const struct ready *ready);
void refused_close(struct refused *refused);

#endif
