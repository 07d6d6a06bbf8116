#include "common/features.h"

#include <string.h>

#include "server/hello.h"
#include "server/record_log.h"

struct word {
	const char *bytes;
	size_t length;
};

/* Cut the line at its spaces. The number of words, or -1 if there are more than count. */
static int
split(const char *line, size_t length, struct word *words, int count)
{
	const char *end = line + length;
	int found = 0;

	for (;;) {
		const char *space = memchr(line, ' ', (size_t)(end - line));

		if (found == count)
			return -1;
		words[found].bytes = line;
		words[found].length = (size_t)((space == NULL ? end : space) - line);
		found++;
		if (space == NULL)
			return found;
		line = space + 1;
	}
}

/* Read "HELLO key name since". NULL, or the reason to refuse it. */
const char *
hello_parse(const char *line, size_t length, const struct key *key, struct hello *hello)
{
	struct word words[4];
	int i;

	if (split(line, length, words, 4) != 4)
		return "bad-hello";
	for (i = 0; i < 4; i++)
		if (words[i].length == 0)
			return "bad-hello";
	if (words[0].length != 5 || memcmp(words[0].bytes, "HELLO", 5) != 0)
		return "bad-hello";
	if (!key_matches(key, words[1].bytes, words[1].length))
		return "bad-key";
	if (!name_is_good(words[2].bytes, words[2].length))
		return "bad-name";
	memcpy(hello->name, words[2].bytes, words[2].length);
	hello->name[words[2].length] = '\0';
	hello->since = SINCE_END;
	if (words[3].length == 3 && memcmp(words[3].bytes, "end", 3) == 0)
		return NULL;
	return number_read(words[3].bytes, words[3].length, &hello->since) == 0 ? NULL : "bad-since";
}
