"""`anyunix bench chat`: real chat servers and real clients, what makes a run invalid, and the arithmetic."""

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.bench.chat_report import chat_tables
from anyunix.bench.chat_runs import ChatScale, bare_us, chat_points, summarize_chat
from anyunix.bench.remote import chat_run
from anyunix.bench.remote.chat_run import BareCosts, ChatMeasured, ChatPoint, bare_costs, measure_chat
from anyunix.bench.remote.experiment import NotMeasured
from anyunix.bench.remote.programs import CHAT_LOADS, CHATS, build
from anyunix.catalog.lookup import Catalog
from anyunix.cli import main

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2, reason="one CPU here"),
    pytest.mark.skipif(not (shutil.which("cc") and shutil.which("make")), reason="no C compiler or no make here"),
]
FORGETFUL = """
import socket, sys
with socket.create_server(("127.0.0.1", 0)) as listener:
    print("READY 127.0.0.1:%d" % listener.getsockname()[1], flush=True)
    peer = listener.accept()[0]
    peer.recv(4096)
    peer.sendall(b"OK 0\\n")
    lines = peer.makefile("rb")
    for number, line in enumerate(lines):
        if number % 2:
            peer.sendall(b"<c0> " + line)
"""


@pytest.fixture(scope="module")
def sources(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources as a platform has them."""
    top = tmp_path_factory.mktemp("sources")
    shutil.copytree(catalog.root / "bench" / "servers", top / "servers")
    shutil.copytree(catalog.root / "bench" / "load", top / "load")
    shutil.copytree(catalog.root / "chat", top / "chat")
    return top


@pytest.fixture
def clients(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The clients' program; the log of a server is made in this folder."""
    monkeypatch.chdir(tmp_path)
    return build(CHAT_LOADS[0], sources, sources / "programs").command[0]


@pytest.mark.parametrize("name", [source.name for source in CHATS])
def test_every_chat_server_delivers_everything(name: str, sources: Path, clients: str) -> None:
    server = build(next(source for source in CHATS if source.name == name), sources, sources / "programs")
    busy = measure_chat(ChatPoint(name, 4, 0.0, 1.0), server.command, clients)
    assert busy.invalid == ""
    assert busy.deliveries == 4 * busy.messages > 400
    assert busy.processes == (1 if name == "chat-asyncio" else 9)
    paced = measure_chat(ChatPoint(name, 4, 50.0, 1.0), server.command, clients)
    assert (paced.invalid, paced.messages, paced.deliveries) == ("", 50, 200)
    assert 0 < paced.median_us <= paced.p99_us < 1e6
    assert paced.cpu_seconds > 0
    assert paced.memory_bytes > 100_000
    assert not list(Path().glob("chat-*"))


def test_a_message_that_does_not_come_is_an_invalid_run(clients: str) -> None:
    command = (sys.executable, "-c", FORGETFUL)
    found = measure_chat(ChatPoint("forgetful", 1, 20.0, 0.5), command, clients)
    assert found.invalid == "5 deliveries did not come"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit('out of luck')", "the server does not start: out of luck"),
        (
            "import socket; s = socket.create_server(('127.0.0.1', 0)); "
            "print('READY x:%d' % s.getsockname()[1], flush=True); s.accept()[0].recv(9)",
            "cannot receive: ",
        ),
        (
            "import socket; s = socket.create_server(('127.0.0.1', 0)); "
            "print('READY x:%d' % s.getsockname()[1], flush=True); p = s.accept()[0]; p.recv(9999); "
            "p.sendall(b'ERR full\\n'); p.recv(9)",
            "ERR full",
        ),
    ],
)
def test_a_server_that_refuses_or_dies_is_an_invalid_run(program: str, said: str, clients: str) -> None:
    found = measure_chat(ChatPoint("mine", 1, 10.0, 0.5), (sys.executable, "-c", program), clients)
    assert said in found.invalid


def test_the_bare_system_calls_are_measured(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    program = build(CHAT_LOADS[1], sources, sources / "programs").command[0]
    found = bare_costs(program, 1)
    assert 50 < found.read_log < found.write_socket < 1e6
    assert 50 < found.write_log < 1e6
    assert 50 < found.read_socket < 1e6
    monkeypatch.setattr(chat_run, "RECORD_BYTES", 0)
    with pytest.raises(NotMeasured, match="usage: bare LOG BYTES"):
        bare_costs(program, 1)


def test_what_runs_say_together() -> None:
    point = ChatPoint("chat-c", 8, 0.0, 2.0)
    one = ChatMeasured(point, "", 1000, 8000, 2.0, 100.0, 300.0, 0.1, 0.08, 32000, 17, 8 * 2**20)
    cells = summarize_chat(
        [
            one,
            replace(one, point=replace(point, repeat=2), cpu_seconds=0.16),
            replace(one, point=replace(point, repeat=3), invalid="5 deliveries did not come"),
        ]
    )
    assert [(cell.point.repeat, cell.messages_a_second, cell.calls, cell.opened_a_second) for cell in cells] == [
        (2, 500.0, 4.0, 80.0)
    ]
    assert cells[0].cpu_us == pytest.approx(15.0)
    bare = BareCosts(400.0, 1600.0, 500.0, 4250.0)
    assert bare_us(bare, 8) == 5.0
    assert chat_tables(cells, bare)[0][1][1] == ["8", "chat-c", "500", "4000", "15.00", "3.00", "4.00", "80", "1024"]
    assert chat_tables(cells, None)[0][1][1][5] == ""


def test_servers_take_turns() -> None:
    found = [
        (each.server, each.clients, each.rate, each.repeat) for each in chat_points(["a", "b"], ChatScale((1, 8), 1, 2))
    ]
    assert found[:4] == [("a", 1, 100.0, 1), ("b", 1, 100.0, 1), ("a", 1, 0.0, 1), ("b", 1, 0.0, 1)]
    assert len(found) == len(set(found)) == 16


def test_the_command_measures_once_and_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order = ["bench", "chat", "--servers", "chat-c", "--connections", "2", "--duration", "1", "--out", str(tmp_path)]
    assert main(order) == 0
    said = capsys.readouterr().out
    assert said.count("chat-c, 2 clients, as fast as they come back: ") == 1
    assert "times bare" in said
    before = (tmp_path / "local" / "chat-runs.jsonl").read_bytes()
    assert main(order) == 0
    assert (tmp_path / "local" / "chat-runs.jsonl").read_bytes() == before
    assert "chat-c" in (tmp_path / "local" / "chat.md").read_text()
    assert main(["bench", "chat", "--servers", "fork-c"]) == 2
    assert "known: chat-c, chat-python, chat-asyncio" in capsys.readouterr().err
