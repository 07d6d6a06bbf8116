#ifndef TURN_AWAY_H
#define TURN_AWAY_H

#include "common/ready.h"

#define MAX_TURNED_AWAY 32

/* Clients turned away, until they have had the time to read why. */
struct turned_away {
	struct {
		int fd;
		long long deadline;
	} list[MAX_TURNED_AWAY];
	int count;
};

void turn_away(struct turned_away *away, int client, const char *reason);
void turned_away_want(const struct turned_away *away, struct ready *ready, long long *deadline);
void turned_away_tend(struct turned_away *away, const struct ready *ready);
void turned_away_close(struct turned_away *away);

#endif
