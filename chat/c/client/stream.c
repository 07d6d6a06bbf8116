#include "common/features.h"

#include <stdio.h>
#include <string.h>

#include "client/stream.h"

#define CAN 0x18		/* ends a line that is not a record */

/* A new connection: what came in part is sent again. */
void
stream_start(struct stream *stream)
{
	stream->open = false;
	stream->length = 0;
}

/* The server's last word, made safe to print. */
static enum heard
refused(struct stream *stream)
{
	size_t length = stream->length - 4;

	if (length > sizeof stream->reason - 1)
		length = sizeof stream->reason - 1;
	memcpy(stream->reason, stream->line + 4, length);
	stream->reason[text_sanitise(stream->reason, length)] = '\0';
	return REFUSED;
}

static enum heard
greeting(struct stream *stream)
{
	if (stream->length < 4 || memcmp(stream->line, "OK ", 3) != 0 ||
	    number_read(stream->line + 3, stream->length - 3, &stream->since) == -1)
		return NOT_CHAT;
	stream->open = true;
	return GO_ON;
}

/* Is it "<our name> ..."? */
static bool
is_own(const struct stream *stream)
{
	size_t length = strlen(stream->name);

	return stream->length >= length + 3 && stream->line[0] == '<' &&
	    memcmp(stream->line + 1, stream->name, length) == 0 &&
	    memcmp(stream->line + 1 + length, "> ", 2) == 0;
}

static enum heard
record(struct stream *stream)
{
	size_t head = strlen(stream->name) + 3, length = stream->length;

	stream->since += (long long)length + 1;
	if (length > sizeof stream->line || (length > 0 && stream->line[length - 1] == CAN))
		return GO_ON;
	if (is_own(stream))
		outbox_seen(stream->outbox, stream->line + head, length - head);
	length = text_sanitise(stream->line, length);
	if (fwrite(stream->line, 1, length, stdout) != length || putchar('\n') == EOF)
		return OUTPUT_FAILED;
	return GO_ON;
}

static enum heard
line_ends(struct stream *stream)
{
	bool whole = stream->length <= sizeof stream->line;
	enum heard heard;

	if (whole && stream->length > 4 && memcmp(stream->line, "ERR ", 4) == 0)
		heard = refused(stream);
	else
		heard = stream->open ? record(stream) : greeting(stream);
	stream->length = 0;
	return heard;
}

/* Cut what the server sends into lines, show the records and tick off our own. */
enum heard
stream_take(struct stream *stream, const char *bytes, size_t count)
{
	const char *end = bytes + count;

	while (bytes < end) {
		const char *stop = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t length = (size_t)((stop == NULL ? end : stop) - bytes);
		size_t room = stream->length < sizeof stream->line ?
		    sizeof stream->line - stream->length : 0;
		enum heard heard;

		memcpy(stream->line + (sizeof stream->line - room), bytes, length < room ? length : room);
		stream->length += length;
		if (stop == NULL)
			break;
		bytes = stop + 1;
		heard = line_ends(stream);
		if (heard != GO_ON)
			return heard;
	}
	return fflush(stdout) == EOF ? OUTPUT_FAILED : GO_ON;
}
