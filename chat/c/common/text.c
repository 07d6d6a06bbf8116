#include "common/features.h"

#include <string.h>

#include "common/text.h"

/*
 * Read one character of UTF-8 by the table of RFC 3629 section 4: no surrogates, no overlong
 * forms, nothing above U+10FFFF. Its length in bytes, or 0.
 */
static size_t
utf8_length(const unsigned char *text, size_t length)
{
	unsigned char low = 0x80, high = 0xbf, first = text[0];
	size_t bytes, i;

	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	bytes = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (length < bytes)
		return 0;
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	if (text[1] < low || text[1] > high)
		return 0;
	for (i = 2; i < bytes; i++)
		if (text[i] < 0x80 || text[i] > 0xbf)
			return 0;
	return bytes;
}

/* C0, DEL and, as UTF-8, C1: the characters that can drive a terminal. */
static bool
is_control(const unsigned char *text, size_t bytes)
{
	if (bytes == 1)
		return text[0] < 0x20 || text[0] == 0x7f;
	return bytes == 2 && text[0] == 0xc2 && text[1] < 0xa0;
}

bool
text_is_clean(const char *text, size_t length)
{
	const unsigned char *rest = (const unsigned char *)text;

	while (length > 0) {
		size_t bytes = utf8_length(rest, length);

		if (bytes == 0 || is_control(rest, bytes))
			return false;
		rest += bytes;
		length -= bytes;
	}
	return true;
}

/* Put ? for each control character and each byte that is not UTF-8; the new length. */
size_t
text_sanitise(char *text, size_t length)
{
	size_t from = 0, to = 0;

	while (from < length) {
		const unsigned char *rest = (const unsigned char *)text + from;
		size_t bytes = utf8_length(rest, length - from);

		if (bytes == 0 || is_control(rest, bytes)) {
			text[to++] = '?';
			from += bytes == 0 ? 1 : bytes;
			continue;
		}
		memmove(text + to, text + from, bytes);
		to += bytes;
		from += bytes;
	}
	return to;
}

bool
name_is_good(const char *name, size_t length)
{
	static const char good[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	size_t i;

	if (length < 1 || length > NAME_BYTES)
		return false;
	for (i = 0; i < length; i++)
		if (memchr(good, name[i], sizeof good - 1) == NULL)
			return false;
	return true;
}

/* 1 to 18 decimal digits, which always fit in 63 bits. */
int
number_read(const char *digits, size_t length, long long *number)
{
	size_t i;

	if (length < 1 || length > 18)
		return -1;
	*number = 0;
	for (i = 0; i < length; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return -1;
		*number = *number * 10 + (digits[i] - '0');
	}
	return 0;
}
