"""One cell on this machine: what each kind of ending becomes."""

import dataclasses
import errno
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.local import LocalDriver
from anyunix.results.model import CellResult
from anyunix.run.cell import Cell, CellRun, SuiteOptions

MakeSuite = Callable[[str], Path]

PROBES = '''
import os, pytest

def test_measures(fact):
    """A fact."""
    fact("a.number", 1)
    fact("a.list", ["x", None])

def test_serves(server):
    """A contract."""
    server.connect().close()

def test_breaks(server):
    """A contract that is not kept."""
    assert server.port == 0, "the port is not 0"

@pytest.mark.protocol("chat")
def test_chats(server):
    """A contract that this subject cannot keep."""

@pytest.mark.promised_by("dual")
def test_promised(server):
    """A contract that this bind mode does not promise."""
'''


@pytest.fixture
def run_cell(subject: Subject, local: Platform, make_suite: MakeSuite) -> Callable[..., CellResult]:
    def run(
        probes: str = PROBES, changed: Subject | None = None, platform: Platform = local, **options: object
    ) -> CellResult:
        cell = Cell(changed or subject, platform, "default")
        return CellRun(cell, LocalDriver(), SuiteOptions(make_suite(probes), **options), lambda text: None).run()  # type: ignore[arg-type]  # SuiteOptions's own keywords

    return run


def test_facts_and_contracts_come_back(run_cell: Callable[..., CellResult]) -> None:
    result = run_cell()
    assert (result.status, result.reason) == ("ran", "")
    outcomes = {probe.id.rpartition("::")[2]: (probe.kind, probe.outcome) for probe in result.probes}
    assert outcomes == {
        "test_measures": ("fact", "passed"),
        "test_serves": ("contract", "passed"),
        "test_breaks": ("contract", "failed"),
        "test_chats": ("contract", "skipped"),
        "test_promised": ("contract", "skipped"),
    }
    assert result.facts == {"a.number": 1, "a.list": ["x", None]}
    assert "the port is not 0" in result.failures[0].message
    assert {probe.message for probe in result.probes if probe.outcome == "skipped"} == {
        "left out: tiny does not speak the chat protocol",
        "left out: bind mode default does not promise it",
    }


def test_each_probe_has_surroundings_of_its_own(run_cell: Callable[..., CellResult]) -> None:
    result = run_cell('''
import os, tempfile
def test_surroundings(fact):
    """Where a probe runs."""
    here = os.path.realpath(os.getcwd())
    fact("own", [os.path.realpath(os.environ[name]) == here for name in ("HOME", "TMPDIR")])
    fact("rest", [os.environ["TZ"], os.environ["LC_ALL"], oct(os.umask(0o22))])
''')
    assert result.facts == {"own": [True, True], "rest": ["UTC", "C", "0o22"]}


def test_a_subject_that_does_not_build_is_not_portable(run_cell: Callable[..., CellResult], subject: Subject) -> None:
    result = run_cell(changed=dataclasses.replace(subject, build=("sh", "-c", "echo no header >&2; exit 4")))
    (probe,) = result.failures
    assert (result.status, probe.id) == ("ran", "build/subject::builds")
    assert "exit status 4" in probe.message
    assert "no header" in probe.message


def test_a_build_makes_what_the_probes_start(run_cell: Callable[..., CellResult], subject: Subject) -> None:
    built = dataclasses.replace(
        subject, build=("cp", "server.py", "built.py"), start=("{python}", "built.py", "{port}")
    )
    result = run_cell(changed=built, expression="serves")
    assert [probe.outcome for probe in result.probes] == ["passed"]


def test_a_server_that_dies_at_once_is_one_failure_with_its_words(
    run_cell: Callable[..., CellResult], subject: Subject
) -> None:
    (subject.folder / "server.py").write_text("import sys; sys.exit('no such luck')")
    result = run_cell()
    (probe,) = result.probes
    assert (probe.id, probe.outcome, probe.error) == ("start/subject::starts", "failed", "NotReady")
    assert "exit status 1" in probe.message
    assert "no such luck" in probe.message


def test_a_probe_that_hangs_fails_and_the_others_go_on(run_cell: Callable[..., CellResult]) -> None:
    result = run_cell('''
import pytest, socket
@pytest.mark.timeout(1)
def test_hangs(fact):
    """Never ends."""
    one, other = socket.socketpair()
    one.recv(1)
def test_goes_on(fact):
    """Ends."""
    fact("b", 2)
''')
    assert [probe.outcome for probe in result.probes] == ["failed", "passed"]
    assert "Timeout" in result.probes[0].message


def test_a_suite_over_its_time_is_an_error_that_names_the_last_probe(run_cell: Callable[..., CellResult]) -> None:
    started = time.monotonic()
    result = run_cell(
        '''
import signal
def test_first(fact):
    """Ends."""
def test_cannot_be_stopped(fact):
    """Blocks what would end it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG))
    signal.sigwait([signal.SIGUSR1])
''',
        seconds=2.0,
    )
    assert result.status == "error"
    assert "did not end within 2 s" in result.reason
    assert "group/test_probes.py::test_" in result.reason
    assert re.search(r"; [012] of 2 probes came back$", result.reason)
    assert time.monotonic() - started < 15


def test_a_suite_that_kills_pytest_is_an_error(run_cell: Callable[..., CellResult]) -> None:
    result = run_cell('def test_dies(fact):\n    """Dies."""\n    import os; os._exit(9)\n')
    assert result.status == "error"
    assert "pytest ended with status 9" in result.reason


