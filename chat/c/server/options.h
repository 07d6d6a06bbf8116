#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H

#include <stdbool.h>

enum bind_mode {
	BIND_DUAL,
	BIND_IPV4,
	BIND_IPV6,
	BIND_FIRST
};

struct options {
	const char *log;
	const char *key_file;
	const char *host;	/* NULL: every address */
	const char *pid_file;	/* NULL: none */
	enum bind_mode bind;
	long port;
	long auth_timeout;	/* seconds */
	long max_clients;
	long max_waiting;	/* before their HELLO */
	bool daemon;
};

int options_parse(char **argv, struct options *options);

#endif
