#ifndef LISTENERS_H
#define LISTENERS_H

#include <stddef.h>

#include "server/options.h"

#define MAX_LISTENERS 2

struct listener {
	int fd;
	long port;
	char address[100];	/* as bound: 0.0.0.0:40713, [::]:40713 */
};

struct listeners {
	struct listener list[MAX_LISTENERS];
	int count;
};

int listeners_open(struct listeners *listeners, const struct options *options, char *error,
    size_t size);
void listeners_close(struct listeners *listeners);

#endif
