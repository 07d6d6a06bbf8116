#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

struct option {
	const char *name;
	bool has_value;
};

#define ARGUMENT_END (-1)
#define ARGUMENT_WORD (-2)	/* no option: the word is in value */
#define ARGUMENT_BAD (-3)	/* the reason is in error */

struct arguments {
	char **next;
	bool words_only;	/* behind -- */
	const char *value;
	char error[200];
};

int argument_next(struct arguments *arguments, const struct option *table, size_t count);
int argument_number(const char *text, long low, long high, long *number);

#endif