class FaultyDriver(LocalDriver):
    """Has a fault of its own, or of a library, in the middle of things."""

    def get(self, path: PurePosixPath, *, limit: int) -> bytes:
        raise ValueError("117 is not a valid stream")


class UnendingDriver(LocalDriver):
    """Cannot be taken down."""

    def down(self) -> None:
        super().down()
        raise RuntimeError("still there")


@pytest.mark.parametrize(
    ("driver", "said"),
    [
        (FaultyDriver, "a fault of anyunix: ValueError: 117 is not a valid stream (test_cell.py:"),
        (UnendingDriver, "a fault of anyunix: RuntimeError: still there (test_cell.py:"),
    ],
)
def test_any_exception_is_the_cells_error_and_its_story_is_in_the_log(
    subject: Subject, local: Platform, make_suite: MakeSuite, driver: type[LocalDriver], said: str
) -> None:
    run = CellRun(
        Cell(subject, local, "default"), driver(), SuiteOptions(make_suite(PROBES), "serves"), lambda text: None
    )
    result = run.run()
    assert result.status == "error"
    assert result.reason.startswith(said)
    assert "Traceback (most recent call last)" in run.artifacts.log


def test_a_full_disk_here_is_the_cells_error(
    subject: Subject, local: Platform, make_suite: MakeSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/tmp/payload.tar")

    monkeypatch.setattr("anyunix.run.cell.write_payload", full)
    result = CellRun(
        Cell(subject, local, "default"), LocalDriver(), SuiteOptions(make_suite(PROBES)), lambda text: None
    ).run()
    assert (result.status, result.reason) == ("error", "No space left on device: /tmp/payload.tar")


def test_results_that_are_no_xml_are_an_error(run_cell: Callable[..., CellResult]) -> None:
    result = run_cell(
        '''
import atexit, os, pathlib
def test_vandal(fact):
    """Leaves something else in place of the results."""
    path = pathlib.Path(os.environ["ANYUNIX_SUBJECT"]).parents[1] / "junit.xml"
    atexit.register(path.write_text, "<!DOCTYPE x [<!ENTITY a 'b'>]><testsuites/>")
''',
        workers=1,
    )
    assert result.status == "error"
    assert "document type or entities" in result.reason


def test_no_probe_that_matches_is_not_a_pass(run_cell: Callable[..., CellResult]) -> None:
    result = run_cell(expression="nothing_like_this")
    assert (result.status, "nothing_like_this" in result.reason) == ("not-run", True)


def test_a_tool_that_is_missing_is_not_run_with_the_tool(run_cell: Callable[..., CellResult], subject: Subject) -> None:
    result = run_cell(changed=dataclasses.replace(subject, needs=("no-such-cc",), build=("no-such-cc",)))
    assert result.status == "not-run"
    assert result.reason.startswith("no no-such-cc on local: install it there, or have the subject built here: ")


def test_a_platform_without_python_is_not_run(
    subject: Subject, local: Platform, make_suite: MakeSuite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoPython(LocalDriver):
        def run(self, argv, *, env, timeout, say=None):  # type: ignore[no-untyped-def]  # as LocalDriver's
            return super().run(argv, env={**env, "PATH": str(tmp_path / "bin")}, timeout=timeout, say=say)

    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "sh").symlink_to(shutil.which("sh") or "/bin/sh")
    result = CellRun(
        Cell(subject, local, "default"), NoPython(), SuiteOptions(make_suite(PROBES)), lambda text: None
    ).run()
    assert (result.status, "no python3 on local" in result.reason) == ("not-run", True)


def test_nothing_is_left_behind(
    run_cell: Callable[..., CellResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    result = run_cell('''
import os, subprocess, sys
def test_leaves_a_process(fact):
    """Starts something in a session of its own and forgets it."""
    fact("pid", subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"],
                                 start_new_session=True).pid)
''')
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not [
        entry for entry in os.listdir("/proc") if entry.isdigit() and str(tmp_path).encode() in _environment(entry)
    ]
    assert len(result.left_behind) == 1
    assert result.left_behind[0].startswith(f"pid {result.facts['pid']} ")


def _environment(pid: str) -> bytes:
    try:
        return Path("/proc", pid, "environ").read_bytes()
    except OSError:
        return b""


def test_log_holds_what_pytest_said(subject: Subject, local: Platform, make_suite: MakeSuite) -> None:
    run = CellRun(Cell(subject, local, "default"), LocalDriver(), SuiteOptions(make_suite(PROBES)), lambda text: None)
    run.run()
    assert "test_probes.py::test_breaks FAILED" in run.artifacts.log
    assert run.artifacts.junit[0].startswith(b"<?xml")
    assert PurePosixPath("junit.xml").name not in os.listdir(".")


@pytest.mark.parametrize("sources", [(), ("main.c",)])
def test_a_compiler_is_named_only_where_one_had_something_to_compile(
    subject: Subject, run_cell: Callable[..., CellResult], sources: tuple[str, ...]
) -> None:
    """ssh-keygen and initdb are build commands too."""
    if not shutil.which("cc"):
        pytest.skip("no cc here")
    for source in sources:
        (subject.folder / source).write_text("int main(void) { return 0; }\n")
    result = run_cell(
        "def test_measures(fact):\n    fact('a', 1)\n",
        dataclasses.replace(subject, build=("sh", "-c", "true"), files=(*subject.files, *sources)),
    )
    assert (result.status, bool(result.compiler)) == ("ran", bool(sources))
