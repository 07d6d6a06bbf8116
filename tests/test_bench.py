"""`anyunix bench`: real servers under a real load, what makes a run invalid, and the arithmetic."""

import json
import os
import platform
import re
import resource
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from anyunix.bench.go import build_go
from anyunix.bench.journal import append, read_journal
from anyunix.bench.on_platform import build as building
from anyunix.bench.on_platform import cgroup, experiment, meter
from anyunix.bench.on_platform.build import LOADS, SERVERS, Built, NotBuilt, Place, build
from anyunix.bench.on_platform.calls import counted_calls, read_calls
from anyunix.bench.on_platform.cgroup import own_group
from anyunix.bench.on_platform.experiment import AT_THE_START, Measured, Point, measure
from anyunix.bench.on_platform.ps import cpu_time, sum_tree, tree_by_ps
from anyunix.bench.on_platform.tree import PROC, look_at_tree, tree_of
from anyunix.bench.plan import Scale, points
from anyunix.bench.progress import Watch
from anyunix.bench.summary import summarize
from anyunix.catalog import Catalog
from anyunix.cli import main
from anyunix.drivers.engine import Engine
from anyunix.errors import ConfigurationError
from anyunix.report.bench import as_json, by_write_size, costs, table_one
from anyunix.report.bench_figures import WHERE, figures, missing
from sshd import ALIAS, Sshd

POINT = Point("fork-c", "like", 8, 1250, 1e6, 2.0)
needs_proc = pytest.mark.skipif(not (PROC / "self" / "schedstat").exists(), reason="no /proc/PID/schedstat here")
needs_two = pytest.mark.skipif(not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
                               reason="one CPU here")


