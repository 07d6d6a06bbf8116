#include "common/features.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"
#include "common/text.h"
#include "server/record_log.h"

typedef char off_t_has_64_bits[sizeof(off_t) == 8 ? 1 : -1];

#define MEND "\030\n"		/* CAN LF: what stands before it on the line is not a record */
#define MEND_BYTES 2

static int
lock(int log, int operation)
{
	while (flock(log, operation) == -1)
		if (errno != EINTR)
			return -1;
	return 0;
}

/* Give the lock back; the errno of what failed under it is the one that matters. */
static void
unlock(int log)
{
	int saved = errno;

	(void)lock(log, LOCK_UN);
	errno = saved;
}

static int
size_of(int log, off_t *size)
{
	struct stat status;

	if (fstat(log, &status) == -1)
		return -1;
	*size = status.st_size;
	return 0;
}

/* Is there a record's end directly before offset? 1, 0, or -1 on error. */
static int
is_boundary(int log, off_t offset)
{
	char byte;

	if (offset == 0)
		return 1;
	switch (io_pread(log, &byte, 1, offset - 1)) {
	case 1:
		return byte == '\n';
	case 0:
		return 0;
	default:
		return -1;
	}
}

/* The offset behind the last LF; at least from, which is itself behind one. */
static int
find_end(int log, off_t from, off_t *end)
{
	char block[8192];
	off_t at;
	int whole;

	if (size_of(log, &at) == -1)
		return -1;
	if (at <= from || (whole = is_boundary(log, at)) == 1) {
		*end = at < from ? from : at;
		return 0;
	}
	while (whole == 0 && at > from) {
		size_t i, size = at - from < (off_t)sizeof block ? (size_t)(at - from) : sizeof block;

		if (io_pread(log, block, size, at - (off_t)size) != (ssize_t)size)
			return -1;
		for (i = size; i > 0 && block[i - 1] != '\n'; i--)
			at--;
		if (i > 0)
			break;
	}
	*end = at;
	return whole == -1 ? -1 : 0;
}

int
record_log_open(const char *path, int flags)
{
	struct stat status;
	int log;

	do
		log = open(path, flags | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	while (log == -1 && errno == EINTR);
	if (log == -1)
		return -1;
	if (fstat(log, &status) == 0 && S_ISREG(status.st_mode))
		return log;
	io_close(&log);
	errno = EINVAL;
	return -1;
}

/* What to tell the client after a failure. */
const char *
record_log_reason(int number)
{
	return number == EMFILE || number == ENFILE ? "busy" : "log";
}

/* End a torn record. 1: there was one; 0: there was none; -1: error. */
int
record_log_mend(int log)
{
	off_t size;
	int whole = -1;

	if (lock(log, LOCK_EX) == -1)
		return -1;
	if (size_of(log, &size) == 0)
		whole = is_boundary(log, size);
	if (whole == 0 && io_write_all(log, MEND, MEND_BYTES) == -1)
		whole = -1;
	unlock(log);
	return whole == -1 ? -1 : !whole;
}

/* The record, behind the end of a torn one if need be, in a single write. */
static int
append_locked(int log, char *bytes, size_t length)
{
	off_t size;
	int whole, saved;

	if (size_of(log, &size) == -1 || (whole = is_boundary(log, size)) == -1)
		return -1;
	if (whole) {
		bytes += MEND_BYTES;
		length -= MEND_BYTES;
	}
	if (io_write_all(log, bytes, length) == 0)
		return 0;
	saved = errno;
	if (ftruncate(log, size) == -1)
		saved = errno;	/* the torn record is ended by the next append */
	errno = saved;
	return -1;
}

/* Append one record; the whole of it or, on error, nothing that a reader can see. */
int
record_log_append(int log, const char *name, const char *text, size_t length)
{
	char bytes[MEND_BYTES + RECORD_BYTES + 1];
	int head = snprintf(bytes, sizeof bytes, MEND "<%s> ", name);
	int result;

	if (head < 0 || (size_t)head + length + 1 > sizeof bytes) {
		errno = EINVAL;
		return -1;
	}
	memcpy(bytes + head, text, length);
	bytes[(size_t)head + length] = '\n';
	if (lock(log, LOCK_EX) == -1)
		return -1;
	result = append_locked(log, bytes, (size_t)head + length + 1);
	unlock(log);
	return result;
}

/* Where the stream of a client that asks for since begins. 1: nowhere; 0: *offset; -1: error. */
int
record_log_start(int log, long long since, off_t *offset)
{
	off_t size;
	int result = -1;

	if (since == SINCE_END)
		return record_log_end(log, 0, offset);
	if (lock(log, LOCK_SH) == -1)
		return -1;
	if (size_of(log, &size) == 0)
		result = since > size ? 0 : is_boundary(log, (off_t)since);
	unlock(log);
	if (result == -1)
		return -1;
	*offset = (off_t)since;
	return result == 1 ? 0 : 1;
}

/* The offset behind the last whole record; from is an offset known to be behind one. */
int
record_log_end(int log, off_t from, off_t *end)
{
	int result;

	if (lock(log, LOCK_SH) == -1)
		return -1;
	result = find_end(log, from, end);
	unlock(log);
	return result;
}

/* How much of what was read up to the log's end is whole records. */
static ssize_t
whole_records(const char *bytes, ssize_t count)
{
	while (count > 0 && bytes[count - 1] != '\n')
		count--;
	return count;
}

/* Bytes of whole records from from on, none behind until; 0 when there are none yet. */
ssize_t
record_log_read(int log, char *buffer, size_t size, off_t from, off_t until)
{
	off_t end = from;
	ssize_t count;

	if (until != NO_LIMIT && until - from < (off_t)size)
		size = until > from ? (size_t)(until - from) : 0;
	if (lock(log, LOCK_SH) == -1)
		return -1;
	count = io_pread(log, buffer, size, from);
	/* A full buffer may hold but a part of a record, as long as the whole of it is in the log. */
	if (count > 0 && (size_t)count == size && buffer[count - 1] != '\n') {
		if (find_end(log, from, &end) == -1)
			count = -1;
		else if (end - from < count)
			count = (ssize_t)(end - from);
	} else if (count > 0)
		count = whole_records(buffer, count);
	unlock(log);
	return count;
}
