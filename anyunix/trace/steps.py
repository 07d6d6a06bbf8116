"""Events made comparable: per process what it asked for, with roles, descriptors and ports named, not numbered.

Left out is what differs from libc to libc and from run to run without being the subject's doing: memory, the loader,
files outside of the probe's folder, the resolver's own sockets, questions that change nothing, calls that found
nothing to do yet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from anyunix.trace.calls import CANONICAL, say
from anyunix.trace.descriptors import Descriptors
from anyunix.trace.events import Event

PARENT = "parent"
KILLED = "killed by SIGKILL"
"""How a probe ends what it started."""
NOT_YET = ("EAGAIN", "EWOULDBLOCK", "EINPROGRESS")


@dataclass(frozen=True)
class Step:
    """One thing that a process did, in words that another run can repeat."""

    text: str
    at: int
    """Its place among all that all processes did."""
    soft: bool = False
    """Whether chance decides if it happens: a sleep, a signal that only ended one, a call that it interrupted."""
    returned: bool = True
    """False for a call in which the process ended."""


def steps_of(events: Sequence[Event], *, folder: str, chat: bool) -> dict[str, tuple[Step, ...]]:
    """Role -> its steps, in the order of the forks. `folder` is the probe's work folder, where the subject's files are.

    Roles are `parent`, `child 1`, `child 1.1`; with `chat`, those are `RECV 1` and `SEND 1`.
    """
    by_pid: dict[int, list[tuple[int, Event]]] = {}
    for at, event in enumerate(events):
        by_pid.setdefault(event.pid, []).append((at, event))
    if not by_pid:
        return {}
    root = next(iter(by_pid))
    roles = _roles(by_pid, root, chat)
    found: dict[str, tuple[Step, ...]] = {}
    waiting = [(root, Descriptors(folder, roles))]
    while waiting:
        pid, descriptors = waiting.pop(0)
        steps, children = _walk(by_pid.get(pid, ()), descriptors, roles)
        found[roles[pid]] = steps
        waiting += children
    return {role: found[role] for role in roles.values() if role in found}


def _roles(by_pid: Mapping[int, Sequence[tuple[int, Event]]], root: int, chat: bool) -> dict[int, str]:
    """Process -> role, parents before their children."""
    numbers: dict[int, tuple[int, ...]] = {root: ()}
    waiting = [root]
    while waiting:
        pid = waiting.pop(0)
        children = [int(event.value) for _, event in by_pid.get(pid, ()) if _forked(event)]
        for number, child in enumerate(children, 1):
            if child not in numbers:
                numbers[child] = (*numbers[pid], number)
                waiting.append(child)
    return {pid: _role(path, chat) for pid, path in numbers.items()}


def _role(path: tuple[int, ...], chat: bool) -> str:
    if not path:
        return PARENT
    if chat and len(path) <= 2 and path[1:] in ((), (1,)):
        return f"{'RECV' if len(path) == 1 else 'SEND'} {path[0]}"
    return f"child {'.'.join(map(str, path))}"


def _forked(event: Event) -> bool:
    return (
        event.kind == "call"
        and CANONICAL.get(event.name) == "fork"
        and event.value.isdigit()
        and event.value != "0"
        and "CLONE_THREAD" not in " ".join(event.arguments)
    )


def _walk(
    events: Sequence[tuple[int, Event]], descriptors: Descriptors, roles: Mapping[int, str]
) -> tuple[tuple[Step, ...], list[tuple[int, Descriptors]]]:
    """A process's steps, and its children with the descriptors that each inherited."""
    steps: list[Step] = []
    children = []
    for at, event in events:
        if _forked(event):
            children.append((int(event.value), descriptors.inherited()))
            steps.append(Step(f"fork() = {roles[int(event.value)]}", at))
        elif event.kind == "signal":
            steps.append(Step(f"{event.name} comes", at, soft=True))
        elif event.kind == "end":
            steps.append(Step(event.name, at))
        elif event.error not in NOT_YET and (step := _called(at, event, descriptors, roles)):
            steps.append(step)
    return tuple(_without_doubles(steps)), children


def _called(at: int, event: Event, descriptors: Descriptors, roles: Mapping[int, str]) -> Step | None:
    name = CANONICAL.get(event.name, event.name)
    if name == "sleep":
        return Step("sleeps", at, soft=True)
    text = say(name, event, descriptors, roles)
    if text is None:
        return None
    if not event.value:
        return Step(f"{text} never returned", at, returned=False)
    # whether it leads a session already depends on who started it: truss is the server's parent, strace is not
    soft = event.error == "EINTR" or (name == "setsid" and roles[event.pid] == PARENT)
    return Step(f"{text} {event.error}" if event.error else text, at, soft=soft)


def _without_doubles(steps: Sequence[Step]) -> list[Step]:
    """One sleep for several in a row: how often a process wakes for nothing is chance."""
    found: list[Step] = []
    for step in steps:
        if not (step.soft and found and found[-1].soft and found[-1].text == step.text):
            found.append(step)
    return found
