#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "client/options.h"
#include "client/outbox.h"

enum heard {
	GO_ON,
	REFUSED,		/* ERR; the reason is in reason */
	NOT_CHAT,		/* what answers is no chat server */
	OUTPUT_FAILED		/* stdout cannot be written */
};

/* What the server sends. */
struct stream {
	struct outbox *outbox;
	const char *name;
	long long since;	/* the offset behind the last whole record, or FROM_END */
	bool open;		/* OK has come */
	char reason[64];
	size_t length;		/* of the line so far; it may be more than is kept */
	char line[RECORD_BYTES];
};

void stream_start(struct stream *stream);
enum heard stream_take(struct stream *stream, const char *bytes, size_t count);

#endif
