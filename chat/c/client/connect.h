#ifndef CONNECT_H
#define CONNECT_H

#include <stdbool.h>
#include <stddef.h>

int connect_to(const char *host, const char *port, bool *hopeless, char *error, size_t size);

#endif
