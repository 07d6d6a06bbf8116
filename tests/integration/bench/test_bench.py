"""`anyunix bench`: real servers under a real load, what makes a run invalid, and the arithmetic."""

import json
import os
import platform
import resource
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from anyunix.bench.bench_report import by_write_size, table_one
from anyunix.bench.figures import WHERE, figures, missing
from anyunix.bench.go import build_go
from anyunix.bench.journal import append, read_journal
from anyunix.bench.progress import Watch
from anyunix.bench.remote import programs
from anyunix.bench.remote.experiment import Measured, Point, measure
from anyunix.bench.remote.programs import LOADS, SERVERS, BuiltProgram, NotBuilt, build
from anyunix.bench.remote.tree import PROC
from anyunix.bench.schedule import Scale, points
from anyunix.bench.summary import summarize
from anyunix.catalog.lookup import Catalog
from anyunix.cli import main
from anyunix.drivers.docker.engine import Engine
from anyunix.errors import ConfigurationError
from sshd import ALIAS, Sshd

POINT = Point("fork-c", "like", 8, 1250, 1e6, 2.0)
needs_proc = pytest.mark.skipif(not (PROC / "self" / "schedstat").exists(), reason="no /proc/PID/schedstat here")
needs_two = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2, reason="one CPU here"
)


