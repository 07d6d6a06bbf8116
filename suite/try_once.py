"""Starts the subject once, has a client served, tells it to stop, and prints what there was to be seen.

    python3 try_once.py

Prints one line of JSON (anyunix/discover/tried.py has its keys). ANYUNIX_SUBJECT and ANYUNIX_BIND are as for the
probes.
"""

import json
import os
import signal
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from support.deadline import Deadline, wait_until
from support.differences import NotSwitchedOn
from support.held_sockets import held_by
from support.launcher import Launcher
from support.net import can_bind
from support.processes import command_of, still_running
from support.ready import NotReady
from support.server import Server
from support.starting import CannotBeHere, NotItsOwn
from support.subject import BIND_VARIABLE, subject_from_environment

ENDS = {"quick": 2.0, "alone": 2.0, "slow": 15.0, "either": 15.0}
"""For each promise of an end, how long it may take (support/ending.py)."""
UNPROMISED_SECONDS = 5.0
"""For the end of a server that promises none."""
FILES, WORDS = 20, 2000
"""How many files that it left are named, and how much is kept of what it printed."""


def main() -> None:
    seen: dict[str, Any] = {"error": "", "message": ""}
    with tempfile.TemporaryDirectory(prefix="try-", ignore_cleanup_errors=True) as name:
        try:
            try_out(Path(name), seen)
        except (AssertionError, OSError, NotSwitchedOn, CannotBeHere) as caught:
            seen |= {"error": type(caught).__name__, "message": str(caught) or repr(caught)}
            if isinstance(caught, NotReady):
                seen["stderr"] = caught.stderr[-WORDS:]
    print(json.dumps(seen), flush=True)


def try_out(folder: Path, seen: dict[str, Any]) -> None:
    """Raises NotReady, Unserved, OSError, NotSwitchedOn, CannotBeHere."""
    subject = subject_from_environment()
    if subject is None:
        sys.exit("no subject: ANYUNIX_SUBJECT is not set")
    bind = os.environ.get(BIND_VARIABLE) or next(iter(subject.binds))
    if bind == "ipv6" and (error := can_bind("::1")):
        raise CannotBeHere(f"no IPv6 to be served over here: {error} for ::1")
    os.environ.update(HOME=str(folder), TMPDIR=str(folder), TZ="UTC", LC_ALL="C")
    os.umask(0o022)
    launcher = Launcher(subject, bind, folder)
    begun = time.monotonic()
    try:
        server = launcher()
        seen["ready_seconds"] = time.monotonic() - begun
        seen |= looked_at(server)
        with ExitStack() as guests:
            try:
                if server.clients.program:
                    server.serve()
                else:
                    conversation = guests.enter_context(server.conversation())
                    seen["heard"] = {who: came.decode("latin-1") for who, came in conversation.heard().items()}
            except (AssertionError, OSError) as error:
                seen |= {"error": "NotServed", "message": "\n".join([str(error), *launcher.deaths()])}
            seen["ending"] = stopped(server)
        seen |= {name: server.output.read(name).decode(errors="replace")[-WORDS:] for name in ("stdout", "stderr")}
    finally:
        launcher.end()
    if seen["ending"] is not None:
        seen["ending"]["files"] = left_in(folder, set(subject.configuration))


def looked_at(server: Server) -> dict[str, Any]:
    """Its processes, what they listen on, and which addresses answer."""
    processes = [each for each in server.processes() if not each.zombie]
    held = held_by([each.pid for each in processes])
    return {
        "processes": [{"pid": each.pid, "parent": each.parent, "command": command_of(each.pid)} for each in processes],
        "sockets": None if held is None else [{"place": str(each), "pid": each.pid} for each in held],
        "answers": [str(each) for each in server.addresses],
    }


def stopped(server: Server) -> dict[str, Any] | None:
    """How it ends at its signal, with its clients still there; None of one that its starter ends."""
    promised = server.promises.get(server.subject.stop.lower(), "quick")
    forks = {each.pid for each in server.processes()}
    awaited = {server.pid} if promised == "alone" else forks
    begun = time.monotonic()
    try:
        with suppress(ProcessLookupError):
            server.signal(signal.Signals[server.subject.stop])
    except NotItsOwn:
        return None
    deadline = Deadline(ENDS.get(str(promised), UNPROMISED_SECONDS))
    with suppress(TimeoutError):
        wait_until(lambda: still_running({server.pid}), "its first process to end", deadline)
    seconds = time.monotonic() - begun
    with suppress(TimeoutError):
        wait_until(lambda: still_running(awaited), "its processes to end", deadline)
    left = still_running(forks)
    places = zip(server.addresses, server.hosts(), strict=True)
    return {
        "signal": server.subject.stop,
        "promised": str(promised).lower(),
        "within": deadline.seconds,
        "seconds": seconds,
        "ended": bool(still_running({server.pid})),
        "status": server.process.poll(),
        "processes": [f"{each.pid} {command_of(each.pid)}" for each in left],
        "answering": [str(place) for place, host in places if server.error(host) is None],
        "files": [],
    }


def left_in(folder: Path, written: set[str]) -> list[str]:
    """What is in its work folder that was not written for it, a folder with a / behind it."""
    found = []
    for work in sorted(each for each in folder.glob("server-*") if each.is_dir() and each.suffix != ".said"):
        for path in sorted(work.rglob("*")):
            name = path.relative_to(work).as_posix()
            if name not in written and not (path.is_dir() and any(each.startswith(f"{name}/") for each in written)):
                found.append(name + ("/" if path.is_dir() and not path.is_symlink() else ""))
    return found[:FILES]


if __name__ == "__main__":
    main()