@pytest.fixture(scope="module")
def load(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The load generator."""
    return Path(built(LOADS, "load", catalog, tmp_path_factory.mktemp("load")).command[0])


def built(sources: tuple[building.Source, ...], name: str, catalog: Catalog, into: Path) -> Built:
    """A program, from the sources as they are here. Raises NotBuilt."""
    source = next(source for source in sources if source.name == name)
    if source.compiler == "go":
        build_go(name, [str(catalog.root / "bench" / source.files[0])], into, platform.system(), platform.machine(),
                 "64" if sys.maxsize > 2**32 else "32")
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
        usage, family = look_at_tree(process.pid), tree_of(process.pid)
        for pid in reversed(family):
            os.kill(pid, 9)
    assert len(family) == usage.processes == 2
    assert 0.4 <= usage.cpu_seconds < 2


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
@pytest.mark.parametrize(("program", "said"), [
    ("import sys; sys.exit('out of luck')", "the server does not start: out of luck"),
    ("import socket, sys, time; s = socket.create_server(('127.0.0.1', 0));"
     "print('READY x:%d' % s.getsockname()[1], file=sys.stderr, flush=True); s.accept(); time.sleep(0.5)",
     "cannot write: "),
])
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
    assert by_write_size(cells, [64])[1] == ["1250", "64", "like", "13.00", "26.00", "", "2.00", ""]


def test_servers_take_turns_at_each_point() -> None:
    two = ["a", "b"]
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
    assert [point.server for point in read_journal(journal, Measured)] == ["a"]
    append(journal, measured("c", 2.0))
    assert [point.server for point in read_journal(journal, Measured)] == ["a", "c"]
    journal.write_text("{}\n")
    with pytest.raises(ConfigurationError, match=r"runs\.jsonl: line 1: not a run of anyunix bench"):
        read_journal(journal, Measured)


def test_small_writes_are_measured_at_connections_where_their_rate_can_be_kept() -> None:
    found = {(point.connections, point.write_bytes) for point in points(["a"], Scale((1, 64), 2.0, (8, 128, 1250), 1))}
    assert found == {(1, 1250), (64, 1250), (64, 128), (4, 8)}


@needs_proc
def test_a_control_group_counts_processes_that_have_ended() -> None:
    program = ("import os, time; input(); pid = os.fork(); deadline = time.process_time() + 0.3\n"
               "while time.process_time() < deadline: pass\nif not pid: os._exit(0)\n"
               "os.waitpid(pid, 0); print('burnt', flush=True); input()")
    with own_group() as group:
        if group is None:
            pytest.skip("this user may make no control group")
        with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            group.add(process.pid)
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline() == "burnt\n"
            assert 0.6 <= group.cpu_seconds() < 3
            assert look_at_tree(process.pid).cpu_seconds < group.cpu_seconds() - 0.2
            process.stdin.write("\n")
    assert not list(Path("/sys/fs/cgroup").rglob(f"anyunix-bench-{os.getpid()}"))


@needs_proc
def test_so_does_one_of_version_2() -> None:
    inside = ["unshare", "-m", "sh", "-c", 'mount -t cgroup2 none /sys/fs/cgroup && exec "$@"', "sh"]
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
        pytest.skip("version 2 cannot be mounted here: that takes root and a mount namespace")
    again = f"{__file__}::{test_a_control_group_counts_processes_that_have_ended.__name__}"
    done = subprocess.run([*inside, sys.executable, "-m", "pytest", "-q", again], capture_output=True, text=True,
                          check=False)
    assert "1 passed" in done.stdout, done.stdout


def test_without_a_control_group_there_is_none(tmp_path: Path) -> None:
    with own_group(tmp_path / "nothing") as group:
        assert group is None
    assert cgroup.ROOT.name == "cgroup"


@needs_proc
def test_system_calls_of_processes_that_are_forked_are_counted() -> None:
    program = "import os\nif not os.fork():\n for _ in range(5000): os.getppid()\n os._exit(0)\nos.wait()\ninput()"
    with subprocess.Popen([*AT_THE_START, sys.executable, "-S", "-c", "print(end='', flush=True);" + program],
                          stdin=subprocess.PIPE) as process, counted_calls(process.pid) as event:
        assert process.stdin is not None
        if event is None:
            process.kill()
            pytest.skip("this user may not count system calls")
        process.stdin.write(b"go\n")
        process.stdin.close()
        process.wait(30)
        assert 5000 < read_calls(event) < 8000


@pytest.mark.parametrize(("text", "seconds"), [("0:00.03", 0.03), ("12:34.56", 754.56), ("00:01:02", 62),
                                               ("2-03:04:05", 183845), ("0:01,50", 1.5)])
def test_times_of_ps(text: str, seconds: float) -> None:
    assert cpu_time(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "-", "1:2:3:4", "x:01"])
def test_what_is_no_time_of_ps_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="is no time of ps"):
        cpu_time(text)


def test_ps_sums_a_tree_and_leaves_strangers_out() -> None:
    listing = ("    1     0   9:00.00  800\n  100     1   0:01.50  2000\n"
               "  102   101   0:00.25  100\n  101   100   0:02.00  500\n")
    assert sum_tree(listing, 100) == (3.75, 2600 * 1024, 3)


@pytest.mark.skipif(not shutil.which("ps"), reason="no ps here")
def test_ps_of_this_system_is_read() -> None:
    seconds, size, processes = tree_by_ps(os.getpid())
    assert seconds >= 0
    assert size > 2**20
    assert processes >= 1


PS_OF_FREEBSD = """\
#!{python}
import os, pathlib, sys
columns, given = [], sys.argv[1:]
while given:
    option = given.pop(0)
    if option.endswith("o"):
        word = given.pop(0)
        columns += [word] if "=" in word else [each + "=" + each.upper() for each in word.split(",")]
names, headers = zip(*(column.split("=", 1) for column in columns))
if any(headers):
    print(*headers)
calls = pathlib.Path(__file__ + ".calls")
number = int(calls.read_text()) if calls.exists() else 0
calls.write_text(str(number + 1))
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        parent = pathlib.Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[1]
    except OSError:
        continue
    known = {{"pid": pid, "ppid": parent, "time": "%d:00.00" % ({minutes} * number), "rss": "2000"}}
    print(*(known[name] for name in names))
"""
"""FreeBSD's ps(1): behind `-o`, an item with `=` takes the rest of the argument for its header. Each look finds every
process `minutes` older."""


@pytest.fixture
def freebsd_ps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Puts such a ps first on PATH."""

    def put(minutes: int) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "ps").write_text(PS_OF_FREEBSD.format(python=sys.executable, minutes=minutes))
        (folder / "ps").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    return put


