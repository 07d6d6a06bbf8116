#include "common/features.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/arguments.h"
#include "server/options.h"

#define USAGE \
	"usage: server --log FILE --key-file FILE [--host HOST] [--port PORT]\n" \
	"              [--bind dual|ipv4|ipv6|first] [--auth-timeout SECONDS]\n" \
	"              [--max-clients N] [--max-waiting N] [--daemon] [--pid-file FILE]\n"

enum {
	LOG,
	KEY_FILE,
	HOST,
	PORT,
	BIND,
	AUTH_TIMEOUT,
	MAX_CLIENTS,
	MAX_WAITING,
	DAEMON,
	PID_FILE,
	HELP
};

static const struct option table[] = {
	[LOG] = {"--log", true},
	[KEY_FILE] = {"--key-file", true},
	[HOST] = {"--host", true},
	[PORT] = {"--port", true},
	[BIND] = {"--bind", true},
	[AUTH_TIMEOUT] = {"--auth-timeout", true},
	[MAX_CLIENTS] = {"--max-clients", true},
	[MAX_WAITING] = {"--max-waiting", true},
	[DAEMON] = {"--daemon", false},
	[PID_FILE] = {"--pid-file", true},
	[HELP] = {"--help", false},
};

static int
bind_mode(const char *word, enum bind_mode *mode)
{
	static const char *const words[] = {
		[BIND_DUAL] = "dual",
		[BIND_IPV4] = "ipv4",
		[BIND_IPV6] = "ipv6",
		[BIND_FIRST] = "first",
	};
	int i;

	for (i = BIND_DUAL; i <= BIND_FIRST; i++)
		if (strcmp(word, words[i]) == 0) {
			*mode = (enum bind_mode)i;
			return 0;
		}
	return -1;
}

/* Store one option. NULL, or what was expected. */
static const char *
store(struct options *options, int option, const char *value)
{
	switch (option) {
	case LOG:
		options->log = value;
		return value[0] == '\0' ? "--log: expected a file name" : NULL;
	case KEY_FILE:
		options->key_file = value;
		return value[0] == '\0' ? "--key-file: expected a file name" : NULL;
	case HOST:
		options->host = value;
		return value[0] == '\0' ? "--host: expected a name or an address" : NULL;
	case PORT:
		return argument_number(value, 0, 65535, &options->port) == -1 ?
		    "--port: expected 0 to 65535" : NULL;
	case BIND:
		return bind_mode(value, &options->bind) == -1 ?
		    "--bind: expected dual, ipv4, ipv6 or first" : NULL;
	case AUTH_TIMEOUT:
		return argument_number(value, 1, 3600, &options->auth_timeout) == -1 ?
		    "--auth-timeout: expected 1 to 3600 seconds" : NULL;
	case MAX_CLIENTS:
		return argument_number(value, 1, 10000, &options->max_clients) == -1 ?
		    "--max-clients: expected 1 to 10000" : NULL;
	case MAX_WAITING:
		return argument_number(value, 1, 10000, &options->max_waiting) == -1 ?
		    "--max-waiting: expected 1 to 10000" : NULL;
	case DAEMON:
		options->daemon = true;
		return NULL;
	default:
		options->pid_file = value;
		return value[0] == '\0' ? "--pid-file: expected a file name" : NULL;
	}
}

static int
usage_error(const char *reason)
{
	(void)fprintf(stderr, "server: %s\n" USAGE, reason);
	return 2;
}

/* Whether the usage could be shown is the exit status. */
static int
help(void)
{
	return fputs(USAGE, stdout) == EOF || fflush(stdout) == EOF ? 1 : 0;
}

/* -1: go on with options; otherwise the exit status. */
int
options_parse(char **argv, struct options *options)
{
	struct arguments arguments = {.next = argv + (argv[0] != NULL)};
	const char *problem;
	int option;

	*options = (struct options){.auth_timeout = 1, .max_clients = 256};
	for (;;) {
		option = argument_next(&arguments, table, sizeof table / sizeof table[0]);
		if (option == ARGUMENT_END)
			break;
		if (option == ARGUMENT_BAD)
			return usage_error(arguments.error);
		if (option == ARGUMENT_WORD)
			return usage_error("expected options only");
		if (option == HELP)
			return help();
		problem = store(options, option, arguments.value);
		if (problem != NULL)
			return usage_error(problem);
	}
	if (options->log == NULL)
		return usage_error("--log FILE is required");
	if (options->key_file == NULL)
		return usage_error("--key-file FILE is required");
	/* All clients may come back together, after a restart. */
	if (options->max_waiting == 0)
		options->max_waiting = options->max_clients < 256 ? 256 : options->max_clients;
	return -1;
}
