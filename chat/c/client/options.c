#include "common/features.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/options.h"
#include "common/arguments.h"

#define USAGE \
	"usage: client --key-file FILE [--name NAME] [--since OFFSET|end] [--retries N] HOST PORT\n"

enum {
	KEY_FILE,
	NAME,
	SINCE,
	RETRIES,
	HELP
};

static const struct option table[] = {
	[KEY_FILE] = {"--key-file", true},
	[NAME] = {"--name", true},
	[SINCE] = {"--since", true},
	[RETRIES] = {"--retries", true},
	[HELP] = {"--help", false},
};

static int
usage_error(const char *reason)
{
	(void)fprintf(stderr, "client: %s\n" USAGE, reason);
	return 2;
}

static int
help(void)
{
	return fputs(USAGE, stdout) == EOF || fflush(stdout) == EOF ? 1 : 0;
}

static int
set_name(struct options *options, const char *name)
{
	size_t length = strlen(name);

	if (!name_is_good(name, length))
		return -1;
	memcpy(options->name, name, length + 1);
	return 0;
}

/* Store one option. NULL, or what was expected. */
static const char *
store(struct options *options, int option, const char *value)
{
	switch (option) {
	case KEY_FILE:
		options->key_file = value;
		return NULL;
	case NAME:
		return set_name(options, value) == -1 ?
		    "--name: expected 1 to 32 of A-Z a-z 0-9 _ . -" : NULL;
	case SINCE:
		options->since = FROM_END;
		if (strcmp(value, "end") == 0)
			return NULL;
		return number_read(value, strlen(value), &options->since) == -1 ?
		    "--since: expected an offset of at most 18 digits, or end" : NULL;
	default:
		return argument_number(value, 0, 1000000, &options->retries) == -1 ?
		    "--retries: expected 0 to 1000000" : NULL;
	}
}

static const char *
store_word(struct options *options, const char *word)
{
	if (options->host == NULL)
		options->host = word;
	else if (options->port == NULL)
		options->port = word;
	else
		return "expected HOST PORT and nothing behind them";
	return NULL;
}

/* What is missing is filled in or complained about. NULL, or the complaint. */
static const char *
complete(struct options *options, char *error, size_t size)
{
	const struct passwd *user;
	long port;

	if (options->key_file == NULL)
		return "--key-file FILE is required";
	if (options->port == NULL)
		return "expected HOST PORT";
	if (argument_number(options->port, 1, 65535, &port) == -1)
		return "PORT: expected 1 to 65535";
	if (options->name[0] == '\0') {
		user = getpwuid(getuid());
		if (user == NULL || set_name(options, user->pw_name) == -1)
			return "the login name cannot be used: give --name NAME";
	}
	return key_load(options->key_file, &options->key, error, size) == -1 ? error : NULL;
}

/* -1: go on with options; otherwise the exit status. */
int
options_parse(char **argv, struct options *options)
{
	struct arguments arguments = {.next = argv + (argv[0] != NULL)};
	const char *problem;
	char error[512];

	memset(options, 0, sizeof *options);
	options->retries = 8;
	for (;;) {
		int option = argument_next(&arguments, table, sizeof table / sizeof table[0]);

		if (option == ARGUMENT_END)
			break;
		if (option == ARGUMENT_BAD)
			return usage_error(arguments.error);
		if (option == HELP)
			return help();
		if (option == ARGUMENT_WORD)
			problem = store_word(options, arguments.value);
		else
			problem = store(options, option, arguments.value);
		if (problem != NULL)
			return usage_error(problem);
	}
	problem = complete(options, error, sizeof error);
	return problem == NULL ? -1 : usage_error(problem);
}
