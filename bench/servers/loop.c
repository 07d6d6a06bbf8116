/* One process, all connections, in one loop over epoll(7), on BSD over kqueue(2): loop-c paper|like */
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/epoll.h>

static int
events_open(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}

static void
events_add(int events, int descriptor)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = descriptor };

	if (epoll_ctl(events, EPOLL_CTL_ADD, descriptor, &event) == -1)
		abort();
}

static int
events_wait(int events, int ready[], int most)
{
	struct epoll_event found[256];
	int count, index;

	count = epoll_wait(events, found, most < 256 ? most : 256, -1);
	for (index = 0; index < count; index++)
		ready[index] = found[index].data.fd;
	return count;
}
#else
#include <sys/types.h>
#include <sys/event.h>
#include <sys/time.h>

static int
events_open(void)
{
	return kqueue();
}

static void
events_add(int events, int descriptor)
{
	struct kevent event;

	EV_SET(&event, descriptor, EVFILT_READ, EV_ADD, 0, 0, 0);
	if (kevent(events, &event, 1, NULL, 0, NULL) == -1)
		abort();
}

static int
events_wait(int events, int ready[], int most)
{
	struct kevent found[256];
	int count, index;

	count = kevent(events, NULL, 0, found, most < 256 ? most : 256, NULL);
	for (index = 0; index < count; index++)
		ready[index] = (int)found[index].ident;
	return count;
}
#endif

int
main(int argc, char *argv[])
{
	int paper = is_paper(argc, argv), listener = listen_here(), events = events_open(), ready[256];
	int count, index, peer;

	if (events == -1)
		abort();
	events_add(events, listener);
	for (;;) {
		count = events_wait(events, ready, 256);
		for (index = 0; index < count; index++) {
			if (ready[index] != listener) {
				if (take(ready[index], paper) <= 0)
					close(ready[index]);
				continue;
			}
			peer = accept(listener, NULL, NULL);
			if (peer != -1)
				events_add(events, peer);
		}
	}
}
