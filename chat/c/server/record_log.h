#ifndef RECORD_LOG_H
#define RECORD_LOG_H

#include <stddef.h>
#include <sys/types.h>

/* Every one of these takes and gives back the lock itself; a descriptor is one process's own. */
int log_open(const char *path, int flags);
int log_mend(int log);
int log_append(int log, const char *name, const char *text, size_t length);
int log_start(int log, long long since, off_t *offset);
int log_end(int log, off_t from, off_t *end);
const char *log_reason(int number);
ssize_t log_read(int log, char *buffer, size_t size, off_t from, off_t until);

#define SINCE_END (-1LL)	/* log_start: only what comes from now on */
#define NO_LIMIT ((off_t)-1)	/* log_read: all that there is */

#endif
