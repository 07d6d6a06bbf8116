#ifndef KEY_H
#define KEY_H

#include <stdbool.h>
#include <stddef.h>

#define KEY_DIGITS 128

struct key {
	char digits[KEY_DIGITS];	/* lower case, no NUL behind them */
};

int key_load(const char *path, struct key *key, char *error, size_t size);
bool key_matches(const struct key *key, const char *digits, size_t length);

#endif
