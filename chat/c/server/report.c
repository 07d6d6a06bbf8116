#include "common/features.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

#include "server/report.h"

static volatile sig_atomic_t detached;

/* One line on stderr, or in syslog once the server is a daemon. */
void
report(const char *format, ...)
{
	char line[1024];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	if (detached)
		syslog(LOG_ERR, "%s", line);
	else
		(void)fprintf(stderr, "server: %s\n", line);
}

void
report_to_syslog(void)
{
	openlog("chat-server", LOG_PID, LOG_DAEMON);
	detached = 1;
}
