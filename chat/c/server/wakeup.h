#ifndef WAKEUP_H
#define WAKEUP_H

#include <signal.h>
#include <stdbool.h>

/* Each sets up one kind of process; sleeping is the mask for its pselect. */
int signals_parent(sigset_t *sleeping);
int signals_recv(sigset_t *sleeping);
int signals_send(sigset_t *sleeping);

/* Has it come? Also true while it waits to be delivered. */
bool signals_stop(void);
bool signals_alarm(void);

#endif
