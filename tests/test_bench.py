"""`anyunix bench`: real servers under a real load, what makes a run invalid, and the arithmetic."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from anyunix.bench import servers as bench_servers
from anyunix.bench.experiment import Measured, Point, measure
from anyunix.bench.journal import append, read_journal
from anyunix.bench.servers import SOURCES, Server, build_server, compile_c
from anyunix.bench.summary import summarize
from anyunix.bench.usage import PROC, tree_of, usage_of
from anyunix.catalog import Catalog
from anyunix.cli import main
from anyunix.commands import bench as bench_command
from anyunix.commands.bench import Scale, points
from anyunix.errors import ConfigurationError, PlatformError
from anyunix.report.bench import by_write_size, table_one

POINT = Point("fork-c", "like", 8, 1250, 1e6, 2.0)
needs_proc = pytest.mark.skipif(not (PROC / "self" / "schedstat").exists(), reason="no /proc/PID/schedstat here")
needs_two = pytest.mark.skipif(not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
                               reason="one CPU here")


@pytest.fixture(scope="module")
def load(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The load generator."""
    program = tmp_path_factory.mktemp("load") / "load"
    compile_c([str(catalog.root / "bench" / "load" / "load.c")], program)
    return program


@contextmanager
def sink(reads: bool = True) -> Iterator[tuple[int, list[int]]]:
    """A server of four connections at most; its port, and how many bytes each of them brought."""
    counts: list[int] = []

    def serve(peer: socket.socket, number: int) -> None:
        with peer:
            while reads and (data := peer.recv(65536)):
                counts[number] += len(data)
            if not reads:
                stop.wait(30)

    def accept() -> None:
        for number in range(4):
            try:
                peer = listener.accept()[0]
            except OSError:
                return
            counts.append(0)
            threading.Thread(target=serve, args=(peer, number), daemon=True).start()

    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1], counts
        stop.set()


