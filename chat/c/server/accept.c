#include "common/features.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/io.h"
#include "common/ready.h"
#include "server/recv.h"
#include "server/report.h"
#include "server/server.h"
#include "server/wakeup.h"

#define PAUSE_MS 100		/* when accept finds the system out of something */

static void
arrived_close(struct arrived *arrived)
{
	while (arrived->count > 0)
		io_close(&arrived->list[--arrived->count]);
}

/* What the client's processes must not keep: the port, the pid file's lock, the lifeline, others. */
static void
close_parents(struct server *server)
{
	listeners_close(&server->listeners);
	turned_away_close(&server->turned_away);
	arrived_close(&server->arrived);
	io_close(&server->lifeline[1]);
	io_close(&server->places.questions);
	io_close(&server->front.life);
	io_close(&server->pid_file);
}

static void
become_receiver(struct server *server, int client)
{
	struct receiving receiving = {server->options.log, &server->key,
	    server->options.auth_timeout, client, server->lifeline[0],
	    server->places.ask};

	close_parents(server);
	_exit(recv_run(&receiving));
}

/* Who has a place, and who may wait for one, as of now. */
static void
count_places(struct server *server)
{
	children_reap(&server->children);
	places_answer(&server->places, &server->children, (size_t)server->options.max_clients);
}

/* No HELLO will come from it: it has closed without a word. Its answer needs no process. */
static bool
is_gone(int client)
{
	char byte;
	ssize_t count;

	do
		count = recv(client, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	while (count == -1 && errno == EINTR);
	return count == 0 || (count == -1 && errno != EAGAIN && errno != EWOULDBLOCK);
}

/* NULL: there is room for it. */
static const char *
reason_against(struct server *server, int client)
{
	struct children *children = &server->children;

	if (children_in(children, WELCOMED) == (size_t)server->options.max_clients)
		return "full";
	if (is_gone(client))
		return "bad-hello";
	if (children_in(children, WAITING) == (size_t)server->options.max_waiting) {
		children_kill_first(children, WAITING);
		count_places(server);	/* what it may have asked for is not for its number's next owner */
	}
	return NULL;
}

static void
admit(struct server *server, int client)
{
	const char *reason;
	pid_t child;

	count_places(server);
	reason = reason_against(server, client);
	if (reason != NULL) {
		turn_away(&server->turned_away, client, reason);
		return;
	}
	child = !ready_fits(client) || io_cloexec(client) == -1 ? -1 : fork();
	if (child == 0)
		become_receiver(server, client);
	if (child == -1) {
		turn_away(&server->turned_away, client, "busy");
		return;
	}
	children_add(&server->children, child);
	io_close(&client);
}

/*
 * Is the listener itself broken? Everything else is one connection's trouble, or passes: Linux
 * hands on the network errors of the new connection (accept(2)), others give ECONNABORTED or EPROTO.
 */
static bool
is_fatal(int number)
{
	return number == EBADF || number == EFAULT || number == EINVAL || number == ENOTSOCK;
}

static bool
is_passing(int number)
{
	switch (number) {
	case EAGAIN:
#if EWOULDBLOCK != EAGAIN
	case EWOULDBLOCK:
#endif
	case EINTR:
	case ECONNABORTED:
	case EPROTO:
	case ENETDOWN:
	case ENETUNREACH:
	case ENOPROTOOPT:
	case EHOSTUNREACH:
	case EOPNOTSUPP:
	case ETIMEDOUT:
	case ECONNRESET:
		return true;
	default:
		return false;
	}
}

/* All that wait, as far as there is room: a fork lasts long, and the queue's room is the kernel's. */
static int
accept_queued(struct server *server, const struct listener *listener)
{
	struct arrived *arrived = &server->arrived;

	while (arrived->count < MAX_ARRIVED) {
		int client = accept(listener->fd, NULL, NULL);

		if (client >= 0) {
			arrived->list[arrived->count++] = client;
			continue;
		}
		if (is_fatal(errno)) {
			report("cannot accept on %s: %s", listener->address, strerror(errno));
			return -1;
		}
		/* What those have taken who are here is free again when they are served. */
		if (!is_passing(errno) && arrived->count == 0)
			server->paused = clock_ms() + PAUSE_MS;
		return 0;
	}
	return 0;
}

static void
serve_arrived(struct server *server)
{
	struct arrived *arrived = &server->arrived;

	while (arrived->count > 0 && !wakeup_is_stop()) {
		int client = arrived->list[0];

		arrived->count--;
		memmove(arrived->list, arrived->list + 1,
		    (size_t)arrived->count * sizeof arrived->list[0]);
		admit(server, client);
	}
	arrived_close(arrived);
}

static int
accept_all(struct server *server, const struct ready *ready)
{
	int i;

	for (i = 0; i < server->listeners.count; i++) {
		if (!ready_can_read(ready, server->listeners.list[i].fd))
			continue;
		if (accept_queued(server, &server->listeners.list[i]) == -1)
			return -1;
		serve_arrived(server);
	}
	return 0;
}

/* Sleep until there is something to do. */
static int
rest(struct server *server, struct ready *ready)
{
	long long deadline = NEVER;
	int i;

	ready_clear(ready);
	if (server->paused != NEVER && clock_ms() >= server->paused)
		server->paused = NEVER;
	if (server->paused == NEVER)
		for (i = 0; i < server->listeners.count; i++)
			ready_want_read(ready, server->listeners.list[i].fd);
	else
		deadline = server->paused;
	if (server->front.life != -1)
		ready_want_read(ready, server->front.life);
	ready_want_read(ready, server->places.questions);
	turned_away_want(&server->turned_away, ready, &deadline);
	return ready_sleep(ready, deadline, &server->sleeping);
}

int
server_run(struct server *server)
{
	struct ready ready;

	while (!wakeup_is_stop()) {
		if (rest(server, &ready) == -1) {
			report("cannot wait: %s", strerror(errno));
			return 1;
		}
		count_places(server);
		turned_away_tend(&server->turned_away, &ready);
		if (server->front.life != -1 && ready_can_read(&ready, server->front.life))
			return 0;
		if (!wakeup_is_stop() && accept_all(server, &ready) == -1)
			return 1;
	}
	return 0;
}
