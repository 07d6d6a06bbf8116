"""What was planned has to come back: probes that are lacking, strange or talked away are no answer."""

import os
import subprocess
import sys
import tarfile
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.local import LocalDriver
from anyunix.errors import ConfigurationError
from anyunix.payload.archive import write_payload
from anyunix.results.model import CellResult
from anyunix.run.cell import Cell, CellRun, SuiteOptions
from anyunix.run.planned import Plans, collect, deviation, only

PROBES = '''
import pytest

def test_measures(fact):
    """A fact."""
    fact("a.number", 1)

@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_serves(server, family):
    """A contract."""
    server.connect().close()

def test_breaks(server):
    """A contract that is not kept."""
    assert server.port == 0, "the port is not 0"
'''
FILE = "group/test_probes.py"
OUTCOMES = {
    "test_measures": "passed",
    "test_serves[ipv4]": "passed",
    "test_serves[ipv6]": "passed",
    "test_breaks": "failed",
}
DESELECT = f"--deselect={FILE}::test_breaks"
LIAR = """#!/bin/sh
case "$*" in *"-m pytest"*) cat > junit.xml <<END
<testsuites><testsuite>{cases}</testsuite></testsuites>
END
exit 0;; esac
exec {python} "$@"
"""


@pytest.fixture
def run_cell(subject: Subject, local: Platform, make_suite: Callable[[str], Path]) -> Callable[..., CellResult]:
    def run(probes: str = PROBES, *, wanted: tuple[str, ...] = (), expression: str = "") -> CellResult:
        options = SuiteOptions(make_suite(probes), expression)
        return CellRun(Cell(subject, local, "default", probes=wanted), LocalDriver(), options, lambda text: None).run()

    return run


def outcomes(result: CellResult) -> dict[str, str]:
    assert result.status == "ran", result.reason
    return {probe.name: probe.outcome for probe in result.probes}


def put_first_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_it_is_the_same_list_in_the_payload(tmp_path: Path, catalog: Catalog, subject: Subject) -> None:
    planned = collect(catalog.suite)
    assert set(catalog.probes) == {probe.partition("[")[0] for probe in planned}
    write_payload(tmp_path / "payload.tar", catalog.suite, subject, {}, planned)
    with tarfile.open(tmp_path / "payload.tar") as tar:
        manifest = tar.extractfile("manifest.json")
        assert manifest is not None
        assert f'"{planned[-1]}"' in manifest.read().decode()


def test_ids_do_not_depend_on_the_systems_constants(catalog: Catalog) -> None:
    """FreeBSD's numbers in place of Linux's, and an expression that leaves most out: the same IDs."""
    freebsd = (
        "import socket, signal, errno, sys, pytest; socket.AF_INET6 = 28; socket.SO_REUSEADDR = 4; "
        "socket.SO_REUSEPORT = 512; socket.SOL_SOCKET = 65535; signal.SIGUSR1 = 30; errno.EAGAIN = 35; "
        "sys.platform = 'freebsd14'; sys.exit(pytest.main(sys.argv[1:]))"
    )
    expression = "ipv6 or SIGTERM or flock"
    done = subprocess.run(
        [
            sys.executable,
            "-B",
            "-c",
            freebsd,
            "--collect-only",
            "-q",
            "-c",
            "pytest.ini",
            "-k",
            expression,
            "--rootdir=.",
            ".",
        ],
        cwd=catalog.suite,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = tuple(line for line in done.stdout.splitlines() if "::" in line)
    assert found == collect(catalog.suite, expression)
    assert len(found) > 20


def test_a_suite_is_collected_once_for_all_cells(catalog: Catalog) -> None:
    plans = Plans()
    assert plans.begin(catalog.suite, "flock") is plans.begin(catalog.suite, "flock")
    assert plans.begin(catalog.suite, "flock").result() == collect(catalog.suite, "flock")


def test_the_suites_size_is_known_whatever_an_expression_leaves_out(catalog: Catalog) -> None:
    every = len(collect(catalog.suite))
    for expression in ("flock", "nothing_like_this", ""):
        plans = Plans()
        assert len(plans.begin(catalog.suite, expression).result()) < every or not expression
        assert plans.size(catalog.suite) == every
    assert Plans().size(catalog.suite) == every


def test_what_the_users_environment_says_to_a_suite_is_not_heard(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANYUNIX_SUBJECT", "my.yaml")
    assert collect(catalog.suite, "flock")


def test_a_wrong_expression_is_the_users_mistake(catalog: Catalog) -> None:
    with pytest.raises(ConfigurationError, match="-k 'and and': ERROR: Wrong expression"):
        collect(catalog.suite, "and and")
    assert collect(catalog.suite, "nothing_like_this") == ()


def test_a_suite_that_cannot_be_imported_names_file_and_error(make_suite: Callable[[str], Path]) -> None:
    with pytest.raises(ConfigurationError, match=f"No module named 'nowhere'.*ERROR {FILE}"):
        collect(make_suite("import nowhere\n"))


def test_a_file_that_cannot_be_imported_there_is_an_error_that_names_it(run_cell: Callable[..., CellResult]) -> None:
    result = run_cell("import os\nif 'ANYUNIX_SUBJECT' in os.environ: import nowhere\n" + PROBES)
    assert result.status == "error"
    assert result.reason == (
        f"the suite cannot be loaded there: ModuleNotFoundError: No module named 'nowhere' | ERROR suite/{FILE}"
    )


def test_a_file_that_an_expression_leaves_out_is_not_read_there(
    subject: Subject, local: Platform, make_suite: Callable[[str], Path]
) -> None:
    suite = make_suite(PROBES)
    (suite / "group" / "test_other.py").write_text("import os\nif 'ANYUNIX_SUBJECT' in os.environ: import nowhere\n")
    options = SuiteOptions(suite, "measures or serves")
    result = CellRun(Cell(subject, local, "default"), LocalDriver(), options, lambda text: None).run()
    assert outcomes(result) == {name: how for name, how in OUTCOMES.items() if name != "test_breaks"}


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ((), ["a.py::x[1]", "a.py::x[2]", "a.py::xy"]),
        (("a.py::x",), ["a.py::x[1]", "a.py::x[2]"]),
        (("a.py::x[2]", "a.py::xy", "a.py::z"), ["a.py::x[2]", "a.py::xy"]),
    ],
)
def test_ids_choose_a_probe_with_its_parameters(wanted: tuple[str, ...], chosen: list[str]) -> None:
    assert list(only(("a.py::x[1]", "a.py::x[2]", "a.py::xy"), wanted)) == chosen


