#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define LINE_BYTES 4096		/* the longest line, its LF not counted */
#define NAME_BYTES 32
#define RECORD_BYTES (1 + NAME_BYTES + 2 + LINE_BYTES + 1)	/* <name> text LF */

bool text_is_clean(const char *text, size_t length);
size_t text_sanitise(char *text, size_t length);
bool name_is_good(const char *name, size_t length);
int number_read(const char *digits, size_t length, long long *number);

#endif
