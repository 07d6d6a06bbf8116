#include "common/features.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/io.h"
#include "common/ready.h"
#include "server/pid_file.h"
#include "server/record_log.h"
#include "server/report.h"
#include "server/server.h"
#include "server/wakeup.h"

/* Every RECV sleeps on it. */
static int
make_lifeline(struct server *server)
{
	if (io_pipe(server->lifeline) == -1)
		return -1;
	errno = EMFILE;
	return ready_fits(server->lifeline[0]) ? 0 : -1;
}

static int
open_log(const struct options *options)
{
	int mended, log = record_log_open(options->log, O_RDWR | O_CREAT);

	mended = log == -1 ? -1 : record_log_mend(log);
	if (mended == -1)
		report("cannot open log %s: %s", options->log,
		    errno == EINVAL ? "not a regular file" : strerror(errno));
	if (mended == 1)
		report("log %s: its last record was torn, and is ended with CAN", options->log);
	io_close(&log);
	return mended == -1 ? -1 : 0;
}

/* A daemon works in /: its files are named from there. */
static int
make_absolute(const char **path, char *absolute, size_t size)
{
	size_t length;

	if (*path == NULL || (*path)[0] == '/')
		return 0;
	if (getcwd(absolute, size) == NULL)
		return -1;
	length = strlen(absolute);
	if (length + 1 + strlen(*path) >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	(void)snprintf(absolute + length, size - length, "/%s", *path);
	*path = absolute;
	return 0;
}

/* On the way to a process of its own, with all that it works with. */
static int
settle(struct server *server)
{
	struct options *options = &server->options;

	if (front_start(options->daemon, &server->front) == -1)
		return -1;
	if (options->daemon &&
	    (make_absolute(&options->log, server->log_path, sizeof server->log_path) == -1 ||
	    make_absolute(&options->pid_file, server->pid_path, sizeof server->pid_path) == -1))
		return -1;
	if (children_init(&server->children,
	    (size_t)(options->max_clients + options->max_waiting)) == -1 ||
	    places_open(&server->places) == -1)
		return -1;
	return make_lifeline(server);
}

/* Everything that can fail before anyone is served. */
static int
prepare(struct server *server)
{
	struct options *options = &server->options;
	char error[512];

	if (io_fill_stdio() == -1) {
		report("cannot open /dev/null: %s", strerror(errno));
		return -1;
	}
	if (key_load(options->key_file, &server->key, error, sizeof error) == -1) {
		report("%s", error);
		return -1;
	}
	if (settle(server) == -1) {
		report("cannot start: %s", strerror(errno));
		return -1;
	}
	if (open_log(options) == -1)
		return -1;
	if (listeners_open(&server->listeners, options, error, sizeof error) == -1) {
		report("%s", error);
		return -1;
	}
	if (wakeup_parent(&server->sleeping) == -1) {
		report("cannot set up signals: %s", strerror(errno));
		return -1;
	}
	if (options->pid_file == NULL)
		return 0;
	server->pid_file = pid_file_open(options->pid_file, error, sizeof error);
	if (server->pid_file == -1)
		report("%s", error);
	return server->pid_file == -1 ? -1 : 0;
}

/* READY and every address, as bound. */
static int
say_ready(struct server *server)
{
	char line[256] = "READY";
	size_t length = strlen(line);
	int i;

	for (i = 0; i < server->listeners.count; i++)
		length += (size_t)snprintf(line + length, sizeof line - length, " %s",
		    server->listeners.list[i].address);
	(void)snprintf(line + length, sizeof line - length, "\n");
	if (front_announce(&server->front, line) == 0)
		return 0;
	report("cannot say that the server is ready: %s", strerror(errno));
	return -1;
}

int
main(int argc, char **argv)
{
	struct server server;
	int status;

	(void)argc;
	memset(&server, 0, sizeof server);
	server.paused = NEVER;
	server.lifeline[0] = server.lifeline[1] = server.pid_file = -1;
	server.places.questions = server.places.ask = -1;
	status = options_parse(argv, &server.options);
	if (status != -1)
		return status;
	if (prepare(&server) == -1) {
		children_free(&server.children);
		return 1;
	}
	status = say_ready(&server) == -1 ? 1 : server_run(&server);
	listeners_close(&server.listeners);
	turned_away_close(&server.turned_away);
	children_end(&server.children, &server.sleeping);
	children_free(&server.children);
	if (server.pid_file != -1)
		pid_file_remove(server.options.pid_file, &server.pid_file);
	return status;
}
