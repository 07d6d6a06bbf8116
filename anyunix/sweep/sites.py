"""Where a server calls the system: read out of a trace of its start, four clients, and its end."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from anyunix.results.junit import BadResults
from anyunix.trace.calls import CANONICAL
from anyunix.trace.events import Event
from anyunix.trace.records import Record
from anyunix.trace.steps import NOT_YET, PARENT, Step, steps_of
from anyunix.trace.strace import read_strace

Phase = Literal["starting", "serving", "ending"]
Who = Literal["first", "children", "later", "threads"]
By = Literal["strace", "preload"]
THREAD = "thread"
MARK = "SIGCONT"
OBJECT = re.compile(r"\w+\(([^,)]*)")
OUTCOME = re.compile(r"(?<=\)) (?:= .*|E[A-Z0-9]+)$")
"""What came of a call, behind it."""
WORK = "server-1"
"""The folder of the server below that of the probe (suite/support/launcher.py)."""
STREAMS = {"client", "socket", "datagrams", "stdin", "stdout", "stderr"}
ON_FILES = {"read", "write", "pread", "pwrite", "writev", "open", "flock", "ftruncate", "close"}
COUNTED_APART = {"client", "pipe"}
HANDLER = re.compile(r"sigaction\(\w+, handler, ([^)]*)\)")
UNBLOCKED = re.compile(
    r"(?P<made>socket)\(.*SOCK_NONBLOCK|(?P<accepts>accept)\(.*SOCK_NONBLOCK|fcntl\(.*, F_SETFL, .*O_NONBLOCK"
    r"|ioctl\(.*, FIONBIO, \[1\]"
)
TIME_LIMIT = {"SO_RCVTIMEO", "SO_SNDTIMEO", "SO_RCVTIMEO_OLD", "SO_SNDTIMEO_OLD", "SO_RCVTIMEO_NEW", "SO_SNDTIMEO_NEW"}
SITE = re.compile(r', ".*"(?:…)?')


@dataclass(frozen=True)
class Site:
    """A call of one kind of process, about one thing, in one phase."""

    phase: Phase
    role: str
    """`parent`, `child`, `RECV`, `SEND`."""
    who: Who
    text: str
    """`write(chat.log)`."""
    name: str
    """The call, as traces name it."""
    call: str
    """As strace names it."""
    about: str
    """listener, client, file, pipe or any."""
    places: tuple[int, ...]
    """Which of these calls of the process it is, counted from when it begins to be looked at."""
    path: str = ""
    """Of the file, below the folder of the probe."""
    by: By = "strace"
    """What it was seen by, and can be changed by: each counts calls in its own way."""
    interruptible: bool = True
    """Whether a signal can interrupt it for good: it waits, and a handler is set by then without SA_RESTART."""
    edges: bool = False
    """Whether it waits for edges: EPOLLET, with which a short result says that nothing is left (epoll(7), Q&A 9)."""
    blocks: bool = False
    """Whether it waits until there is something: what it is about is not set to do otherwise."""

    @property
    def key(self) -> tuple[str, ...]:
        """The same for whoever sees it."""
        return self.phase, self.role, self.text, self.who

    @property
    def kind(self) -> str:
        """What only counts for an object inside of the server."""
        return self.about if self.by == "preload" and self.about in COUNTED_APART else ""

    @property
    def label(self) -> str:
        return f"{self.role}: {self.text}"


@dataclass(frozen=True)
class Marks:
    """Where, among the events, a phase ends."""

    listening: int
    """The first client is accepted."""
    serving: int
    """Clients come, a tracer may be beside it, and its calls are counted anew."""
    ending: int
    """No more clients come, and it is told to end; counted anew again."""


def sites_in(record: Record, stop: str, by: By = "strace") -> tuple[list[Site], list[Site]]:
    """Each once, in the order in which they come first; and those of processes that a tracer cannot tell from others.
    `stop` is the signal that ends the server, `by` who wrote the record.

    Raises BadResults for a trace without a server's start.
    """
    if record.missing:
        raise BadResults(record.missing)
    events = read_strace(record.texts[0]) if record.texts else []
    threads = _threads(events)
    counted = [
        replace(
            event,
            pid=threads.get(event.pid, event.pid),
            error="" if by == "preload" and event.error in NOT_YET else event.error,
        )
        for event in events
    ]
    steps = steps_of(counted, folder=record.folder, chat=record.chat)
    if PARENT not in steps:
        raise BadResults("the trace has no server in it")
    marks = _marks(events, stop)
    ordinals = _ordinals(events, marks)
    there = {int(event.value) for event in events[: marks.serving] if _forks(event)}
    interrupted, unblocked = _interrupted_from(steps, events), _unblocked(steps, events)
    edges = any("EPOLLET" in word for event in events for word in event.arguments)
    found: dict[tuple[str, ...], Site] = {}
    own: Counter[tuple[int, str, str, Phase]] = Counter()
    for at, role, step in sorted((step.at, role, step) for role, each in steps.items() for step in each):
        phase = _phase(at, marks)
        if phase is None or events[at].kind != "call" or not step.returned or _cannot_fail(events[at]):
            continue
        early = counted[at].pid in there
        site = replace(_site(phase, role, step, events[at], early, ordinals[at]), by=by)
        blocks = about(step) not in unblocked
        site = replace(
            site, edges=edges, blocks=blocks, interruptible=site.name == "sleep" or (blocks and step.at >= interrupted)
        )
        if site.who == "first" and events[at].pid in threads:
            site = replace(site, who="threads", role=THREAD)
        if alone := site.path or site.kind:  # strace -P, and c/inject.h, count the calls about that alone
            own[events[at].pid, site.call, alone, phase] += 1
            site = replace(site, places=(own[events[at].pid, site.call, alone, phase],))
        if events[at].error in NOT_YET:
            continue
        key = (phase, site.role, site.text, site.call, site.who)
        known = found.get(key)
        found[key] = _also_at(known, site.places) if known else site
    alike = [site for site in found.values() if by == "strace" and _not_told_apart(site, found.values())]
    return [site for site in found.values() if site not in alike], alike


def _site(phase: Phase, role: str, step: Step, event: Event, early: bool, place: int) -> Site:
    name = CANONICAL.get(event.name, event.name)
    thing = about(step)
    who: Who = "first" if role == PARENT else "children" if early and phase != "starting" else "later"
    text = "sleep()" if name == "sleep" else OUTCOME.sub("", SITE.sub("", step.text))
    return Site(
        phase,
        re.sub(r"[ .\d]+$", "", role),
        who,
        (text if text.endswith(")") else f"{text})").replace(f"{WORK}/", ""),
        name,
        event.name,
        _kind(name, thing),
        (place,),
        thing if _kind(name, thing) == "file" and "…" not in thing else "",  # another name each time
    )


def _interrupted_from(steps: Mapping[str, Iterable[Step]], events: Sequence[Event]) -> int:
    """From where on a signal may interrupt more than what sleeps: signal(7), Interruption of system calls. Calls are
    restarted where a handler is set with SA_RESTART, unless a socket has a time limit.
    """
    limits = [at for at, event in enumerate(events) if TIME_LIMIT.intersection(event.arguments)]
    handlers = [(step.at, match[1]) for step in _all(steps) if (match := HANDLER.fullmatch(step.text))]
    return min([*limits, *(at for at, flags in handlers if "SA_RESTART" not in flags)], default=len(events))


def _unblocked(steps: Mapping[str, Iterable[Step]], events: Iterable[Event]) -> set[str]:
    """What calls about do not wait, and are interrupted by nothing."""
    found = set()
    if any(event.name == "pipe2" and "O_NONBLOCK" in str(event.arguments) for event in events):
        found |= {"pipe to read", "pipe to write"}
    for step in _all(steps):
        if match := UNBLOCKED.match(step.text):
            found.add("client" if match["accepts"] else match["made"] or about(step))
    return found - {about(step) for step in _all(steps) if step.text.endswith(", F_SETFL, 0)")}


def _cannot_fail(event: Event) -> bool:
    """Whether it is a wait for a child that waits for nothing, which no signal interrupts; or a dup2(2), which takes no
    new number (POSIX dup).
    """
    no_hang = CANONICAL.get(event.name) == "wait" and any("WNOHANG" in each for each in event.arguments)
    return no_hang or event.name in ("dup2", "dup3")


def _all(steps: Mapping[str, Iterable[Step]]) -> Iterator[Step]:
    return (step for each in steps.values() for step in each)


def about(step: Step) -> str:
    """What a call is about: `client`, `chat.log`."""
    match = OBJECT.match(step.text)
    return match[1] if match else ""


def _also_at(site: Site, places: tuple[int, ...]) -> Site:
    return replace(site, places=tuple(dict.fromkeys([*site.places, *places])))


def _kind(name: str, about: str) -> str:
    if name in ("accept", "listen"):
        return "listener"
    if "pipe" in about:
        return "pipe"
    if about in STREAMS:
        return "client" if about == "client" else "any"
    return "file" if about and name in ON_FILES else "any"


def _marks(events: Sequence[Event], stop: str) -> Marks:
    """MARK comes to all processes before the clients come, and once more behind the last one."""
    end = len(events)
    marked = [(at, event.pid) for at, event in enumerate(events) if _is_signal(event, MARK)]
    accepted = _clients(events)
    serving = marked[0][0] if marked else end
    again = (at for place, (at, pid) in enumerate(marked) if pid in {before for _, before in marked[:place]})
    told = (at for at, event in enumerate(events) if at > max([serving, *accepted]) and _is_signal(event, stop))
    ending = next(again, next(told, end))
    return Marks(min(next(iter(accepted), end), serving), serving, ending)


def _phase(at: int, marks: Marks) -> Phase | None:
    """None between the first client and the others, where a server gets going."""
    if at < marks.listening:
        return "starting"
    return None if at < marks.serving else "serving" if at < marks.ending else "ending"


def _ordinals(events: Sequence[Event], marks: Marks) -> list[int]:
    """Which of its process's calls of that name each is, since a tracer began to look: when MARK came to it, or to the
    others where it does not.
    """
    counts: Counter[tuple[int, str, int, int]] = Counter()
    own: Counter[int] = Counter()
    found = []
    for at, event in enumerate(events):
        own[event.pid] += _is_signal(event, MARK)
        key = (event.pid, event.name, (at >= marks.serving) + (at >= marks.ending), own[event.pid])
        counts[key] += 1
        found.append(counts[key])
    return found


def _is_signal(event: Event, name: str) -> bool:
    """Of several threads any may be the one that a signal comes to."""
    return event.kind == "signal" and event.name == name


def _forks(event: Event) -> bool:
    return event.kind == "call" and CANONICAL.get(event.name) == "fork" and event.value.isdigit()


def _clients(events: Sequence[Event]) -> list[int]:
    """Where a client is accepted; of a server that accepts none, where a datagram comes."""
    calls = [(at, CANONICAL.get(event.name)) for at, event in enumerate(events) if _answered(event)]
    accepted = [at for at, name in calls if name == "accept"]
    return accepted or [at for at, name in calls if name == "recv" and not events[at].error]


def _answered(event: Event) -> bool:
    return event.kind == "call" and event.value.isdigit()


def _threads(events: Sequence[Event]) -> dict[int, int]:
    """Thread -> its process."""
    found: dict[int, int] = {}
    for event in events:
        if _forks(event) and "CLONE_THREAD" in " ".join(event.arguments):
            found[int(event.value)] = found.get(event.pid, event.pid)
    return found


def _not_told_apart(site: Site, sites: Iterable[Site]) -> bool:
    """Whether the first process would be hit in place of one that comes later, because it makes such calls as well; or
    another thread: strace counts the calls of each, and hits all.
    """
    return site.who == "threads" or (
        site.who == "later"
        and any(
            (other.who, other.phase, other.call, other.path) == ("first", site.phase, site.call, site.path)
            and max(other.places) >= min(site.places)
            for other in sites
        )
    )
