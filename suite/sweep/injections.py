"""One answer of the system changed, and what the server makes of it; `anyunix sweep` writes which, into a file beside.

Each reports `fact:sweep`: its answer (kept, client lost, broken, not reached), how it broke, and the call.
"""

import errno
import json
import os
import re
import shutil
import signal
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from support.aftermath import Footprint, lets_go, settled
from support.around import around, as_fact
from support.clients import KINDS
from support.deadline import in_time
from support.injection import CannotInject, Injection, Injector
from support.injector import StraceInjector, why_no_injections
from support.inside import PreloadedInjector
from support.launcher import Launcher
from support.own_check import CannotCheck
from support.ports import free_port
from support.preload import find_object
from support.processes import Left
from support.ready import NotReady
from support.server import Server
from support.spinning import spins
from support.subject import Subject
from support.visits import Visits, one_that_stays, undisturbed

FILE = Path(__file__).with_name("injections.json")
INJECTIONS = [Injection(**each) for each in json.loads(FILE.read_text())] if FILE.exists() else []
OBJECT = find_object(FILE.parent, "inject") if any(each.by == "preload" for each in INJECTIONS) else ""
"""What is inside of servers, made once for all."""
VISITORS = 3
ROOM = 1
"""For what a server may have for good since."""
LASTING_SECONDS, NEXT_SECONDS, SETTLE_SECONDS, END_SECONDS = 1.0, 2.0, 2.0, 5.0
SAID_BYTES = 1 << 20
IN_WORDS = {
    "socket": ("listen", "port"),
    "setsockopt": ("socket", "SO_", "TCP_", "IPV6_"),
    "bind": ("address", "port"),
    "listen": ("address", "port"),
    "openat": ("open", "creat"),
    "read": ("input",),
    "clone": ("fork", "process", "child"),
    "fork": ("process", "child"),
    "vfork": ("fork", "process", "child"),
}
"""What a message may say of a call instead of its name."""
INTERRUPTED = {"EINTR"}
"""Who asks again at once does what he has to, and no client is to notice."""


@dataclass(frozen=True)
class Seen:
    """What came of an injection."""

    answer: str
    how: str = ""
    call: str = ""


@pytest.mark.parametrize("injection", INJECTIONS, ids=[each.id for each in INJECTIONS])
def test_injection(injection, start_server, work, request):
    """A server that is told no goes on, or ends and says why; what it has confirmed is true."""
    try:
        injector = injector_for(injection, work)
    except CannotInject as reason:
        pytest.skip(f"not tried: {reason}")
    try:
        seen = {"starting": at_start, "serving": at_service, "ending": at_end}[injection.phase](
            injection, injector, start_server
        )
    except (CannotInject, CannotCheck) as reason:
        pytest.skip(f"not tried: {reason}")
    except (Exception, pytest.fail.Exception) as error:  # the last is what its time limit raises
        seen = without_an_end(injector, error)
    if seen.answer == "broken" and (another := injector.another()):
        pytest.skip(f"not tried: it has happened to another program as well: {another[:200]}")
    request.node.user_properties.append(("fact:sweep", as_fact(asdict(seen))))
    if seen.answer == "broken":
        trace = around(injector.lines(), seen.call, work)
        request.node.user_properties.append(("fact:sweep.trace", json.dumps(trace)))
    assert seen.answer != "broken", seen.how


def injector_for(injection: Injection, work: Path) -> Injector:
    """Raises CannotInject."""
    if injection.impossible:
        raise CannotInject(injection.impossible)
    if injection.by == "preload":
        return PreloadedInjector(injection, work, OBJECT)
    if reason := why_no_injections():
        raise CannotInject(reason)
    return StraceInjector(injection, work)


def without_an_end(injector: Injector, error: BaseException) -> Seen:
    """What a probe says that failed on its way: of a server that was not told anything yet, nothing."""
    said = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"[:400]
    if not (call := injector.hit()):
        pytest.skip(f"not tried: before it was injected: {said}")
    return Seen("broken", said, call)


def at_start(injection: Injection, injector: Injector, start: Launcher) -> Seen:
    try:
        server = start(wrapper=injector.wrapper, port=chosen_port(start.subject))
    except NotReady as error:
        if not injector.hit():
            return Seen("not reached", str(error)[:200])
        how = bad_end(injection, error, start)
        return Seen("broken" if how else "kept", how, injector.hit())
    injector.check(server.pid)
    visits = Visits(server)
    if not served(server, visits):
        return Seen("broken", "hangs: it is ready, and serves nobody", injector.hit())
    return judged(injection, injector.hit(), visits, [lies(visits.asked()), end_of(server)])


def at_service(injection: Injection, injector: Injector, start: Launcher) -> Seen:
    server = start(wrapper=injector.beforehand)
    visits = Visits(server)
    visits.come()
    before = settled(server)
    guest = one_that_stays(server, visits)
    settled(server)  # a tracer counts from here on
    with injector.attached(server.pid, children_of(server)):
        stays = guest.fileno() != -1 and undisturbed(guest)  # some servers end a connection by themselves
        for _ in range(VISITORS):
            visits.come()
            if injector.hit():
                break
        else:
            settled(server)  # what comes behind a client
        call = injector.hit()
        spinning = asks_again(injection, injector, server) if call and injection.lasting else ""
    goes_on = served(server, visits)  # first: one that was told to end may not have ended yet
    found = [
        spinning,
        "" if server.alive() else f"dies: {server.death()}",
        "" if goes_on else f"hangs: nobody is served {NEXT_SECONDS:g} s later",
        lies(visits.asked()),
    ]
    if stays and not undisturbed(guest):  # it may be the one whose process it happened to
        found += ["disturbs a client that has nothing to do with it"] if visits.lost and not injection.lasting else []
        visits.lost += 1
    guest.close()
    if call and not any(found):
        found.append(leaked(injector, server, visits, before))
    return judged(injection, call, visits, [*found, end_of(server)])


