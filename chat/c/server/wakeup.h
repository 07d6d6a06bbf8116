#ifndef WAKEUP_H
#define WAKEUP_H

#include <signal.h>
#include <stdbool.h>

/* Each sets up one kind of process; sleeping is the mask for its sleep. */
int wakeup_parent(sigset_t *sleeping);
int wakeup_recv(sigset_t *sleeping);
int wakeup_send(sigset_t *sleeping);

/* Has it come? Also true while it waits to be delivered. */
bool wakeup_is_stop(void);
bool wakeup_is_alarm(void);
bool wakeup_is_place(void);

/* One that has come counts no more. */
int wakeup_forget_alarm(void);

#endif
