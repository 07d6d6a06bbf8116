"""Facts: how a signal is delivered: numbers, the handler's life, queues, order, calls that wait for it."""

import os
import signal

import pytest

from support.child import Child, in_child

USED = (
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGKILL",
    "SIGUSR1",
    "SIGUSR2",
    "SIGPIPE",
    "SIGALRM",
    "SIGTERM",
    "SIGCHLD",
    "SIGCONT",
    "SIGSTOP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGIO",
    "SIGWINCH",
)
WAITING_CALLS = (
    "sigwait",
    "sigwaitinfo",
    "sigtimedwait",
    "sigpending",
    "pthread_kill",
    "siginterrupt",
    "pidfd_send_signal",
)


def test_signal_numbers(fact):
    """Which number has each signal, and which are the real-time ones?

    POSIX kill(1) fixes 1, 2, 3, 6, 9, 14 and 15 only; signal.h leaves the rest open: SIGUSR1 is 10 on most Linux
    CPUs (16 on MIPS) and 30 on the BSDs, SIGCHLD 17 and 20. OpenBSD and macOS have no real-time signals, and glibc
    and musl start them at 34 and 35 (signal(7): the C library keeps the first for its threads).
    """
    fact("signals.numbers", {name: int(getattr(signal, name)) for name in USED if hasattr(signal, name)})
    ends = [getattr(signal, name, None) for name in ("SIGRTMIN", "SIGRTMAX")]
    fact("signals.realtime_numbers", None if None in ends else [int(end) for end in ends])


def test_handler_stays_installed(fact):
    """Is a handler that sigaction installed still there after it ran once?

    POSIX sigaction: yes, unless SA_RESETHAND is set. Systems agree; programs that leave sa_flags uninitialised do
    not: the second SIGUSR1 then killed an i386 process and no amd64 one.
    Measured with Python's own sigaction call, by sending the signal twice.
    """
    with Child(signalled_twice) as child:
        fact("signals.handler_after_delivery", "reset" if os.WIFSIGNALED(child.reap()) else "kept")


def test_standard_signals_coalesce(fact):
    """How often does a standard signal arrive that was sent 100 times while blocked?

    POSIX 2.4.1 leaves it open whether more than once. Linux delivers one (signal(7)); FreeBSD's sigqueue_add
    (sys/kern/kern_sig.c) queues kill()'s signals too, up to kern.sigqueue.max_pending_per_proc (100 of 100 measured on
    14.0). A server that counts messages by signals loses some: the lost wake-up of the paper's server. Counted in the
    C-level handler.
    """
    delivered = len(in_child(deliveries, [signal.SIGUSR1] * 100))
    fact("signals.coalesce", delivered < 100)
    fact("signals.delivered_of_100_blocked", delivered)


def test_realtime_signals_queue(fact):
    """How often does a real-time signal arrive that kill() sent 10 times while blocked?

    POSIX 2.4.1 queues what sigqueue() sends and leaves kill() open: Linux queues both, up to RLIMIT_SIGPENDING
    (signal(7)). OpenBSD and macOS have no real-time signals.
    """
    number = realtime("SIGRTMIN")
    fact("signals.realtime_delivered_of_10_blocked", len(in_child(deliveries, [number] * 10)))


def test_realtime_order(fact):
    """Of two pending real-time signals, which does sigwait take: the lowest number or the first sent?

    POSIX sigwaitinfo: the lowest number. A standard signal beside a real-time one is unspecified there; Linux takes
    the standard one first (signal(7)).
    """
    low, high = realtime("SIGRTMIN"), realtime("SIGRTMAX")
    fact("signals.realtime_order", "lowest first" if in_child(taken, [high, low])[0] == low else "as sent")
    first = in_child(taken, [low, signal.SIGUSR1])[0]
    fact("signals.standard_before_realtime", first == signal.SIGUSR1)


def test_blocked_and_ignored_signal(fact):
    """Does a signal stay pending when it is blocked and ignored as well?

    POSIX 2.4.1 leaves it unspecified. Linux keeps it, so sigwait({SIGCHLD}) works with the default disposition, which
    ignores it; FreeBSD (tdsendsignal in sys/kern/kern_sig.c; measured on 14.0) and macOS (psignal in its kern_sig.c)
    forget it at once. A server that takes SIGCHLD with sigwait should therefore install a handler for it, even an empty
    one.
    """
    fact("signals.pending_while_blocked_and", in_child(pending_while_blocked))


def test_calls_that_wait_for_signals(fact):
    """Which calls that wait for a signal without a handler exist, and do they take a pending one?

    POSIX sigwait is there for all, sigtimedwait and sigwaitinfo are in its realtime part; macOS and OpenBSD lack both
    of these. pidfd_send_signal is Linux alone.
    """
    fact("signals.calls", {name: hasattr(signal, name) for name in WAITING_CALLS})
    if hasattr(signal, "sigtimedwait"):
        fact("signals.sigtimedwait", in_child(timed_waits))


def signalled_twice(channel) -> None:
    signal.signal(signal.SIGUSR1, lambda *_: None)
    os.kill(os.getpid(), signal.SIGUSR1)
    os.kill(os.getpid(), signal.SIGUSR1)


def deliveries(channel, numbers: list[int]) -> list[int]:
    """Send the signals while they are blocked, unblock them: the numbers as the C-level handler saw them."""
    read_fd, write_fd = os.pipe()
    os.set_blocking(read_fd, False)
    os.set_blocking(write_fd, False)
    for number in set(numbers):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(write_fd)  # one byte a delivery; Python's own handlers run once for several
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    for number in numbers:
        os.kill(os.getpid(), number)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
    return list(os.read(read_fd, 1024))


def taken(channel, numbers: list[int]) -> list[int]:
    """Send the signals while they are blocked: the order in which sigwait takes them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    for number in numbers:
        os.kill(os.getpid(), number)
    return [int(signal.sigwait(numbers)) for _ in numbers]


def pending_while_blocked(channel) -> dict[str, bool]:
    numbers = {"ignored": signal.SIGUSR1, "ignored by default": signal.SIGCHLD, "caught": signal.SIGUSR2}
    signal.signal(numbers["ignored"], signal.SIG_IGN)
    signal.signal(numbers["ignored by default"], signal.SIG_DFL)
    signal.signal(numbers["caught"], lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers.values())
    for number in numbers.values():
        os.kill(os.getpid(), number)
    return {name: number in signal.sigpending() for name, number in numbers.items()}


def timed_waits(channel) -> dict[str, str]:
    """What sigtimedwait answers when nothing is pending and when something is, asked not to wait."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    nothing = signal.sigtimedwait({signal.SIGUSR1}, 0)
    os.kill(os.getpid(), signal.SIGUSR1)
    something = signal.sigtimedwait({signal.SIGUSR1}, 0)
    return {
        "nothing pending": "a signal" if nothing else "none",
        "pending": "taken" if something and something.si_signo == signal.SIGUSR1 else "none",
    }


def realtime(name: str) -> int:
    if not hasattr(signal, name):
        pytest.skip(f"no real-time signals here: no {name}")
    return int(getattr(signal, name))
