/*
 * Included first by every file: which declarations the system headers show.
 *
 * POSIX.1-2008 has no flock(). glibc and musl declare it in <sys/file.h> whatever is asked for;
 * the BSDs, macOS and illumos hide it once _POSIX_C_SOURCE is defined, unless they are asked for
 * their own names as well. FreeBSD and DragonFly have no such macro: there nothing may be
 * defined, and everything is shown.
 */
#ifndef FEATURES_H
#define FEATURES_H

#if !defined(__FreeBSD__) && !defined(__DragonFly__)
#define _POSIX_C_SOURCE 200809L
#endif
#if defined(__APPLE__)
#define _DARWIN_C_SOURCE
#elif defined(__NetBSD__)
#define _NETBSD_SOURCE
#elif defined(__OpenBSD__)
#define _BSD_SOURCE
#elif defined(__sun)
#define __EXTENSIONS__
#endif

/* 64-bit offsets and dates on 32-bit systems; the Makefile need not be trusted with it. */
#define _FILE_OFFSET_BITS 64
#define _TIME_BITS 64

#endif
