"""How each system call is said: which of its arguments matter, and by what name its descriptor goes."""

import re
from collections.abc import Callable, Mapping
from itertools import islice

from anyunix.trace.descriptors import RETURNING, Descriptors
from anyunix.trace.events import Event
from anyunix.trace.words import OWN_ADDRESS, repeatable

CANONICAL: Mapping[str, str] = {
    alias: name
    for name, aliases in {
        "open": "openat",
        "accept": "accept4",
        "fork": "vfork clone clone3 rfork pdfork",
        "wait": "wait4 wait6 waitid waitpid",
        "sigaction": "rt_sigaction",
        "sigprocmask": "rt_sigprocmask",
        "read": "readv",
        "write": "writev",
        "pread": "pread64 preadv preadv2",
        "pwrite": "pwrite64 pwritev pwritev2",
        "lseek": "_llseek llseek",
        "ftruncate": "ftruncate64",
        "fcntl": "fcntl64",
        "mkdir": "mkdirat",
        "pipe": "pipe2",
        "dup": "dup2 dup3",
        "send": "sendto sendmsg",
        "recv": "recvfrom recvmsg",
        "sleep": "select _newselect pselect pselect6 pselect6_time64 poll ppoll ppoll_time64 epoll_wait epoll_pwait "
        "epoll_pwait2 kevent sigsuspend rt_sigsuspend pause sigwait sigwaitinfo sigtimedwait rt_sigtimedwait "
        "rt_sigtimedwait_time64 nanosleep clock_nanosleep clock_nanosleep_time64",
    }.items()
    for alias in (name, *aliases.split())
}
"""A system's or a CPU's name of a call -> the one that is shown."""

IPV4 = re.compile(r'sa_family=AF_INET, .*inet_addr\("([^"]*)"\)|AF_INET ([\d.]+):\d+')
IPV6 = re.compile(r'sa_family=AF_INET6, .*?"([^"]*)"|AF_INET6 \[([^]]*)\]')
NUMBER = re.compile(r"0x[0-9a-f]{4,}")
PIECE = re.compile(r'iov_base="((?:[^"\\]|\\.)*)"(?:\.\.\.)?')
"""Of what readv(2), writev(2), sendmsg(2) and recvmsg(2) are given, which musl's stdio uses."""
HANDLER = re.compile(r"sa_(?:handler|sigaction)=(\w+)|\{ (\w+) ")
FLAGS = re.compile(r"sa_flags=([\w|]+)|\{ \w+ (\S+) ss_t")
# FreeBSD's libthr asks for SA_SIGINFO whoever calls; the last is how strace writes the sign of SA_RESETHAND
UNIMPORTANT = {
    "O_CLOEXEC",
    "O_LARGEFILE",
    "SOCK_CLOEXEC",
    "SA_RESTORER",
    "SA_SIGINFO",
    "0",
    "0x0",
    "0xffffffff00000000",
}
LIBRARYS_OWN = ("SIGTHR", "SIGLIBRT")
"""Signals that FreeBSD's libthr and librt handle for themselves."""
ALL_SIGNALS = 24
"""Signals in a mask that blocks everything, as truss lists it; nobody names so many."""
SOMAXCONN = {"128": "SOMAXCONN", "4096": "SOMAXCONN"}
"""What a libc's header says it is: musl, FreeBSD, older and newer glibc."""
VALUE = re.compile(r"it_value=\{tv_sec=(\d+)|\{ [\d.]+, (\d+)\.\d+ \}")
"""Of a timer, for strace and truss."""
ACCESS = {"O_RDONLY", "O_WRONLY", "O_RDWR"}
DATA_SHOWN = 40
"""Characters of what was read or written that are shown."""


def say(name: str, event: Event, descriptors: Descriptors, roles: Mapping[int, str]) -> str | None:
    """`bind(socket, [::]:port)`, without what came of it; None for a call that is left out."""
    if name == "kill":
        return f"kill({_process(event.arguments[:1], roles)}, {_argument(event, 1)})"
    if name == "wait":  # one that found nobody is a question
        found = event.value.isdigit() and event.value != "0"
        return f"wait() = {roles.get(int(event.value), 'a child')}" if found else None
    if name == "setpgid":
        return f"setpgid({', '.join(_process((argument,), roles, none='itself') for argument in event.arguments)})"
    teller = TELLERS.get(name)
    if teller is not None:
        return teller(event, descriptors)
    if name in ON_DESCRIPTOR:
        return _on_descriptor(name, event, descriptors)
    if name in RETURNING:
        descriptors.opened(event.value, None)
    return None


