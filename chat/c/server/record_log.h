#ifndef RECORD_LOG_H
#define RECORD_LOG_H

#include <stddef.h>
#include <sys/types.h>

/* Every one of these takes and gives back the lock itself; a descriptor is one process's own. */
int record_log_open(const char *path, int flags);
int record_log_mend(int log);
int record_log_append(int log, const char *name, const char *text, size_t length);
int record_log_start(int log, long long since, off_t *offset);
int record_log_end(int log, off_t from, off_t *end);
const char *record_log_reason(int number);
ssize_t record_log_read(int log, char *buffer, size_t size, off_t from, off_t until);

#define SINCE_END (-1LL)	/* record_log_start: only what comes from now on */
#define NO_LIMIT ((off_t)-1)	/* record_log_read: all that there is */

#endif
