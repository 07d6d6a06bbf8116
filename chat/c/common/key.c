#include "common/features.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/io.h"
#include "common/key.h"

static char
lower(char digit)
{
	return digit >= 'A' && digit <= 'F' ? (char)(digit - 'A' + 'a') : digit;
}

static int
key_parse(const char *digits, size_t length, struct key *key)
{
	size_t i;

	if (length == KEY_DIGITS + 1 && digits[KEY_DIGITS] == '\n')
		length--;
	if (length != KEY_DIGITS)
		return -1;
	for (i = 0; i < KEY_DIGITS; i++) {
		key->digits[i] = lower(digits[i]);
		if (memchr("0123456789abcdef", key->digits[i], 16) == NULL)
			return -1;
	}
	return 0;
}

static int
key_read(int fd, const char *path, struct key *key, char *error, size_t size)
{
	char bytes[KEY_DIGITS + 2];
	struct stat status;
	ssize_t count;

	if (fstat(fd, &status) == -1) {
		(void)snprintf(error, size, "cannot read key file %s: %s", path, strerror(errno));
		return -1;
	}
	if (!S_ISREG(status.st_mode)) {
		(void)snprintf(error, size, "key file %s: not a regular file", path);
		return -1;
	}
	if ((status.st_mode & (S_IRGRP | S_IROTH)) != 0) {
		(void)snprintf(error, size, "key file %s: mode %03o lets others read it; chmod 600 it",
		    path, (unsigned)status.st_mode & 0777);
		return -1;
	}
	if ((count = io_pread(fd, bytes, sizeof bytes, 0)) == -1) {
		(void)snprintf(error, size, "cannot read key file %s: %s", path, strerror(errno));
		return -1;
	}
	if (key_parse(bytes, (size_t)count, key) == -1) {
		(void)snprintf(error, size,
		    "key file %s: expected %d hexadecimal digits and at most one LF", path, KEY_DIGITS);
		return -1;
	}
	return 0;
}

/* On failure error gives the reason, and names the file. */
int
key_load(const char *path, struct key *key, char *error, size_t size)
{
	/* O_NONBLOCK: a FIFO is refused below, not waited for. */
	int result, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd == -1) {
		(void)snprintf(error, size, "cannot open key file %s: %s", path, strerror(errno));
		return -1;
	}
	result = key_read(fd, path, key, error, size);
	io_close(&fd);
	return result;
}

/* Takes as long for a wrong first digit as for a wrong last one. */
bool
key_matches(const struct key *key, const char *digits, size_t length)
{
	unsigned difference = 0;
	size_t i;

	if (length != KEY_DIGITS)
		return false;
	for (i = 0; i < KEY_DIGITS; i++)
		difference |= (unsigned)(unsigned char)lower(digits[i]) ^ (unsigned char)key->digits[i];
	return difference == 0;
}
