"""What was found out about a server as a subject file, with a comment wherever it was found by trying."""

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from anyunix.catalog.subject_template import SCHEMA, as_argument, promise_lines
from anyunix.discover.detect import Detected
from anyunix.discover.own_build import compiled
from anyunix.discover.tried_report import abbreviated
from anyunix.discover.watched import SeenStop
from anyunix.text import safe

PLAIN = re.compile(r"[A-Za-z0-9/._-]+")
WIDTH = 118
FIRST = "local,local-v6only"
"""Platforms that need nothing but this machine, and are unlike."""
PRIVATE = "local-private"
"""The platform that is this machine with a network of its own."""


def subject_text(found: Detected) -> str:
    """The whole file."""
    return "\n".join([*_head(found), *_start(found), *_ready(found), *_talk(found), *_end(found), ""])


def run_command(file: Path, port: int = 0) -> str:
    """What to type for the first matrix; `port` is the only one that it can have, or 0."""
    return f"anyunix run --subject {as_argument(file)} --platform {PRIVATE if port else FIRST}"


def promises_of(found: Detected) -> dict[str, tuple[str, str]]:
    """Promise -> its value as it stands in the file, and why."""
    promises: dict[str, tuple[str, str]] = {}
    for family, address in (("ipv4", "127.0.0.1"), ("ipv6", "::1")):
        if found.seen.answers.get(address) is False:
            promises[family] = ("false", f"nobody answers on {address}")
    hosts = {each.host for each in found.seen.sockets if found.seen.place and each.port == found.seen.place.port}
    if found.seen.place and found.seen.place.transport == "tcp" and all(map(_is_loopback, hosts)):
        promises["interfaces"] = ("false", f"it listens on {', '.join(sorted(hosts))} alone")
    for name, stop in found.stops.items():
        usual = ("quick",) if name != "SIGHUP" else ("quick", "slow", "alone", "false")
        if stop.promise not in usual:
            promises[name.lower()] = (stop.promise, _became(stop))
    return promises


def stop_signal(found: Detected) -> str:
    """SIGTERM, unless another signal ends it and that one does not."""
    ends = [name for name, stop in found.stops.items() if stop.promise in ("quick", "alone", "slow")]
    return ends[0] if ends and "SIGTERM" not in ends else "SIGTERM"


def _head(found: Detected) -> Iterator[str]:
    file = found.command.file
    where = ", in a network of its own" if found.private else ""
    yield f"# yaml-language-server: $schema={SCHEMA}"
    yield f"# Written by: anyunix init --detect {_comment(shlex.join(found.command.words))}"
    yield f"# What its comments say was seen at {found.starts} starts{where}. Change what you know better, then:"
    yield f"#   anyunix try {as_argument(file)}"
    yield f"#   {run_command(file, found.port)}"
    yield f"title: {_scalar(found.command.title)}"


def _start(found: Detected) -> Iterator[str]:
    subject, seen = found.subject, found.seen
    if programs := compiled(subject):
        yield f"# {_comment(', '.join(programs))}: built for machines like this one; how was not found out. For others"
        yield "# its sources belong into files, in its place, and the command that builds it: build: [make, -s]"
    yield f"files: {_flow(subject.files)}"
    if subject.needs:
        yield f"needs: {_flow(subject.needs)}"
    if subject.build:
        yield "# that this builds it from those files alone was tried"
        yield f"build: {_flow(subject.build)}"
    yield f"start: {_flow(subject.start)}"
    if subject.environment:
        yield "# that it reads this variable was tried"
        yield f"environment: {json.dumps(dict(subject.environment))}"
    if subject.configuration:
        yield "# written to {work} for each start; with {port} in it, it listened there"
        yield "configuration:"
        for name, text in subject.configuration.items():
            yield from _block(name, text)
    if found.port:
        yield "# no way was found to tell it another port: it runs alone where it has a network of its own"
        yield f"port: {found.port}"
    if found.daemon:
        yield f"# the command ended with exit status {seen.command_status} and the server went on"
        yield "daemon: true"
        if seen.pid_files:
            yield f"pid_file: {_scalar('{work}/' + seen.pid_files[0])}"
    if (transport := found.transport) != "tcp":
        yield f"transport: {transport}"