def _process(arguments: tuple[str, ...], roles: Mapping[int, str], none: str = "group") -> str:
    text = _number(arguments[0]) if arguments else "?"
    if text == "0":
        return none
    number = int(text) if re.fullmatch("-?[0-9]{1,10}", text) else 0
    whom = roles.get(abs(number), "another process")
    return f"group of {whom}" if number < 0 else whom


def _argument(event: Event, place: int) -> str:
    return event.arguments[place] if place < len(event.arguments) else ""


def _number(text: str) -> str:
    """In decimal, whatever truss does with calls that it does not know."""
    return str(int(text, 16)) if re.fullmatch("0x[0-9a-f]{1,4}", text) else text


def _descriptor(event: Event) -> str:
    return _number(_argument(event, 0))


def _flags(text: str) -> str:
    """Flags in a fixed order, without those that only say how a library calls."""
    return "|".join(sorted({NUMBER.sub("…", flag) for flag in set(text.split("|")) - UNIMPORTANT})) or "0"


def _address(text: str) -> str:
    if match := IPV6.search(text):
        return f"[{OWN_ADDRESS.sub('address', match[1] or match[2] or '::')}]:port"
    if match := IPV4.search(text):
        return f"{OWN_ADDRESS.sub('address', match[1] or match[2])}:port"
    return NUMBER.sub("…", text)


def _data(text: str, descriptors: Descriptors) -> str:
    """The start of what was read or written."""
    short = repeatable(text.removesuffix("...").strip('"'), descriptors.folder, descriptors.processes)
    return f'"{short[:DATA_SHOWN]}{"…" if len(short) > DATA_SHOWN else ""}"'


def _gathered(text: str) -> str:
    """As of one buffer, what is in several."""
    pieces = PIECE.findall(text)
    return f'"{"".join(pieces)}"' if pieces else text


def _socket(event: Event, descriptors: Descriptors) -> str | None:
    """Without its family, which the address that it is bound to shows."""
    family, kind = _argument(event, 0), _flags(_argument(event, 1))
    descriptors.opened(event.value, None)
    if "INET" not in family:
        return None
    descriptors.opened(event.value, "datagrams" if "DGRAM" in kind else "socket")
    return f"socket({kind})" if "DGRAM" not in kind else None


def _accept(event: Event, descriptors: Descriptors) -> str | None:
    listener = descriptors.names.get(_descriptor(event))
    descriptors.opened(event.value, "client")
    flags = _flags(_argument(event, 3)) if _argument(event, 3) else "0"
    return f"accept({listener}{'' if flags == '0' else ', ' + flags})" if listener else None


def _open(event: Event, descriptors: Descriptors) -> str | None:
    arguments = event.arguments[1:] if event.arguments[:1] == ("AT_FDCWD",) else event.arguments
    if len(arguments) > 1 and "O_EXCL" in arguments[1] and event.value.isdigit():
        descriptors.made(arguments[0])
    path = descriptors.file(arguments[0]) if arguments else None
    descriptors.opened(event.value, path)
    if path is None:
        return None
    return f"open({path}, {_flags(arguments[1]) if len(arguments) > 1 else ''})"


def _mkdir(event: Event, descriptors: Descriptors) -> str | None:
    """Left out, but for the names of what is made in it."""
    if event.value == "0":
        descriptors.made(event.arguments[-2] if len(event.arguments) > 1 else "")
    return None


def _pipe(event: Event, descriptors: Descriptors) -> str | None:
    """truss does not look where pipe2(2) puts the descriptors, which are the next two."""
    if event.value == "0":
        argument = _argument(event, 0)
        told = [] if argument.startswith("0x") else re.findall(r"\d+", argument)
        ends = told or list(islice(descriptors.next_free(), 2))
        for end, name in zip(ends, ("pipe to read", "pipe to write"), strict=False):
            descriptors.opened(end, name)
    return "pipe()"


def _dup(event: Event, descriptors: Descriptors) -> str | None:
    name = descriptors.names.get(_descriptor(event))
    descriptors.opened(event.value, name)
    return f"dup({name})" if name else None


def _close(event: Event, descriptors: Descriptors) -> str | None:
    name = descriptors.closed(_descriptor(event))
    return f"close({name})" if name and name != "datagrams" else None


def _close_range(event: Event, descriptors: Descriptors) -> str | None:
    """closefrom(2) of the BSDs, close_range(2); what was open and has no name is no business of the subject's."""
    descriptors.closed_from(_number(_argument(event, 0)), _number(_argument(event, 1)))
    return None


