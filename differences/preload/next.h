/* What stands behind a preloaded function: the same one of the next object, and libc's in the end. */

#ifndef NEXT_H
#define NEXT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>

/* NEXT(accept)(listener, peer, length) calls the next accept() */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#endif
