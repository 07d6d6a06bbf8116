#ifndef CLIENT_OPTIONS_H
#define CLIENT_OPTIONS_H

#include "common/key.h"
#include "common/text.h"

#define FROM_END (-1LL)

/* What the client's command line asks for. */
struct options {
	const char *key_file;
	const char *host;
	const char *port;
	long long since;	/* or FROM_END */
	long retries;
	struct key key;
	char name[NAME_BYTES + 1];
};

int options_parse(char **argv, struct options *options);

#endif