def _fcntl(event: Event, descriptors: Descriptors) -> str | None:
    name, command = descriptors.names.get(_descriptor(event)), _argument(event, 1)
    if command.startswith(("F_DUPFD", "F_DUP2FD")):
        return _dup(event, descriptors)
    if name is None:
        return None
    if command == "F_SETFL":
        flags = "|".join(sorted(set(_flags(_argument(event, 2)).split("|")) - ACCESS)) or "0"
        return f"fcntl({name}, F_SETFL, {flags})"
    return f"fcntl({name}, {command})" if "LK" in command else None


def _ioctl(event: Event, descriptors: Descriptors) -> str | None:
    name = descriptors.names.get(_descriptor(event))
    if name is None or _argument(event, 1) != "FIONBIO":
        return None
    value = _argument(event, 2)
    return f"ioctl({name}, FIONBIO, {'…' if value.startswith('0x') else value})"


def _sigaction(event: Event, descriptors: Descriptors) -> str | None:
    signal, action = _argument(event, 0), _argument(event, 1)
    handler, flags = HANDLER.search(action), FLAGS.search(action)
    if handler is None or signal in LIBRARYS_OWN:  # NULL: only asked
        return None
    said = handler[1] or handler[2]
    return (
        f"sigaction({signal}, {'handler' if said.startswith('0x') else said}, "
        f"{_flags(flags[1] or flags[2]) if flags else '0'})"
    )


def _sigprocmask(event: Event, descriptors: Descriptors) -> str | None:
    """Libraries block everything around a fork, each in its own way: that and the way back are left out."""
    how, signals = _argument(event, 0), _argument(event, 1)
    if signals.startswith("~") or signals.count("SIG") >= ALL_SIGNALS:
        descriptors.masks += 1
        return None
    if how == "SIG_SETMASK" and descriptors.masks:
        descriptors.masks -= 1
        return None
    # RT_1, RT_2: musl's own
    names = sorted(word.removeprefix("SIG") for word in re.findall(r"\w+", signals) if not word.startswith("RT"))
    return f"sigprocmask({how}, [{' '.join(names)}])" if names and signals not in ("NULL", "0x0") else None


def _alarm(event: Event, descriptors: Descriptors) -> str | None:
    return f"alarm({_argument(event, 0)})"


def _setitimer(event: Event, descriptors: Descriptors) -> str | None:
    """alarm(3) as musl and the BSDs make it."""
    found = VALUE.search(_argument(event, 1))
    return f"alarm({found[1] or found[2]})" if found and _argument(event, 0) in ("ITIMER_REAL", "0") else None


def _setsid(event: Event, descriptors: Descriptors) -> str | None:
    return "setsid()"


Teller = Callable[[Event, Descriptors], str | None]
TELLERS: Mapping[str, Teller] = {
    "socket": _socket,
    "accept": _accept,
    "open": _open,
    "pipe": _pipe,
    "dup": _dup,
    "close": _close,
    "fcntl": _fcntl,
    "ioctl": _ioctl,
    "sigaction": _sigaction,
    "sigprocmask": _sigprocmask,
    "alarm": _alarm,
    "setitimer": _setitimer,
    "setsid": _setsid,
    "mkdir": _mkdir,
    "closefrom": _close_range,
    "close_range": _close_range,
}

WITH_DATA = {"read", "write", "pread", "pwrite", "send", "recv"}
ON_DESCRIPTOR = WITH_DATA | {"bind", "connect", "listen", "setsockopt", "shutdown", "flock", "ftruncate"}


def _on_descriptor(name: str, event: Event, descriptors: Descriptors) -> str | None:
    known = descriptors.names.get(_descriptor(event))
    if known is None or (known == "datagrams" and name != "bind"):
        return None
    if name in WITH_DATA:
        ended = event.value == "0" and name in ("read", "recv", "pread")
        data = _gathered(_argument(event, 1))
        shown = f", {_data(data, descriptors)}" if data.startswith('"') and not ended else ""
        return f"{name}({known}{shown}){' = end' if ended else ''}"
    if name in ("bind", "connect"):
        return f"{name}({known}, {_address(_argument(event, 1))})"
    if name in ("listen", "ftruncate"):
        number = _number(_argument(event, 1))
        return f"{name}({known}, {SOMAXCONN.get(number, number) if name == 'listen' else number})"
    # without the length of an option, and without libc's number for what has no name
    rest = [
        NUMBER.sub("…", argument).replace("SOL_IPV6", "IPPROTO_IPV6").replace("SOL_TCP", "IPPROTO_TCP")
        for argument in event.arguments[1:4]
    ]
    return f"{name}({', '.join([known, *rest])})"
