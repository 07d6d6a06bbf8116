#ifndef HELLO_H
#define HELLO_H

#include <stddef.h>

#include "common/key.h"
#include "common/text.h"

struct hello {
	char name[NAME_BYTES + 1];
	long long since;	/* or SINCE_END */
};

const char *hello_parse(const char *line, size_t length, const struct key *key,
    struct hello *hello);

#endif