@pytest.fixture(scope="module")
def load(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The load generator."""
    return Path(built(LOADS, "load", catalog, tmp_path_factory.mktemp("load")).command[0])


def built(sources: tuple[programs.Source, ...], name: str, catalog: Catalog, into: Path) -> BuiltProgram:
    """A program, from the sources as they are here. Raises NotBuilt."""
    source = next(source for source in sources if source.name == name)
    if source.compiler == "go":
        build_go(
            name,
            [str(catalog.root / "bench" / source.files[0])],
            into,
            platform.system(),
            platform.machine(),
            "64" if sys.maxsize > 2**32 else "32",
        )
    return build(source, catalog.root / "bench", into)


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
    done = subprocess.run(
        [str(load), "127.0.0.1", str(port), *rest], capture_output=True, text=True, timeout=60, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def test_the_load_is_the_rate_that_was_asked_for_and_is_consumed(load: Path) -> None:
    with sink() as (port, counts):
        said = run_load(load, port, "4", "1000000", "1250", "1.6")
        assert said["sent_bytes"] == said["expected_bytes"] == 4 * 1e6 / 8 * 1.6
        assert (said["consumed"], said["owed_bytes"]) == (4, 0)
        assert sorted(counts) == [200000] * 4


def test_writes_of_a_tick_go_out_together(load: Path) -> None:
    with sink() as (port, counts):
        switches = []
        for tick in ("100", "20000"):  # a write is due every 1 ms
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_nvcsw
            said = run_load(load, port, "2", "1e6", "250", "1", tick)
            switches.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_nvcsw - before)
            assert said["sent_bytes"] == said["expected_bytes"]
        assert len(set(counts)) == 1
    assert switches[0] > 400
    assert switches[1] < 200


def test_a_server_that_does_not_read_is_seen(load: Path) -> None:
    with sink(reads=False) as (port, _):
        process = subprocess.Popen(
            [str(load), "127.0.0.1", str(port), "1", "1e9", "100000", "0.5"], stdout=subprocess.PIPE, text=True
        )
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
@needs_two
@pytest.mark.parametrize("name", [source.name for source in SERVERS])
def test_every_server_is_measured_in_both_forms(name: str, catalog: Catalog, tmp_path: Path, load: Path) -> None:
    try:
        server = built(SERVERS, name, catalog, tmp_path)
    except NotBuilt as error:
        assert "no go on PATH" in str(error)
        pytest.skip(str(error))
    for form in ("paper", "like"):
        found = measure(Point(name, form, 8, 1250, 1e6, 2.0), server.command, str(load))
        assert found.invalid == ""
        assert len(found.samples) == 3
        assert all(0 < sample < 100 for sample in found.samples)
        assert found.memory_bytes > 0
        assert found.processes == (9 if name.startswith("fork") else 1)
        assert found.sent_bytes == 8 * 125000 * 3


@needs_two
@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit('out of luck')", "the server does not start: out of luck"),
        (
            "import socket, sys, time; s = socket.create_server(('127.0.0.1', 0));"
            "print('READY x:%d' % s.getsockname()[1], file=sys.stderr, flush=True); s.accept(); time.sleep(0.5)",
            "cannot write: ",
        ),
    ],
)
def test_a_server_that_dies_is_an_invalid_run(program: str, said: str, load: Path) -> None:
    found = measure(POINT, (sys.executable, "-c", program), str(load))
    assert said in found.invalid


@needs_two
def test_a_rate_that_is_not_kept_is_an_invalid_run(catalog: Catalog, tmp_path: Path, load: Path) -> None:
    server = built(SERVERS, "asyncio-python", catalog, tmp_path)
    found = measure(Point("asyncio-python", "like", 8, 8, 1e9, 1.5), server.command, str(load))
    assert "the rate was not kept" in found.invalid


def measured(server: str, *samples: float, repeat: int = 1, invalid: str = "", size: int = 1250) -> Measured:
    return Measured(Point(server, "like", 64, size, 1e6, 2.0, repeat), samples, invalid)


def test_invalid_runs_are_in_no_mean_and_repeats_give_an_interval() -> None:
    cells = summarize(
        [
            measured("fork-c", 10.0, 12.0),
            measured("fork-c", 14.0, 16.0, repeat=2),
            measured("fork-c", 99.0, repeat=3, invalid="the rate was not kept"),
            measured("goroutine-go", 26.0, 26.0),
        ]
    )
    assert [(cell.point.server, cell.mean, cell.point.repeat) for cell in cells] == [
        ("fork-c", 13.0, 2),
        ("goroutine-go", 26.0, 1),
    ]
    assert cells[0].variation == pytest.approx(2.582 / 13, abs=1e-3)
    assert cells[0].interval == pytest.approx(12.71 * 2.828 / 2**0.5, abs=0.01)  # means 11 and 15
    assert cells[1].interval is None
    assert table_one(cells, "like", 1250)[1] == [
        "64",
        "13.00 ± 25.42 (0.20)",
        "26.00 (0.00)",
        "2.53 (0.18)",
        "36.08 (0.24)",
    ]
    assert by_write_size(cells, [64])[1] == ["1250", "64", "like", "13.00", "26.00", "", "2.00", ""]


def test_servers_take_turns_at_each_point() -> None:
    two = ["a", "b"]
    found = [
        (point.server, point.form, point.connections, point.write_bytes, point.repeat)
        for point in points(two, Scale((1, 4), 2.0, (128, 1250), 2))
    ]
    assert found[:4] == [
        ("a", "paper", 1, 1250, 1),
        ("b", "paper", 1, 1250, 1),
        ("a", "like", 1, 1250, 1),
        ("b", "like", 1, 1250, 1),
    ]
    assert [each[2:4] for each in found if each[:2] == ("a", "like") and each[4] == 1] == [
        (1, 1250),
        (4, 1250),
        (4, 128),
    ]
    assert len(found) == len(set(found)) == 24


def test_an_interrupted_experiment_goes_on_where_it_was(tmp_path: Path) -> None:
    journal = tmp_path / "runs.jsonl"
    append(journal, measured("a", 1.0))
    with journal.open("ab") as stream:
        stream.write(b'{"point": {"server": "b", "fo')  # killed while it wrote
    assert [point.server for point in read_journal(journal, Measured)] == ["a"]
    append(journal, measured("c", 2.0))
    assert [point.server for point in read_journal(journal, Measured)] == ["a", "c"]
    journal.write_text("{}\n")
    with pytest.raises(ConfigurationError, match=r"runs\.jsonl: line 1: not a run of anyunix bench"):
        read_journal(journal, Measured)


def test_small_writes_are_measured_at_connections_where_their_rate_can_be_kept() -> None:
    found = {(point.connections, point.write_bytes) for point in points(["a"], Scale((1, 64), 2.0, (8, 128, 1250), 1))}
    assert found == {(1, 1250), (64, 1250), (64, 128), (4, 8)}


def test_the_time_left_shrinks(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(width=200)
    with Watch(console, 2, 500.0) as watch:
        watch.begins("a")
        watch.done("a: 3.00 %", True)
    said = capsys.readouterr().out
    assert said == "a: 3.00 %; 0 s left\n"


@pytest.mark.skipif(bool(missing()), reason="matplotlib is not installed here")
def test_figures_are_svg_and_png() -> None:
    drawn = figures(summarize([measured("fork-c", 10.0, 12.0), measured("goroutine-go", 30.0, 31.0)]), 1250)
    assert sorted(drawn) == ["figure-3.png", "figure-3.svg", "figure-4.png", "figure-4.svg"]
    assert drawn["figure-3.png"].startswith(b"\x89PNG")
    assert b"<!-- fork-c, like for like -->" in drawn["figure-3.svg"]
    assert figures([], 1250) == {}


@needs_proc
@needs_two
def test_the_command_measures_once_and_reports(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    order = [
        "bench",
        "--servers",
        "loop-c",
        "--connections",
        "2",
        "--bytes",
        "1250",
        "--duration",
        "2",
        "--out",
        str(tmp_path / "[dim]"),
    ]
    assert main(order) == 0
    assert capsys.readouterr().out.count("loop-c paper, 2 connections, 1250 bytes a write: ") == 1
    out = tmp_path / "[dim]" / "local"
    before = (out / "runs.jsonl").read_bytes()
    monkeypatch.setattr("anyunix.bench.bench_report.missing", lambda: WHERE)
    assert main(order) == 0
    said = capsys.readouterr().out
    assert "loop-c paper, 2 connections, 1250 bytes a write: " not in said
    assert f"Details in {out}: " in said
    assert WHERE in said
    assert (out / "runs.jsonl").read_bytes() == before
    assert {"runs.jsonl", "bench.md", "bench.json", "samples.csv"} <= {file.name for file in out.iterdir()}
    assert len((out / "samples.csv").read_text().splitlines()) == 1 + 2 * 3
    assert "loop-c" in (out / "bench.md").read_text()


@needs_two
def test_it_measures_in_a_container(engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order = [
        "bench",
        "--platform",
        "debian",
        "--servers",
        "fork-c,goroutine-go",
        "--connections",
        "2",
        "--bytes",
        "1250",
        "--duration",
        "2",
        "--out",
        str(tmp_path),
    ]
    assert main(order) == 0
    said = capsys.readouterr().out
    for server in ("fork-c", *(["goroutine-go"] if shutil.which("go") else [])):
        assert f"{server} like, 2 connections, 1250 bytes a write: " in said
    assert "invalid" not in said
    assert "on debian" in (tmp_path / "debian" / "bench.md").read_text()


@needs_two
def test_it_measures_over_ssh(sshd: Sshd, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    far = tmp_path / "far.yaml"
    far.write_text(f"title: over there\ndriver: ssh\naddress: {ALIAS}\nssh_config: {sshd.config}\n")
    order = [
        "bench",
        "--platform",
        str(far),
        "--servers",
        "fork-c",
        "--connections",
        "2",
        "--bytes",
        "1250",
        "--duration",
        "2",
        "--out",
        str(tmp_path / "out"),
    ]
    assert main(order) == 0
    assert "invalid" not in capsys.readouterr().out
    assert "on far" in (tmp_path / "out" / "far" / "bench.md").read_text()
    assert sshd.folders() == []


def test_an_old_freebsd_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What would be cross-built for it does not start there."""
    (tmp_path / "bin").mkdir()
    for tool in ("sh", "env", "getconf"):
        (tmp_path / "bin" / tool).symlink_to(str(shutil.which(tool)))
    (tmp_path / "bin" / "python3").symlink_to(Path(sys.executable).resolve())
    (tmp_path / "bin" / "uname").write_text(
        "#!/bin/sh\ncase $1 in -s) echo FreeBSD;; -r) echo 13.2-RELEASE;; *) echo amd64;; esac\n"
    )
    (tmp_path / "bin" / "uname").chmod(0o755)
    (tmp_path / "old.yaml").write_text("title: an old one\ndriver: local\ncross: x86_64-freebsd\n")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert main(["bench", "--platform", str(tmp_path / "old.yaml"), "--servers", "fork-c", "--out", str(tmp_path)]) == 3
    assert (
        "old: not run: no cc on old, and programs that are built for x86_64-freebsd start on FreeBSD 14.0 or newer"
        in capsys.readouterr().err
    )


def test_what_is_missing_is_said_and_what_can_run_runs(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "--servers", "fork-rust"]) == 2
    assert "--servers fork-rust: no such server; known: fork-c, goroutine-go" in capsys.readouterr().err
    assert main(["bench", "--platform", "illumos", "--out", str(tmp_path)]) == 3
    assert "illumos: not run: known from its manuals" in capsys.readouterr().err
    assert main(["bench", "--cpus", "4096", "--servers", "fork-python", "--out", str(tmp_path)]) == 3
    assert "local: not run: bench needs 4097 CPUs, 4096 for the server and one for the load" in capsys.readouterr().err
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(NotBuilt, match=r"goroutine-go is left out: no go on PATH here: apt-get install golang-go"):
        built(SERVERS, "goroutine-go", catalog, tmp_path)
    with pytest.raises(NotBuilt, match=r"loop-c is left out: no cc on PATH there: apt-get install gcc"):
        built(SERVERS, "loop-c", catalog, tmp_path)
