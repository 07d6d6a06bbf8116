#ifndef INPUT_H
#define INPUT_H

#include <stdbool.h>
#include <stddef.h>

enum filled {
	BYTES,
	NOTHING,		/* yet */
	ENDED,			/* the client has nothing more to send */
	RESET
};

/* What a client sends, line by line. */
struct input {
	int socket;
	bool ended;
	size_t start;		/* of what is not taken yet */
	size_t end;
	char buffer[16384];
};

enum filled input_fill(struct input *input);
bool input_line(const struct input *input, const char **line, size_t *length);
void input_take(struct input *input, size_t length);
void input_discard(struct input *input);

#endif
