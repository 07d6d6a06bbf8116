/*
 * Sizes, layouts and constants as a C program gets them when it asks for no feature: one "name value" a line.
 * Values are decimal numbers; -1 stands for a constant that is not defined.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#ifdef MSG_NOSIGNAL
#define NOSIGNAL_FLAG	MSG_NOSIGNAL
#else
#define NOSIGNAL_FLAG	(-1)
#endif
#ifdef SO_NOSIGPIPE
#define NOSIGPIPE_OPTION	SO_NOSIGPIPE
#else
#define NOSIGPIPE_OPTION	(-1)
#endif

static void
show(const char *name, long value)
{
	printf("%s %ld\n", name, value);
}

/* 1 when the byte with the lowest address is the least significant one. */
static long
little_endian(void)
{
	const unsigned int one = 1;

	return *(const unsigned char *)&one;
}

/* A descriptor as open(2) makes it, nothing asked for: is it closed at exec? */
static long
closed_at_exec(void)
{
	int fd = open("/dev/null", O_RDONLY);

	return fd == -1 ? -1 : (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}

int
main(void)
{
	show("pointer", (long)sizeof(void *));
	show("long", (long)sizeof(long));
	show("int", (long)sizeof(int));
	show("off_t", (long)sizeof(off_t));
	show("time_t", (long)sizeof(time_t));
	show("pid_t", (long)sizeof(pid_t));
	show("char_is_signed", CHAR_MIN < 0);
	show("little_endian", little_endian());
	show("sa_family_offset", (long)offsetof(struct sockaddr, sa_family));
	show("sun_path", (long)sizeof(((struct sockaddr_un *)0)->sun_path));
	show("open_is_cloexec", closed_at_exec());
	show("msg_nosignal", NOSIGNAL_FLAG);
	show("so_nosigpipe", NOSIGPIPE_OPTION);
	return 0;
}
