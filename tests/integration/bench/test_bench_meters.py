"""What measures on a platform: /proc, control groups, system calls and ps, and what only some of them can tell."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.bench.bench_report import as_json, costs
from anyunix.bench.remote import cgroup, experiment, meter
from anyunix.bench.remote.cgroup import own_group
from anyunix.bench.remote.conditions import NOTHING_ON
from anyunix.bench.remote.experiment import AT_THE_START, Point, measure, started
from anyunix.bench.remote.programs import LOADS, SERVERS, Inventory, build
from anyunix.bench.remote.ps import cpu_time, sum_tree, tree_by_ps
from anyunix.bench.remote.syscalls import counted_calls, read_calls
from anyunix.bench.remote.tree import PROC, look_at_tree, tree_of
from anyunix.bench.summary import summarize
from anyunix.catalog.lookup import Catalog

needs_proc = pytest.mark.skipif(not (PROC / "self" / "schedstat").exists(), reason="no /proc/PID/schedstat here")
needs_two = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2, reason="one CPU here"
)


@needs_proc
def test_usage_is_of_the_whole_tree() -> None:
    program = (
        "import os, time; pid = os.fork(); deadline = time.process_time() + 0.2\n"
        "while time.process_time() < deadline: pass\nprint('burnt', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["burnt\n"] * 2
        usage, forks = look_at_tree(process.pid), tree_of(process.pid)
        for pid in reversed(forks):
            os.kill(pid, 9)
    assert len(forks) == usage.processes == 2
    assert 0.4 <= usage.cpu_seconds < 2


@needs_proc
def test_a_control_group_counts_processes_that_have_ended() -> None:
    program = (
        "import os, time; input(); pid = os.fork(); deadline = time.process_time() + 0.3\n"
        "while time.process_time() < deadline: pass\nif not pid: os._exit(0)\n"
        "os.waitpid(pid, 0); print('burnt', flush=True); input()"
    )
    with own_group() as group:
        if group is None:
            pytest.skip("this user may make no control group")
        with subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
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
    done = subprocess.run(
        [*inside, sys.executable, "-m", "pytest", "-q", again], capture_output=True, text=True, check=False
    )
    assert "1 passed" in done.stdout, done.stdout


def test_without_a_control_group_there_is_none(tmp_path: Path) -> None:
    with own_group(tmp_path / "nothing") as group:
        assert group is None
    assert cgroup.ROOT.name == "cgroup"


@needs_proc
def test_system_calls_of_processes_that_are_forked_are_counted() -> None:
    program = "import os\nif not os.fork():\n for _ in range(5000): os.getppid()\n os._exit(0)\nos.wait()\ninput()"
    with (
        subprocess.Popen(
            [*AT_THE_START, sys.executable, "-S", "-c", "print(end='', flush=True);" + program], stdin=subprocess.PIPE
        ) as process,
        counted_calls(process.pid) as event,
    ):
        assert process.stdin is not None
        if event is None:
            process.kill()
            pytest.skip("this user may not count system calls")
        process.stdin.write(b"go\n")
        process.stdin.close()
        process.wait(30)
        assert 5000 < read_calls(event) < 8000


@needs_proc
def test_a_server_that_has_ended_is_no_error_of_its_own() -> None:
    """What its end is called is for whoever noticed it: `started` has nothing left to kill."""
    program = "import sys; print('READY x:1', file=sys.stderr, flush=True)"
    with started((sys.executable, "-c", program), set(), None, NOTHING_ON) as (process, port, _):
        assert (process.wait(30), port) == (0, 1)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0:00.03", 0.03), ("12:34.56", 754.56), ("00:01:02", 62), ("2-03:04:05", 183845), ("0:01,50", 1.5)],
)
def test_times_of_ps(text: str, seconds: float) -> None:
    assert cpu_time(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "-", "1:2:3:4", "x:01"])
def test_what_is_no_time_of_ps_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="is no time of ps"):
        cpu_time(text)


def test_ps_sums_a_tree_and_leaves_strangers_out() -> None:
    listing = (
        "    1     0   9:00.00  800\n  100     1   0:01.50  2000\n"
        "  102   101   0:00.25  100\n  101   100   0:02.00  500\n"
    )
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
def test_where_only_ps_measures(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, freebsd_ps: Callable[[int], None]
) -> None:
    """As on FreeBSD: nobody counts context switches, and a sample above what the CPUs give makes a run invalid."""
    server, load = (
        build(source, catalog.root / "bench", tmp_path).command
        for source in (*SERVERS, *LOADS)
        if source.name in ("loop-c", "load")
    )
    freebsd_ps(1)
    monkeypatch.setattr(meter, "has_schedstat", lambda: False)
    monkeypatch.setattr(experiment, "own_group", lambda: nullcontext(None))
    found = measure(Point("loop-c", "like", 2, 1250, 1e6, 1.0), server, load[0])
    assert re.fullmatch(
        r"a sample of [1-9][\d,]{4,} %, where the CPUs give 0 to \d+ %: the times that ps tells cannot "
        "be believed",
        found.invalid,
    ), found.invalid
    assert (found.source, found.processes, len(found.samples)) == ("ps", 1, 1)
    cells = summarize([replace(found, invalid="")])
    assert costs(cells, 2)[1][4:6] == ["not counted", "not counted"]
    kept = json.loads(as_json("there", Inventory("a machine", (), ()), cells=cells))
    assert kept["cells"][0]["voluntary_a_write"] is None
