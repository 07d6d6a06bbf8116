/*
 * What is to become of a call, as a file says that ANYUNIX_INJECT names, and what became of it. The file is mapped, so
 * that nothing of this is a call of the server's own, and it works for one that has become another user, or closes
 * every descriptor: `struct plan`, in the byte order of this CPU, and behind it lines in strace(1)'s words.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

enum { NOTHING, RECORDED, FAILS, FAILS_AFTER, HALF, ONE };	/* what becomes of a call */
enum { EACH, FIRST, CHILDREN, LATER, THREADS };			/* whose calls count */
enum { ANY, CLIENT, PIPE, FILE_WANTED };			/* what a descriptor is */
enum { DESCRIPTORS = 4096 };
#define MARKS { "", "", "--- SIGCONT {} ---", "--- SIGENDING {} ---" }

struct plan {
	int32_t armed;		/* 0 while calls do not count yet; recorded: 1 starting, 2 serving, 3 ending */
	int32_t marked;		/* the phase that the record is in */
	int32_t what, error;
	int32_t when, lasting;	/* which call of a thread's, and whether those behind it as well */
	int32_t who, first;	/* the number of the first process */
	int32_t kind;
	int32_t claimed, hits;	/* how often it has happened: before the line is written, and after */
	int32_t used;		/* bytes of lines */
	char call[32];
	char path[1024];	/* the only file that is FILE_WANTED */
	char lines[];
};

struct call {
	const char *name;
	int verdict, cut;	/* cut: a transfer that was made shorter */
	char arguments[512];
};

static struct plan *plan;
static size_t room;			/* bytes for lines */
static pid_t self;			/* not so in a child that fork(2) has not made: vfork(2)'s has our memory */
static int born;			/* what `armed` was then */
static unsigned char kinds[DESCRIPTORS];
static __thread long count;
static __thread int forking, told;	/* told: a record says whose thread this is */

static long
thread(void)
{
#ifdef __linux__
	return syscall(SYS_gettid);
#else
	return getpid();
#endif
}

static void
add(const char *line, int length)
{
	int32_t at = __atomic_fetch_add(&plan->used, length, __ATOMIC_ACQ_REL);

	if (at >= 0 && (size_t)at + (size_t)length <= room)
		memcpy(plan->lines + at, line, (size_t)length);
}