@needs_proc
def test_ps_of_freebsd_is_asked_for_a_column_at_a_time(freebsd_ps: Callable[[int], None]) -> None:
    freebsd_ps(0)
    with subprocess.Popen(["sleep", "30"]) as process:
        assert tree_by_ps(process.pid) == (0.0, 2000 * 1024, 1)
        process.kill()


@needs_proc
@needs_two
def test_where_only_ps_measures(catalog: Catalog, tmp_path: Path, load: Path, monkeypatch: pytest.MonkeyPatch,
                                freebsd_ps: Callable[[int], None]) -> None:
    """As on FreeBSD: nobody counts context switches, and a sample above what the CPUs give is in no mean."""
    server = built(SERVERS, "loop-c", catalog, tmp_path)
    freebsd_ps(1)
    monkeypatch.setattr(meter, "has_schedstat", lambda: False)
    monkeypatch.setattr(experiment, "own_group", lambda: nullcontext(None))
    found = measure(Point("loop-c", "like", 2, 1250, 1e6, 1.0), server.command, str(load))
    assert re.fullmatch(r"a sample of [1-9][\d,]{4,} %, where the CPUs give 0 to \d+ %: the times that ps tells cannot "
                        "be believed", found.invalid), found.invalid
    assert (found.source, found.processes, len(found.samples)) == ("ps", 1, 1)
    cells = summarize([replace(found, invalid="")])
    assert costs(cells, 2)[1][4:6] == ["not counted", "not counted"]
    kept = json.loads(as_json("there", Place("a machine", (), ()), cells=cells))
    assert kept["cells"][0]["voluntary_a_write"] is None


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
def test_the_command_measures_once_and_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    order = ["bench", "--servers", "loop-c", "--connections", "2", "--bytes", "1250", "--duration", "2",
             "--out", str(tmp_path / "[dim]")]
    assert main(order) == 0
    assert capsys.readouterr().out.count("loop-c paper, 2 connections, 1250 bytes a write: ") == 1
    out = tmp_path / "[dim]" / "local"
    before = (out / "runs.jsonl").read_bytes()
    monkeypatch.setattr("anyunix.report.bench.missing", lambda: WHERE)
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
    order = ["bench", "--platform", "debian", "--servers", "fork-c,goroutine-go", "--connections", "2", "--bytes",
             "1250", "--duration", "2", "--out", str(tmp_path)]
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
    order = ["bench", "--platform", str(far), "--servers", "fork-c", "--connections", "2", "--bytes", "1250",
             "--duration", "2", "--out", str(tmp_path / "out")]
    assert main(order) == 0
    assert "invalid" not in capsys.readouterr().out
    assert "on far" in (tmp_path / "out" / "far" / "bench.md").read_text()
    assert sshd.folders() == []


def test_an_old_freebsd_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                   capsys: pytest.CaptureFixture[str]) -> None:
    """What would be cross-built for it does not start there."""
    (tmp_path / "bin").mkdir()
    for tool in ("sh", "env", "getconf"):
        (tmp_path / "bin" / tool).symlink_to(str(shutil.which(tool)))
    (tmp_path / "bin" / "python3").symlink_to(Path(sys.executable).resolve())
    (tmp_path / "bin" / "uname").write_text(
        '#!/bin/sh\ncase $1 in -s) echo FreeBSD;; -r) echo 13.2-RELEASE;; *) echo amd64;; esac\n')
    (tmp_path / "bin" / "uname").chmod(0o755)
    (tmp_path / "old.yaml").write_text("title: an old one\ndriver: local\ncross: x86_64-freebsd\n")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert main(["bench", "--platform", str(tmp_path / "old.yaml"), "--servers", "fork-c", "--out", str(tmp_path)]) == 3
    assert "old: not run: no cc on old, and programs that are built for x86_64-freebsd start on FreeBSD 14.0 or newer" \
        in capsys.readouterr().err


def test_what_is_missing_is_said_and_what_can_run_runs(catalog: Catalog, tmp_path: Path,
                                                       monkeypatch: pytest.MonkeyPatch,
                                                       capsys: pytest.CaptureFixture[str]) -> None:
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