def _ready(found: Detected) -> Iterator[str]:
    seen = found.seen
    yield ""
    yield f"# It listened after {seen.listened or 0:.2f} s: {_comment(', '.join(map(str, seen.sockets)))}"
    if line := _last_line(seen.stdout):
        yield f"# Its stdout had by then: {abbreviated(line)}"
    if line := _last_line(seen.stderr):
        yield f"# Its stderr had by then: {abbreviated(line)}"
    yield "ready: {port: true}"


def _talk(found: Detected) -> Iterator[str]:
    talk = found.talk
    yield ""
    if found.seen.ended_by_silence:
        yield "# It ended with a client that came, said nothing, and left."
    for reply in found.seen.replies:
        if reply.ended:
            yield f"# It ended with a client that said what those of {reply.name} say."
    if talk is None:
        yield "# It said nothing, and answered none of the openers that were tried: say here what proves that a client"
        yield "# is served, or a connection alone has to do."
        yield '# talk: {send: "PING\\r\\n", expect: "^PONG", again: true}'
        return
    for line in talk.why:
        yield f"# {line}"
    words = []
    if talk.hexadecimal:
        words.append(f"hex: {json.dumps(talk.send.encode('latin-1').hex())}")
    elif talk.send:
        words.append(f"send: {json.dumps(talk.send)}")
    words.append(f"expect: {json.dumps(talk.expect)}")
    if talk.again:
        words.append("again: true")
    yield f"talk: {{{', '.join(words)}}}"


def _end(found: Detected) -> Iterator[str]:
    yield ""
    for name, stop in found.stops.items():
        yield f"# {name}: {_became(stop)}"
    yield f"stop: {stop_signal(found)}"
    yield ""
    promises = promises_of(found)
    yield "# What it does not promise, or promises in another way, as it was found; below, what else can be taken back."
    yield "promises:" if promises else "# promises:"
    for name, (value, why) in promises.items():
        yield f"  {f'{name}: {value}':<26} # {why}"
    yield from promise_lines(promises).splitlines()


def _became(stop: SeenStop) -> str:
    how = "" if stop.status is None else " (killed by it)" if stop.status < 0 else f" (exit status {stop.status})"
    return {
        "quick": f"it ended with all its processes in {stop.all or 0:.2f} s{how}",
        "slow": f"it ended with all its processes in {stop.all or 0:.1f} s{how}",
        "alone": f"its first process ended in {stop.first or 0:.2f} s{how}, others went on",
        "survives": "it went on serving",
        "false": f"with a client connected it did not end as a whole in {stop.within:.0f} s, nor go on serving",
    }[stop.promise]


def _is_loopback(host: str) -> bool:
    return host == "::1" or host.startswith(("127.", "::ffff:127."))


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _comment(text: str) -> str:
    """One line."""
    line = " ".join(safe(text).split())
    return line if len(line) <= WIDTH else f"{line[:WIDTH]}…"


def _flow(words: Sequence[str]) -> str:
    return f"[{', '.join(map(_scalar, words))}]"


def _scalar(word: str) -> str:
    """A word as YAML: without quotes where it is the same then."""
    return word if PLAIN.fullmatch(word) and yaml.safe_load(word) == word else json.dumps(word)


def _block(name: str, text: str) -> Iterator[str]:
    """A text that stands as it is, where YAML can hold it so."""
    lines = text.splitlines()
    if text == "".join(f"{line}\n" for line in lines) and lines and lines[0][:1].strip() and safe(text) == text:
        yield f"  {_scalar(name)}: |"
        yield from (f"    {line}".rstrip() if not line else f"    {line}" for line in lines)
    else:
        yield f"  {_scalar(name)}: {json.dumps(text)}"
