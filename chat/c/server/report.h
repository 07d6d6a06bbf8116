#ifndef REPORT_H
#define REPORT_H

/* So that gcc and clang compare the arguments with the format. */
#if defined(__GNUC__)
#define PRINTS __attribute__((__format__(__printf__, 1, 2)))
#else
#define PRINTS
#endif

void report(const char *format, ...) PRINTS;
void report_to_syslog(void);

#endif
