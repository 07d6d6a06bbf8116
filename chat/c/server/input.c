#include "common/features.h"

#include <errno.h>
#include <string.h>

#include "common/io.h"
#include "common/text.h"
#include "server/input.h"

/* Read once. There is room: what is left when every line is taken is shorter than a line. */
enum filled
input_fill(struct input *input)
{
	ssize_t count;

	memmove(input->buffer, input->buffer + input->start, input->end - input->start);
	input->end -= input->start;
	input->start = 0;
	if (input->end == sizeof input->buffer)
		return NOTHING;
	count = io_read(input->socket, input->buffer + input->end, sizeof input->buffer - input->end);
	if (count > 0) {
		input->end += (size_t)count;
		return BYTES;
	}
	if (count == 0) {
		input->ended = true;
		return ENDED;
	}
	return errno == EAGAIN || errno == EWOULDBLOCK ? NOTHING : RESET;
}

/* Is there a whole line, or too much for one? Then its length may be over LINE_BYTES. */
bool
input_line(const struct input *input, const char **line, size_t *length)
{
	size_t left = input->end - input->start;
	const char *stop;

	*line = input->buffer + input->start;
	stop = memchr(*line, '\n', left);
	*length = stop == NULL ? left : (size_t)(stop - *line);
	return stop != NULL || left > LINE_BYTES;
}

/* The line of that length, and its LF, are dealt with. */
void
input_take(struct input *input, size_t length)
{
	input->start += length + 1;
}

void
input_discard(struct input *input)
{
	input->start = input->end = 0;
}
