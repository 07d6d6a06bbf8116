"""What a server prints is kept within bounds: read when it is asked for, small on disk, in nobody's way."""

import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

READY = """
import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
print("READY 127.0.0.1:%d" % listener.getsockname()[1], flush=True)
"""
LOUD = """
import sys
for name in ("stdout", "stderr"):
    stream = getattr(sys, name)
    stream.write("first\\n")
    for _ in range(100):
        stream.write(("x" * 1023 + "\\n") * 1024)
    stream.write("last\\n")
    stream.flush()
"""
Start = Callable[[str], Any]


@pytest.fixture
def start(support: None, tmp_path: Path) -> Iterator[Start]:
    """Start a server from its source, by the suite's own launcher."""
    from support.launcher import Launcher
    from support.subject import Ready, Subject

    launchers: list[Launcher] = []

    def started(source: str) -> object:
        subject = Subject(
            "mine",
            tmp_path,
            (sys.executable, "-c", source),
            {"default": ()},
            Ready("line", r"^READY (?P<addresses>\S+)$", True),
            None,
            "SIGTERM",
            promises={"default": {"at_once": True}},
        )
        launchers.append(Launcher(subject, "default", tmp_path))
        return launchers[-1]()

    yield started
    for launcher in launchers:
        launcher.end()


def bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_of_200_megabytes_the_first_and_the_last_are_kept(start: Start, tmp_path: Path) -> None:
    server = start(LOUD + READY + "sys.stdin.read(); import signal; signal.pause()")
    said = server.stderr()
    assert said.startswith("first\n")
    assert "[what came here is left out]" in said
    assert said.endswith("x\nlast\n")
    assert len(said) < 2_000_000
    assert bytes_in(tmp_path) < 4_000_000


def test_a_server_that_never_stops_printing_holds_up_nobody(start: Start, tmp_path: Path) -> None:
    server = start(READY + "while True: os.write(1, b'y' * 65536)")
    assert server.output.read("stdout").startswith(b"READY ")
    assert not server.output.ended("stdout")
    server.end()
    assert bytes_in(tmp_path) < 4_000_000


def test_last_words_are_there_when_it_has_ended(start: Start) -> None:
    server = start(READY + "os.write(2, b'z' * 60000 + b'\\nthe end\\n'); os._exit(7)")
    assert server.wait() == 7
    assert server.stderr().endswith("z\nthe end\n")
    assert server.death().endswith("ended with exit status 7; its stderr ended with:\n" + "z" * 300 + "\nthe end")
    assert server.output.ended("stdout")
    assert server.output.ended("stderr")


def test_nothing_of_the_probe_is_held_by_it(start: Start) -> None:
    reading, writing = os.pipe()
    server = start(READY + "import signal; signal.pause()")
    os.close(writing)
    assert select.select([reading], [], [], 5)[0]
    assert os.read(reading, 1) == b""
    os.close(reading)
    assert server.alive()


def test_servers_that_run_side_by_side_are_kept_apart(start: Start) -> None:
    one, two = (start(READY + f"print('{word}', file=sys.stderr, flush=True); sys.stdin.read()") for word in ("a", "b"))
    assert one.wait() == two.wait() == 0
    assert (one.stderr(), two.stderr()) == ("a\n", "b\n")
    one.end()
    assert two.stderr() == "b\n"


def test_where_the_keeper_was_killed_the_next_server_has_another(start: Start) -> None:
    from support.processes import children_of, state_of

    others = {each.pid for each in children_of(os.getpid())}
    before = start(READY + "import signal; signal.pause()")
    (keeper,) = {each.pid for each in children_of(os.getpid())} - others - {before.pid}
    os.kill(keeper, signal.SIGKILL)
    while state_of(keeper) != "Z":
        pass
    assert before.output.read("stdout").startswith(b"READY ")
    after = start("import sys; print('mine', file=sys.stderr, flush=True)" + READY + "import signal; signal.pause()")
    assert after.stderr() == "mine\n"