/* A line, behind the one that says that another phase begins. */
static void
note(long who, const char *format, ...)
{
	static const char *const marks[] = MARKS;
	char line[700];
	int32_t armed = __atomic_load_n(&plan->armed, __ATOMIC_ACQUIRE), marked = plan->marked;
	int length, saved = errno;
	va_list arguments;

	if (plan->what == RECORDED && armed > 1 && armed <= 3 && marked < armed &&
	    __atomic_compare_exchange_n(&plan->marked, &marked, armed, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		length = snprintf(line, sizeof line, "%ld %s\n", who, marks[armed]);
		add(line, length);
	}
	length = snprintf(line, sizeof line, "%ld ", who);
	va_start(arguments, format);
	length += vsnprintf(line + length, sizeof line - (size_t)length, format, arguments);
	va_end(arguments);
	add(line, length < (int)sizeof line ? length : (int)sizeof line - 1);
	errno = saved;
}

/* In a child. fork(2) that libc calls itself, as daemon(3) does, is seen here alone. */
static void
is_born(void)
{
	self = getpid();
	count = told = 0;
	born = plan->armed;
	if (plan->what == RECORDED && !forking)
		note(getppid(), "fork() = %ld\n", (long)self);
	forking = 0;
}

__attribute__((constructor)) static void
begin(void)
{
	const char *name = getenv("ANYUNIX_INJECT");
	struct stat status;
	void *mapped;
	int32_t nobody = 0;
	int fd;

	if (name == NULL || (fd = open(name, O_RDWR | O_CLOEXEC)) == -1)
		return;
	if (fstat(fd, &status) == 0 && (size_t)status.st_size > sizeof *plan) {
		mapped = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (mapped != MAP_FAILED) {
			self = getpid();
			room = (size_t)status.st_size - sizeof *plan;
			born = ((struct plan *)mapped)->armed;
			plan = mapped;
			(void)__atomic_compare_exchange_n(&plan->first, &nobody, self, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
			pthread_atfork(NULL, NULL, is_born);
		}
	}
	close(fd);
}

static int
kind_of(int fd)
{
	return fd >= 0 && fd < DESCRIPTORS ? kinds[fd] : ANY;
}

/* A descriptor that a call returned is one of these now. */
static int
becomes(int fd, int kind)
{
	if (plan != NULL && fd >= 0 && fd < DESCRIPTORS && getpid() == self)
		kinds[fd] = (unsigned char)kind;
	return fd;
}

static int
is_meant(void)
{
	switch (plan->who) {
	case FIRST:
		return self == plan->first;
	case CHILDREN:
		return self != plan->first && born != plan->armed;
	case THREADS:
		return self == plan->first && thread() != (long)self;
	case LATER:
		return self != plan->first && born == plan->armed;
	default:
		return 1;
	}
}

/* One process gets what happens once. */
static int
claimed(void)
{
	int32_t never = 0;

	if (plan->lasting) {
		__atomic_fetch_add(&plan->claimed, 1, __ATOMIC_ACQ_REL);
		return 1;
	}
	return __atomic_compare_exchange_n(&plan->claimed, &never, 1, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static int
verdict(const char *name, int kind)
{
	if (plan == NULL || __atomic_load_n(&plan->armed, __ATOMIC_ACQUIRE) == 0 || getpid() != self)
		return NOTHING;
	if (plan->what == RECORDED)
		return RECORDED;
	if (strcmp(name, plan->call) != 0 || (plan->kind != ANY && kind != plan->kind) || !is_meant() ||
	    ++count < plan->when)
		return NOTHING;
	if (plan->what == HALF || plan->what == ONE)	/* whether there is enough to cut is seen later */
		return plan->claimed && !plan->lasting ? NOTHING : plan->what;
	return claimed() ? plan->what : NOTHING;
}

/* A call begins; whether it is to fail instead. */
static int
fails(struct call *call, const char *name, int kind, const char *format, ...)
{
	int saved = errno;
	va_list arguments;

	call->name = name;
	call->cut = 0;
	call->verdict = verdict(name, kind);
	if (call->verdict != NOTHING) {
		va_start(arguments, format);
		(void)vsnprintf(call->arguments, sizeof call->arguments, format, arguments);
		va_end(arguments);
		if (call->verdict == RECORDED && !told++ && thread() != (long)self)
			note(self, "clone(flags=CLONE_THREAD) = %ld\n", thread());
		if (call->verdict == RECORDED)
			note(thread(), "%s(%s <unfinished ...>\n", name, call->arguments);
	}
	errno = saved;
	return call->verdict == FAILS;
}

/* How many bytes it is to be asked for instead of these. */
static size_t
shorter(struct call *call, size_t length)
{
	size_t less = call->verdict == HALF ? length / 2 : 1;

	if ((call->verdict != HALF && call->verdict != ONE) || less == 0 || less >= length)
		return length;
	call->cut = (int)less;
	return less;
}

/* A call ends; what the server sees of it. */
static long
ends(struct call *call, long result)
{
	switch (call->verdict) {
	case RECORDED:
		if (result == -1)
			note(thread(), "<... %s resumed>) = -1 errno %d\n", call->name, errno);
		else
			note(thread(), "<... %s resumed>) = %ld\n", call->name, result);
		return result;
	case HALF:
	case ONE:
		if (call->cut == 0 || result != call->cut || !claimed())
			return result;
		note(thread(), "%s(%s) = %ld (INJECTED)\n", call->name, call->arguments, result);
		break;
	case FAILS:
	case FAILS_AFTER:
		result = -1;
		errno = plan->error;
		note(thread(), "%s(%s) = -1 errno %d (INJECTED)\n", call->name, call->arguments, errno);
		break;
	default:
		return result;
	}
	__atomic_fetch_add(&plan->hits, 1, __ATOMIC_ACQ_REL);
	return result;
}

/* An address as strace writes it. */
static const char *
address_in(char *text, size_t size, const struct sockaddr *address)
{
	char host[INET6_ADDRSTRLEN] = "";

	if (address == NULL)
		return "NULL";
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)address;

		inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
		(void)snprintf(text, size, "{sa_family=AF_INET, sin_port=htons(%u), sin_addr=inet_addr(\"%s\")}",
		    (unsigned)ntohs(in->sin_port), host);
	} else if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const void *)address;

		inet_ntop(AF_INET6, &in->sin6_addr, host, sizeof host);
		(void)snprintf(text, size, "{sa_family=AF_INET6, sin6_port=htons(%u), \"%s\"}",
		    (unsigned)ntohs(in->sin6_port), host);
	} else
		(void)snprintf(text, size, "{sa_family=%d}", address->sa_family);
	return text;
}
