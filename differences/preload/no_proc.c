/*
 * A system without /proc, as OpenBSD and macOS are: what is opened or looked at there is not found. A path that begins
 * with //proc is left alone: so the suite watches processes, and what is preloaded itself looks at a descriptor.
 * Of a glibc with two widths of file offsets or times, all names have to be stood in front of.
 */

#include "next.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct statx;	/* not in musl before 1.2.5 */

#define HIDDEN "/proc"

static int
is_hidden(const char *path)
{
	size_t length = sizeof HIDDEN - 1;

	if (path == NULL || strncmp(path, HIDDEN, length) != 0 || (path[length] != '\0' && path[length] != '/'))
		return 0;
	errno = ENOENT;
	return 1;
}

/* The mode is there, and looked at, where a file may be created. */
#define MODE(flags, mode) do { \
	va_list more; \
	va_start(more, flags); \
	mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, unsigned int) : 0; \
	va_end(more); \
} while (0)

#define OPEN(name) \
int \
name(const char *path, int flags, ...) \
{ \
	unsigned int mode; \
	MODE(flags, mode); \
	return is_hidden(path) ? -1 : NEXT(name)(path, flags, mode); \
}

#define OPENAT(name) \
int \
name(int folder, const char *path, int flags, ...) \
{ \
	unsigned int mode; \
	MODE(flags, mode); \
	return is_hidden(path) ? -1 : NEXT(name)(folder, path, flags, mode); \
}

#define FOPEN(name) \
FILE * \
name(const char *path, const char *mode) \
{ \
	return is_hidden(path) ? NULL : NEXT(name)(path, mode); \
}

#define STAT(name, type) \
int \
name(const char *path, struct type *status) \
{ \
	return is_hidden(path) ? -1 : NEXT(name)(path, status); \
}

#define STATAT(name, type) \
int \
name(int folder, const char *path, struct type *status, int flags) \
{ \
	return is_hidden(path) ? -1 : NEXT(name)(folder, path, status, flags); \
}

/* stat(2) of programs that were linked with glibc before 2.33 */
#define XSTAT(name, type) \
int name(int, const char *, struct type *); \
int \
name(int version, const char *path, struct type *status) \
{ \
	return is_hidden(path) ? -1 : NEXT(name)(version, path, status); \
}

/* open(2) with _FORTIFY_SOURCE */
#define OPEN_2(name) \
int name(const char *, int); \
int \
name(const char *path, int flags) \
{ \
	return is_hidden(path) ? -1 : NEXT(name)(path, flags); \
}

#define OPENAT_2(name) \
int name(int, const char *, int); \
int \
name(int folder, const char *path, int flags) \
{ \
	return is_hidden(path) ? -1 : NEXT(name)(folder, path, flags); \
}

OPEN(open)
OPENAT(openat)
FOPEN(fopen)
STAT(stat, stat)
STAT(lstat, stat)
STATAT(fstatat, stat)

#ifdef __GLIBC__
OPEN(open64)
OPENAT(openat64)
FOPEN(fopen64)
OPEN_2(__open_2)
OPEN_2(__open64_2)
OPENAT_2(__openat_2)
OPENAT_2(__openat64_2)
STAT(stat64, stat64)
STAT(lstat64, stat64)
STATAT(fstatat64, stat64)
XSTAT(__xstat, stat)
XSTAT(__lxstat, stat)
XSTAT(__xstat64, stat64)
XSTAT(__lxstat64, stat64)
#if __TIMESIZE == 32
/* _TIME_BITS=64 */
struct stat64_time64;
int __stat64_time64(const char *, struct stat64_time64 *);
int __lstat64_time64(const char *, struct stat64_time64 *);
int __fstatat64_time64(int, const char *, struct stat64_time64 *, int);
STAT(__stat64_time64, stat64_time64)
STAT(__lstat64_time64, stat64_time64)
STATAT(__fstatat64_time64, stat64_time64)
#endif
#endif

int
statx(int folder, const char *restrict path, int flags, unsigned int mask, struct statx *restrict status)
{
	return is_hidden(path) ? -1 : NEXT(statx)(folder, path, flags, mask, status);
}

DIR *
opendir(const char *path)
{
	return is_hidden(path) ? NULL : NEXT(opendir)(path);
}

int
access(const char *path, int mode)
{
	return is_hidden(path) ? -1 : NEXT(access)(path, mode);
}

int
faccessat(int folder, const char *path, int mode, int flags)
{
	return is_hidden(path) ? -1 : NEXT(faccessat)(folder, path, mode, flags);
}

ssize_t
readlink(const char *restrict path, char *restrict text, size_t size)
{
	return is_hidden(path) ? -1 : NEXT(readlink)(path, text, size);
}

ssize_t
readlinkat(int folder, const char *restrict path, char *restrict text, size_t size)
{
	return is_hidden(path) ? -1 : NEXT(readlinkat)(folder, path, text, size);
}

int
chdir(const char *path)
{
	return is_hidden(path) ? -1 : NEXT(chdir)(path);
}
