"""One answer of the system changed, and what the server makes of it; `anyunix sweep` writes which, into a file beside.

Each reports `fact:sweep`: its answer (kept, client lost, broken, not reached), how it broke, and the call.
"""

import errno
import json
import os
import re
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from support.aftermath import Footprint, settled
from support.around import around, as_fact
from support.clients import KINDS
from support.deadline import wait_until
from support.injection import CannotInject, Injection, Injector
from support.injector import StraceInjector, why_no_injections
from support.inside import PreloadedInjector
from support.launcher import Launcher
from support.own_check import CannotCheck
from support.ports import free_port
from support.preload import find_object
from support.ready import NotReady
from support.server import Server
from support.subject import Subject
from support.visits import Visits, undisturbed

FILE = Path(__file__).with_name("injections.json")
INJECTIONS = [Injection(**each) for each in json.loads(FILE.read_text())] if FILE.exists() else []
OBJECT = find_object(FILE.parent, "inject") if any(each.by == "preload" for each in INJECTIONS) else ""
"""What is inside of servers, made once for all."""
VISITORS = 3
LASTING_SECONDS, NEXT_SECONDS, SETTLE_SECONDS, END_SECONDS = 1.0, 2.0, 2.0, 5.0
SPINS = 200
"""How many times a second nobody asks who waits between two times."""
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
        seen = {"starting": at_start, "serving": at_service, "ending": at_end}[injection.phase](
            injection, injector, start_server
        )
    except (CannotInject, CannotCheck) as reason:
        pytest.skip(f"not tried: {reason}")
    except (Exception, pytest.fail.Exception) as error:  # the last is what its time limit raises
        seen = without_an_end(injector, error)
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
        return Seen("kept" if not (how := bad_end(injection, error)) else "broken", how, injector.hit())
    injector.check(server.pid)
    visits = Visits(server)
    if not visits.within(NEXT_SECONDS):
        return Seen("broken", "hangs: it is ready, and serves nobody", injector.hit())
    return judged(injection, injector, server, visits, [lies(visits.asked()), end_of(server, visits)])


def at_service(injection: Injection, injector: Injector, start: Launcher) -> Seen:
    server = start(wrapper=injector.beforehand)
    visits = Visits(server)
    visits.come()
    before = settled(server)
    guest = visits.stay()
    with injector.attached(server.pid, children_of(server)):
        stays = undisturbed(guest)  # some servers end a connection by themselves
        for _ in range(VISITORS):
            visits.come()
            if injector.hit():
                break
        spins = asks_again(injection, injector, server, visits) if injector.hit() and injection.lasting else ""
    served = visits.within(NEXT_SECONDS)  # first: one that was told to end may not have ended yet
    found = [
        spins,
        "" if server.alive() else f"dies: {server.death()}",
        "" if served else f"hangs: nobody is served {NEXT_SECONDS:g} s later",
        lies(visits.asked()),
    ]
    if stays and not undisturbed(guest):  # it may be the one whose process it happened to
        found += ["disturbs a client that has nothing to do with it"] if visits.lost and not injection.lasting else []
        visits.lost += 1
    guest.close()
    return judged(injection, injector, server, visits, [*found, leaked(server, before), end_of(server, visits)])


def at_end(injection: Injection, injector: Injector, start: Launcher) -> Seen:
    server = start(wrapper=injector.beforehand)
    visits = Visits(server)
    visits.come()
    guest = visits.stay()
    settled(server)
    with injector.attached(server.pid, children_of(server)):
        found = end_of(server, visits)
    guest.close()
    return judged(injection, injector, server, visits, [found])


def judged(injection: Injection, injector: Injector, server: Server, visits: Visits, found: list[str]) -> Seen:
    """The first that is wrong counts: what is behind it follows from it."""
    call = injector.hit()
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


def bad_end(injection: Injection, error: NotReady) -> str:
    """What is wrong with a start that did not come to its end."""
    said = str(error)
    if error.returncode is None:
        return f"hangs while it starts: {said[:200]}"
    if error.returncode < 0:
        return f"dies: {said[:200]}"
    if error.returncode == 0:
        return "lies: it ends with exit status 0 before it serves anybody"
    if injection.short:
        return f"ends though nothing has failed: {said[:200]}"
    if not names_it(injection, said):
        return f"says nothing of what failed: {said[:200]}"
    return ""


def names_it(injection: Injection, said: str) -> bool:
    """Whether a message has the error, in words or by name, the call, or the file."""
    words = [os.strerror(number_of(injection.error)), injection.error, re.sub(r"\d+$", "", injection.call)]
    words += [Path(injection.path).name] if injection.path else []
    return any(word.casefold() in said.casefold() for word in words)


def number_of(error: str) -> int:
    return int(getattr(errno, error))


def asks_again(injection: Injection, injector: Injector, server: Server, visits: Visits) -> str:
    """How often it does so while the answer stays the same, where that is too often; with one client that waits."""
    begun, before = time.monotonic(), injector.hits()
    visits.come()
    with suppress(TimeoutError):
        wait_until(lambda: not server.alive(), "it to end", max(0.0, LASTING_SECONDS - (time.monotonic() - begun)))
    times = (injector.hits() - before) / (time.monotonic() - begun)
    return f"spins: asks {times:.0f} times a second" if times > SPINS and injection.error not in INTERRUPTED else ""


def chosen_port(subject: Subject) -> int:
    """Of a server that is told its port: where it is not, the launcher tries others for one that does not start."""
    if subject.ready.names_addresses or subject.transport == "unix" or subject.starting.port:
        return 0
    return free_port(KINDS[subject.transport])


def children_of(server: Server) -> list[int]:
    return [pid for pid in server.forks() if pid != server.pid]


def leaked(server: Server, before: Footprint) -> str:
    """What it has more than before, once its clients have left."""
    try:
        wait_until(lambda: Footprint.of(server).no_more_than(before, 1), "it to let go", SETTLE_SECONDS)
    except TimeoutError:
        now = Footprint.of(server)
        return (
            f"leaks: {now.descriptors} descriptors and {now.processes} processes once all clients have left, "
            f"{before.descriptors} and {before.processes} before"
        )
    return ""


def end_of(server: Server, visits: Visits) -> str:
    """What is wrong with how it ends."""
    if not server.alive():
        return ""
    try:
        server.stop(END_SECONDS)
    except AssertionError as error:
        return f"hangs: {error}"
    except ProcessLookupError:
        return ""
    try:
        wait_until(lambda: not server.forks(), "its processes to end", SETTLE_SECONDS)
    except TimeoutError:
        return f"leaves {len(server.forks())} processes"
    return ""