@pytest.mark.parametrize(
    ("brought", "said"),
    [
        ("abcde", ""),
        ("eedcba", ""),
        ("abcd", "1 of 5 planned probes did not come back: e"),
        ("e", "4 of 5 planned probes did not come back: a, b, c and 1 more"),
        ("", "5 of 5 planned probes did not come back: a, b, c and 2 more"),
        ("abcdef", "1 probes came back that were not planned: f"),
    ],
)
def test_what_lacks_is_named_and_counted(brought: str, said: str) -> None:
    assert deviation("abcde", brought) == said


def test_the_cell_of_some_probes_is_whole_with_those(run_cell: Callable[..., CellResult]) -> None:
    assert outcomes(run_cell(wanted=(f"{FILE}::test_serves",))) == {
        "test_serves[ipv4]": "passed",
        "test_serves[ipv6]": "passed",
    }


def test_the_users_settings_for_pytest_and_python_change_nothing(
    run_cell: Callable[..., CellResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "PYTEST_ADDOPTS": DESELECT,
        "PYTEST_PLUGINS": "no_such_plugin",
        "PYTEST_TIMEOUT": "0.001",
        "PYTHONOPTIMIZE": "2",
        "PYTHONWARNINGS": "error",
        "PYTHONINSPECT": "1",
    }.items():
        monkeypatch.setenv(name, value)
    assert outcomes(run_cell()) == OUTCOMES


def test_what_is_installed_there_changes_nothing(
    run_cell: Callable[..., CellResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sitecustomize and a plugin among the platform's packages, a conftest above the work folder."""
    venv.create(tmp_path / "there", symlinks=True)
    packages = next((tmp_path / "there" / "lib").glob("python*/site-packages"))
    (packages / "sitecustomize.py").write_text(f"import os\nos.environ['PYTEST_ADDOPTS'] = '{DESELECT}'\n")
    plugin = "def pytest_collection_modifyitems(items):\n    del items[-1:]\n"
    (packages / "talker.py").write_text(plugin)
    (packages / "talker-1.dist-info").mkdir()
    (packages / "talker-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: talker\nVersion: 1\n")
    (packages / "talker-1.dist-info" / "entry_points.txt").write_text("[pytest11]\ntalker = talker\n")
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / "conftest.py").write_text(plugin)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    put_first_on_path(tmp_path / "there" / "bin", monkeypatch)
    assert outcomes(run_cell()) == OUTCOMES


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (
            ["test_measures"],
            f"3 of 4 planned probes did not come back: {FILE}::test_serves[ipv4], "
            f"{FILE}::test_serves[ipv6], {FILE}::test_breaks",
        ),
        ([*OUTCOMES, "test_more"], f"1 probes came back that were not planned: {FILE}::test_more"),
    ],
)
def test_a_python_that_lies_is_no_answer(
    names: list[str], said: str, run_cell: Callable[..., CellResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    cases = "".join(f'<testcase name="{name}" file="{FILE}" time="0"/>' for name in names)
    (tmp_path / "bin" / "python3").write_text(LIAR.format(cases=cases, python=sys.executable))
    (tmp_path / "bin" / "python3").chmod(0o755)
    put_first_on_path(tmp_path / "bin", monkeypatch)
    result = run_cell()
    assert (result.status, result.reason) == ("error", said)
