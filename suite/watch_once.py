"""Starts a command of which nothing is known but that a server comes of it, and watches what that does.

    python3 watch_once.py '{"seconds": 10, "signal": "SIGTERM", "end_seconds": 15, "stay": "", "greet": true,
                             "openers": []}'

Prints one line of JSON (anyunix/discover/watched.py has its keys). The subject of ANYUNIX_SUBJECT says how it is
started; what it says of its readiness, its clients and its end is not looked at.
"""

import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from support.asked import Asked
from support.held_sockets import Held
from support.launcher import fill_all, fill_values
from support.output import Output
from support.ports import free_port
from support.starting import Command
from support.subject import Subject, subject_from_environment
from support.watched import Watched

WORDS = 4000
"""Characters kept of what it printed, of each stream."""
FILES = 20


def main() -> None:
    subject, asked = subject_from_environment(), json.loads(sys.argv[1])
    if subject is None:
        sys.exit("no subject: ANYUNIX_SUBJECT is not set")
    with tempfile.TemporaryDirectory(prefix="watch-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        os.environ.update(HOME=name, TMPDIR=name, TZ="UTC", LC_ALL="C")
        os.umask(0o022)
        (folder / "work").mkdir()
        print(json.dumps(watch(subject, folder, asked)), flush=True)


def watch(subject: Subject, folder: Path, asked: dict[str, Any]) -> dict[str, Any]:
    work = folder / "work"
    words = words_for(free_port(), folder)
    for name, text in fill_values(subject.configuration, words).items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(text)
    given = {**os.environ, **fill_values(subject.environment, words)}
    output = Output(folder / "said")
    argv = fill_all(subject.start, words)
    try:
        watched = Watched(Command(argv, subject.root, given, output.stdout, output.stderr))
    except OSError as error:
        return {"error": f"{argv[0]!r} cannot be run: {error.strerror}", "port": int(words["port"])}
    finally:
        output.handed_over()
    try:
        seen = watched.settled(asked["seconds"])
        seen |= {"error": "", "port": int(words["port"]), "work": str(work), "socket": words["socket"]}
        seen["stdout"], seen["stderr"] = said(output)
        place = watched.place(int(words["port"]))
        if place is not None:
            seen |= spoken(watched, place, asked)
            seen["pid_files"] = pid_files(work, watched.pids())
        if asked["signal"] and watched.first and not watched.ended():
            seen["ending"] = watched.end_at(signal.Signals[asked["signal"]], asked["end_seconds"])
        return seen
    finally:
        watched.end()
        output.end()


def spoken(watched: Watched, place: Held, asked: dict[str, Any]) -> dict[str, Any]:
    """What it says first, what it answers, and which addresses answer."""
    talk = Asked(place, watched, asked["stay"].encode("latin-1"))
    seen = {"place": {"transport": place.transport, "host": place.host, "port": place.port}}
    if asked["openers"] and asked["greet"]:
        seen["greetings"] = talk.greetings()
        seen["ended_by_silence"] = watched.ended_soon()
    if asked["openers"] and not seen.get("greetings") and not watched.ended():
        seen["replies"] = talk.replies(asked["openers"])
    if asked["openers"]:
        seen["answers"] = talk.answers()
    watched.visit = talk.stay
    return seen


def words_for(port: int, folder: Path) -> dict[str, str]:
    """What stands in braces in a subject file, as support/launcher.py has it."""
    key_file = folder / "key"
    key_file.touch(mode=0o600)
    key_file.write_text("0" * 128 + "\n")
    return {
        "port": str(port),
        "host": "",
        "log": str(folder / "log"),
        "key_file": str(key_file),
        "python": sys.executable,
        "work": str(folder / "work"),
        "socket": str(folder / "work" / "socket"),
    }


def said(output: Output) -> list[str]:
    return [output.read(name).decode(errors="replace")[-WORDS:] for name in ("stdout", "stderr")]


def pid_files(work: Path, pids: list[int]) -> list[str]:
    """Files of its work folder that hold the number of one of its processes, and nothing else in their first line."""
    numbers = {str(pid) for pid in pids}
    found = []
    for path in sorted(work.rglob("*"))[:FILES]:
        if path.is_file() and not path.is_symlink() and path.stat().st_size < WORDS:
            first = path.read_text(errors="replace").split("\n")[0].strip()
            if first in numbers:
                found.append(path.relative_to(work).as_posix())
    return found


if __name__ == "__main__":
    main()
