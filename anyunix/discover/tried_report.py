"""What was seen of a server that was started once: on the terminal, and as JSON."""

import json
import re
import shlex
from collections.abc import Iterator, Sequence

import msgspec
from rich.console import Console
from rich.text import Text

from anyunix.catalog.subjects import Subject
from anyunix.discover.tried import SeenEnd, SeenProcess, SeenStart
from anyunix.text import safe

SHOWN = 70
"""Characters of a command, and of what came."""
BRACES = re.compile(r"'(\{\w+\})'")
"""A word to be filled in, which a shell would want quoted."""
LINES, PROCESSES = 8, 8
"""Of its stderr, and of its processes."""


def print_tried(console: Console, subject: Subject, where: str, tried: SeenStart) -> None:
    """A row per thing seen, then the answer in one sentence."""
    for name, lines in _rows(subject, tried):
        for number, line in enumerate(lines):
            console.print(Text(f"{name if not number else '':<11} {line}"), soft_wrap=True)
    problems = list(tried.problems())
    for problem in problems:
        console.print(Text(f"✗ {problem}", "red"), soft_wrap=True)
    done = "does not do what its file says" if problems else "does what its file says"
    console.print(Text(f"anyunix: {subject.name}, {where}: {done}", "bold red" if problems else "bold green"))


def as_json(subject: Subject, where: str, tried: SeenStart) -> str:
    """The same, for programs."""
    seen = msgspec.to_builtins(tried)
    return json.dumps({"subject": subject.name, "where": where, "problems": list(tried.problems()), **seen}, indent=1)


def abbreviated(text: str) -> str:
    """Bytes that came from anywhere, a character a byte, in one printable line."""
    first = text[:SHOWN]
    while len(ascii(first)) > SHOWN + 2:
        first = first[:-1]
    return ascii(first) if first == text else f"{first!a}…"


def _rows(subject: Subject, tried: SeenStart) -> Iterator[tuple[str, list[str]]]:
    yield "start", [BRACES.sub(r"\1", shlex.join(subject.start))]
    if tried.ready_seconds is not None:
        yield "ready", [f"after {tried.ready_seconds:.2f} s ({_ready(subject)})"]
        yield "processes", _first(list(_tree(tried.processes)))
        if tried.sockets is not None:
            yield (
                "listens on",
                [f"{each.place}, process {each.pid}" for each in tried.sockets] or ["nothing of its own"],
            )
        yield "answers on", [", ".join(tried.answers)]
    if tried.heard:
        named = len(tried.heard) > 1
        yield "it said", [(f"{who}: " if named else "") + abbreviated(came) for who, came in tried.heard.items()]
    elif tried.ready_seconds is not None and not tried.error:
        client = subject.talk is not None and subject.talk.client
        yield "served", ["its own client" if client else "a client that connects (no talk in its file)"]
    if tried.ending:
        yield tried.ending.signal, list(_ending(tried.ending))
    if tried.left_behind:
        yield "left behind", list(tried.left_behind)
    if list(tried.problems()) and tried.stderr.strip():
        yield "its stderr", [line[:200] for line in safe(tried.stderr).splitlines() if line.strip()][-LINES:]


def _first(lines: list[str]) -> list[str]:
    """Not more than a screen has room for."""
    return [*lines[:PROCESSES], f"and {len(lines) - PROCESSES} more"] if len(lines) > PROCESSES else lines


def _ready(subject: Subject) -> str:
    what = subject.ready.what
    return {"port": "a client is served", "line": f"a line like {what}", "file": f"the file {what}"}[subject.ready.how]


def _tree(processes: Sequence[SeenProcess]) -> Iterator[str]:
    """Each below its parent, with two spaces more."""
    numbers = {each.pid for each in processes}

    def below(parents: Sequence[SeenProcess], depth: int) -> Iterator[str]:
        for each in parents:
            yield f"{'  ' * depth}{each.pid} {each.command[:SHOWN] or '(ending)'}"
            yield from below([one for one in processes if one.parent == each.pid], depth + 1)

    yield from below([each for each in processes if each.parent not in numbers], 0)


def _ending(ending: SeenEnd) -> Iterator[str]:
    how = _status(ending.status) if ending.ended else "it goes on"
    yield f"{how} after {ending.seconds:.2f} s"
    for name, left in (
        ("processes left", ending.processes),
        ("still answers on", ending.answering),
        ("files left in {work}", ending.files),
    ):
        if left:
            yield f"{name}: {', '.join(left)}"
    if not (ending.processes or ending.answering or ending.files):
        yield "nothing is left: no process, no file, no listener"


def _status(status: int | None) -> str:
    if status is None:
        return "ended"
    return f"killed by signal {-status}" if status < 0 else f"exit status {status}"
