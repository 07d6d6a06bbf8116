#include "common/features.h"

#include <stdio.h>
#include <string.h>

#include "common/arguments.h"
#include "common/text.h"

/* getopt_long() is not POSIX, and getopt() knows no long options. */

static int
bad(struct arguments *arguments, const char *what, const char *word, size_t length)
{
	int shown = length > 100 ? 100 : (int)length;

	(void)snprintf(arguments->error, sizeof arguments->error, "%s: %.*s", what, shown, word);
	return ARGUMENT_BAD;
}

/* The option's index in table, its value in arguments->value; or one of the ARGUMENT_ values. */
int
argument_next(struct arguments *arguments, const struct option *table, size_t count)
{
	const char *word = *arguments->next;
	size_t i, length;

	if (word == NULL)
		return ARGUMENT_END;
	arguments->next++;
	if (!arguments->words_only && strcmp(word, "--") == 0) {
		arguments->words_only = true;
		return argument_next(arguments, table, count);
	}
	arguments->value = word;
	if (arguments->words_only || word[0] != '-')
		return ARGUMENT_WORD;
	length = strcspn(word, "=");
	for (i = 0; i < count; i++)
		if (strlen(table[i].name) == length && memcmp(word, table[i].name, length) == 0)
			break;
	if (i == count)
		return bad(arguments, "unknown option", word, length);
	if (!table[i].has_value && word[length] == '=')
		return bad(arguments, "option takes no value", word, length);
	if (!table[i].has_value)
		return (int)i;
	if (word[length] == '=')
		arguments->value = word + length + 1;
	else if ((arguments->value = *arguments->next) != NULL)
		arguments->next++;
	else
		return bad(arguments, "option needs a value", word, length);
	return (int)i;
}

int
argument_number(const char *text, long low, long high, long *number)
{
	long long value;

	if (number_read(text, strlen(text), &value) == -1 || value < low || value > high)
		return -1;
	*number = (long)value;
	return 0;
}
