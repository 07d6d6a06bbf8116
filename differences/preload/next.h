/* What stands behind a preloaded function: the same one of the next object, and libc's in the end. */

#ifndef NEXT_H
#define NEXT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stddef.h>

/* NEXT(accept)(listener, peer, length) calls the next accept(); looked up once for each place that it stands in */
#define NEXT(name) \
	__extension__({ \
		static __typeof__(&name) next_one; \
		if (next_one == NULL) \
			next_one = (__typeof__(&name))dlsym(RTLD_NEXT, #name); \
		next_one; \
	})

#endif
