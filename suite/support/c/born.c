/*
 * Can a descriptor have its flags from the start? One "name ok", "name absent" or "name errno" a line, errno a number.
 * Functions are looked up when it runs, so that it compiles where there are none.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef SOCK_CLOEXEC
#define FLAG	SOCK_CLOEXEC
#else
#define FLAG	0
#endif

static void
show(const char *name, int there, int result)
{
	if (!there)
		printf("%s absent\n", name);
	else if (result == -1)
		printf("%s %d\n", name, errno);
	else
		printf("%s ok\n", name);
}

/* One end of a connection over loopback that waits to be accepted; -1 with errno. */
static int
listener_with_client(void)
{
	struct sockaddr_in here;
	socklen_t length = sizeof(here);
	int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);

	memset(&here, 0, sizeof(here));
	here.sin_family = AF_INET;
	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (listener == -1 || client == -1 || bind(listener, (struct sockaddr *)&here, sizeof(here)) == -1 ||
	    listen(listener, 1) == -1 || getsockname(listener, (struct sockaddr *)&here, &length) == -1 ||
	    connect(client, (struct sockaddr *)&here, length) == -1)
		return -1;
	return listener;
}

int
main(void)
{
	int (*accept_flags)(int, struct sockaddr *, socklen_t *, int);
	int (*pipe_flags)(int [2], int);
	int ends[2], listener = listener_with_client();

	if (listener == -1) {
		perror("a connection over loopback");
		return 1;
	}
	*(void **)&accept_flags = dlsym(RTLD_DEFAULT, "accept4");
	*(void **)&pipe_flags = dlsym(RTLD_DEFAULT, "pipe2");
	show("accept4", accept_flags != NULL, accept_flags == NULL ? 0 : accept_flags(listener, NULL, NULL, FLAG));
	show("pipe2", pipe_flags != NULL, pipe_flags == NULL ? 0 : pipe_flags(ends, O_CLOEXEC));
	show("SOCK_CLOEXEC", FLAG != 0, socket(AF_INET, SOCK_STREAM | FLAG, 0));
	return 0;
}