def run_load(load: Path, port: int, *rest: str) -> dict[str, float]:
    done = subprocess.run([str(load), "127.0.0.1", str(port), *rest], capture_output=True, text=True, timeout=60,
                          check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def test_the_load_is_the_rate_that_was_asked_for_and_is_consumed(load: Path) -> None:
    with sink() as (port, counts):
        said = run_load(load, port, "4", "1000000", "1250", "1.6")
        assert said["sent_bytes"] == said["expected_bytes"] == 4 * 1e6 / 8 * 1.6
        assert (said["consumed"], said["owed_bytes"]) == (4, 0)
        assert sorted(counts) == [200000] * 4


def test_a_server_that_does_not_read_is_seen(load: Path) -> None:
    with sink(reads=False) as (port, _):
        process = subprocess.Popen([str(load), "127.0.0.1", str(port), "1", "1e9", "100000", "0.5"],
                                   stdout=subprocess.PIPE, text=True)
        said = json.loads(process.communicate(timeout=60)[0])
    assert said["owed_bytes"] > 0
    assert said["sent_bytes"] < said["expected_bytes"]
    assert said["consumed"] == 0


@pytest.mark.parametrize("arguments", [[], ["127.0.0.1", "1", "0", "1", "1", "1"], ["name", "1", "1", "1", "1", "1"]])
def test_a_bad_order_of_the_load_is_usage(load: Path, arguments: list[str]) -> None:
    done = subprocess.run([str(load), *arguments], capture_output=True, text=True, timeout=10, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


@needs_proc
def test_usage_is_of_the_whole_tree() -> None:
    program = ("import os, time; pid = os.fork(); deadline = time.process_time() + 0.2\n"
               "while time.process_time() < deadline: pass\nprint('burnt', flush=True); time.sleep(60)")
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["burnt\n"] * 2
        usage, family = usage_of(process.pid), tree_of(process.pid)
        for pid in reversed(family):
            os.kill(pid, 9)
    assert len(family) == usage.processes == 2
    assert 0.4 <= usage.cpu_seconds < 2


@needs_proc
@needs_two
@pytest.mark.parametrize("name", [source.name for source in SOURCES])
def test_every_server_is_measured_in_both_forms(name: str, catalog: Catalog, tmp_path: Path, load: Path) -> None:
    source = next(source for source in SOURCES if source.name == name)
    try:
        server = build_server(source, catalog.root / "bench" / "servers", tmp_path)
    except PlatformError as error:
        assert "no go on PATH" in str(error)
        pytest.skip(str(error))
    cpus = sorted(os.sched_getaffinity(0))
    for form in ("paper", "like"):
        found = measure(Point(name, form, 8, 1250, 1e6, 2.0), server, load, (cpus[0], cpus[1]))
        assert found.invalid == ""
        assert len(found.samples) == 3
        assert all(0 < sample < 100 for sample in found.samples)
        assert found.memory_bytes > 0
        assert found.processes == (9 if name.startswith("fork") else 1)
        assert found.sent_bytes == 8 * 125000 * 3


@needs_two
@pytest.mark.parametrize(("program", "said"), [
    ("import sys; sys.exit('out of luck')", "mine does not start: out of luck"),
    ("import socket, sys, time; s = socket.create_server(('127.0.0.1', 0));"
     "print('READY x:%d' % s.getsockname()[1], file=sys.stderr, flush=True); s.accept(); time.sleep(0.5)",
     "cannot write: "),
])
def test_a_server_that_dies_is_an_invalid_run(program: str, said: str, load: Path) -> None:
    found = measure(POINT, Server("mine", (sys.executable, "-c", program), "CPython"), load,
                    (min(os.sched_getaffinity(0)), max(os.sched_getaffinity(0))))
    assert said in found.invalid


@needs_two
def test_a_rate_that_is_not_kept_is_an_invalid_run(catalog: Catalog, tmp_path: Path, load: Path) -> None:
    source = next(source for source in SOURCES if source.name == "asyncio-python")
    server = build_server(source, catalog.root / "bench" / "servers", tmp_path)
    cpus = sorted(os.sched_getaffinity(0))
    found = measure(Point("asyncio-python", "like", 8, 8, 1e9, 1.5), server, load, (cpus[0], cpus[1]))
    assert "the rate was not kept" in found.invalid


def measured(server: str, *samples: float, repeat: int = 1, invalid: str = "", size: int = 1250) -> Measured:
    return Measured(Point(server, "like", 64, size, 1e6, 2.0, repeat), samples, invalid)


def test_invalid_runs_are_in_no_mean_and_repeats_give_an_interval() -> None:
    cells = summarize([measured("fork-c", 10.0, 12.0), measured("fork-c", 14.0, 16.0, repeat=2),
                       measured("fork-c", 99.0, repeat=3, invalid="the rate was not kept"),
                       measured("goroutine-go", 26.0, 26.0)])
    assert [(cell.point.server, cell.mean, cell.point.repeat) for cell in cells] == [
        ("fork-c", 13.0, 2), ("goroutine-go", 26.0, 1)]
    assert cells[0].variation == pytest.approx(2.582 / 13, abs=1e-3)
    assert cells[0].interval == pytest.approx(12.71 * 2.828 / 2**0.5, abs=0.01)  # means 11 and 15
    assert cells[1].interval is None
    assert table_one(cells, "like", 1250)[1] == ["64", "13.00 ± 25.42 (0.20)", "26.00 (0.00)", "2.53 (0.18)",
                                                 "36.08 (0.24)"]
    assert by_write_size(cells, 64)[1][2:5] == ["13.00", "26.00", "2.00"]


def test_servers_take_turns_at_each_point() -> None:
    two = [Server("a", (), ""), Server("b", (), "")]
    found = [(point.server, point.form, point.connections, point.write_bytes, point.repeat)
             for point in points(two, Scale((1, 4), 2.0, (128, 1250), 2))]
    assert found[:4] == [("a", "paper", 1, 1250, 1), ("b", "paper", 1, 1250, 1), ("a", "like", 1, 1250, 1),
                         ("b", "like", 1, 1250, 1)]
    assert [each[2:4] for each in found if each[:2] == ("a", "like") and each[4] == 1] == [
        (1, 1250), (4, 1250), (4, 128)]
    assert len(found) == len(set(found)) == 24


def test_an_interrupted_experiment_goes_on_where_it_was(tmp_path: Path) -> None:
    journal = tmp_path / "runs.jsonl"
    append(journal, measured("a", 1.0))
    with journal.open("ab") as stream:
        stream.write(b'{"point": {"server": "b", "fo')  # killed while it wrote
    assert [point.server for point in read_journal(journal)] == ["a"]
    append(journal, measured("c", 2.0))
    assert [point.server for point in read_journal(journal)] == ["a", "c"]
    journal.write_text("{}\n")
    with pytest.raises(ConfigurationError, match=r"runs\.jsonl: line 1: not a run of anyunix bench"):
        read_journal(journal)


@needs_proc
@needs_two
def test_the_command_measures_once_and_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order = ["bench", "--servers", "epoll-c", "--connections", "2", "--bytes", "1250", "--duration", "2",
             "--out", str(tmp_path)]
    assert main(order) == 0
    assert capsys.readouterr().out.count("epoll-c paper, 2 connections, 1250 bytes a write: ") == 1
    before = (tmp_path / "runs.jsonl").read_bytes()
    assert main(order) == 0
    assert "epoll-c paper, 2 connections, 1250 bytes a write: " not in capsys.readouterr().out
    assert (tmp_path / "runs.jsonl").read_bytes() == before
    assert {file.name for file in tmp_path.iterdir()} == {"runs.jsonl", "bench.md", "bench.json", "samples.csv"}
    assert len((tmp_path / "samples.csv").read_text().splitlines()) == 1 + 2 * 3
    assert "epoll-c" in (tmp_path / "bench.md").read_text()


def test_what_is_missing_is_said_and_what_can_run_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                       capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--servers", "fork-rust"]) == 2
    assert "--servers fork-rust: no such server; known: fork-c, goroutine-go" in capsys.readouterr().err
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0})
    assert main(["bench", "--out", str(tmp_path)]) == 3
    assert "bench needs two CPUs" in capsys.readouterr().err
    monkeypatch.undo()
    monkeypatch.setattr(bench_servers.shutil, "which", lambda name: None if name == "go" else f"/usr/bin/{name}")
    monkeypatch.setattr(bench_command, "_measure_all", lambda wanted, servers, *rest: [])
    main(["bench", "--servers", "goroutine-go,epoll-c", "--out", str(tmp_path)])
    assert "goroutine-go is left out: no go on PATH: apt-get install golang-go" in capsys.readouterr().out