def at_end(injection: Injection, injector: Injector, start: Launcher) -> Seen:
    server = start(wrapper=injector.beforehand)
    visits = Visits(server)
    visits.come()
    guest = one_that_stays(server, visits)
    settled(server)
    with injector.attached(server.pid, children_of(server)):
        found = end_of(server, guest)
    guest.close()
    return judged(injection, injector.hit(), visits, [found])


def judged(injection: Injection, call: str, visits: Visits, found: list[str]) -> Seen:
    """The first that is wrong counts: what is behind it follows from it. `call` is what the tracer saw of it."""
    if not call:
        return Seen("not reached")
    how = next(filter(None, [*found, lost_to_nothing(injection, visits), lies(visits.untrue())]), "")
    if how:
        return Seen("broken", how[:400], call)
    return Seen("client lost" if visits.lost else "kept", "", call)


def lost_to_nothing(injection: Injection, visits: Visits) -> str:
    if not visits.lost:
        return ""
    if injection.short:
        return "loses a client to a short read or write, which is no error"
    return "loses a client to an interrupted call" if injection.error in INTERRUPTED else ""


def lies(untrue: str) -> str:
    return f"lies: {untrue}" if untrue else ""


def bad_end(injection: Injection, error: NotReady, start: Launcher) -> str:
    """What is wrong with a start that did not come to its end."""
    why, said = str(error)[:600], all_said(start)
    if error.returncode is None:
        return f"goes on without serving: {why}"
    if error.returncode < 0:
        return f"dies: {why}"
    if error.returncode == 0:
        return "lies: it ends with exit status 0 before it serves anybody"
    if injection.short:
        return f"ends though nothing has failed: {why}"
    if not names_it(injection, said) and (said or not may_log(start.subject)):
        return f"says nothing of what failed: {why}"
    return ""


def all_said(start: Launcher) -> str:
    """What a server wrote to its stdout, its stderr and files of its own, logs among them; the number of its process is
    no message.
    """
    given = {Path(name).name for name in start.subject.configuration}
    files = [path for folder in start.folder.glob("server-*") for path in folder.rglob("*") if path.is_file()]
    texts = [
        path.read_text(errors="replace").strip()
        for path in files
        if path.name not in given and path.stat().st_size < SAID_BYTES
    ]
    return "\n".join(text for text in texts if text and not text.isdigit())


def may_log(subject: Subject) -> bool:
    """Whether its program knows syslog(3): what is said there nobody hears."""
    program = shutil.which(subject.start[0]) or subject.root / subject.start[0]
    with suppress(OSError):
        return b"syslog" in Path(program).read_bytes()
    return False


def names_it(injection: Injection, said: str) -> bool:
    """Whether a message has the error, in words or by name, the call, what it is about, or the file."""
    call = re.sub(r"\d+$", "", injection.call)
    words = [os.strerror(number_of(injection.error)), injection.error, call, *IN_WORDS.get(call, ())]
    words += [Path(injection.path).name] if injection.path else []
    return any(word.casefold() in said.casefold() for word in words)


def number_of(error: str) -> int:
    return int(getattr(errno, error))


def asks_again(injection: Injection, injector: Injector, server: Server) -> str:
    """How often it does so while the answer stays the same, where that is too often; with one client that waits."""
    if injection.error in INTERRUPTED:
        return ""
    try:
        waiting = server.connect()
    except OSError:
        return spins(server, injector.hits, LASTING_SECONDS)
    with waiting:
        return spins(server, injector.hits, LASTING_SECONDS)


def served(server: Server, visits: Visits) -> bool:
    """Whether the next client is, or one of those that come after it."""
    return in_time(lambda: "served" if visits.come() else "" if server.alive() else "dead", NEXT_SECONDS) == "served"


def chosen_port(subject: Subject) -> int:
    """Of a server that is told its port: where it is not, the launcher tries others for one that does not start."""
    if subject.ready.names_addresses or subject.transport == "unix" or subject.starting.port:
        return 0
    return free_port(KINDS[subject.transport])


def children_of(server: Server) -> list[int]:
    return [pid for pid in server.forks() if pid != server.pid]


def leaked(injector: Injector, server: Server, visits: Visits, before: Footprint) -> str:
    """What it has more than before, once its clients have left, and still more when it happens once more: what it opens
    once and keeps is no leak.
    """
    if lets_go(server, before, ROOM):
        return ""
    once, lost = settled(server), visits.lost
    with injector.attached(server.pid, children_of(server)):
        for _ in range(VISITORS):
            visits.come()
            if injector.hit():
                break
    visits.lost = lost
    if lets_go(server, once, ROOM):
        return ""
    twice = Footprint.of(server)
    return (
        f"leaks: {before.descriptors} descriptors and {before.processes} processes before, {once.descriptors} and "
        f"{once.processes} once all clients have left, {twice.descriptors} and {twice.processes} when it happens again"
    )


def end_of(server: Server, guest: socket.socket | None = None) -> str:
    """What is wrong with how it ends, with one client that stays."""
    if not server.alive():
        return ""
    with suppress(ProcessLookupError):
        server.signal(signal.Signals[server.subject.stop])
    if not in_time(lambda: not server.alive(), END_SECONDS):
        return f"hangs: it does not end within {END_SECONDS:g} s: {Left(server.processes())}"
    if guest and server.promises["sigterm"] == "alone":
        guest.close()  # its process goes on until then
    if not in_time(lambda: not server.forks(), SETTLE_SECONDS):
        return f"leaves {len(server.forks())} processes"
    return ""
