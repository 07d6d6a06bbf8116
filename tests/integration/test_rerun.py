"""Failures run again under tools, in real runs: the system calls of both platforms, and the variable nobody set."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from anyunix.catalog.edits import Edit, apply_edit
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.reader import read_file
from anyunix.drivers.netns.netns_driver import NetnsDriver
from anyunix.repro.signal_reset import FAULT
from anyunix.results.matrix_file import read_matrix
from anyunix.results.model import Artifacts, CellResult, Matrix, Probe
from anyunix.run.rerun import Records

SERVED = "binding/test_served_contracts.py::test_ipv4_client_is_served"
LOOPBACK = "binding/test_any_server_contracts.py::test_a_client_on_ipv4_loopback_is_served"
SECOND = "signals/test_wakeups_contracts.py::test_the_second_signal_does_not_kill"
PARTING = ("bind(socket, [::]:port)", "bind(socket, 0.0.0.0:port)")


@pytest.fixture
def namespaces(catalog: Catalog) -> None:
    if reason := NetnsDriver(catalog.platform("local-v6only").options).available():
        pytest.skip(reason)
    need("strace")


def need(*tools: str) -> None:
    for tool in tools:
        if not shutil.which(tool):
            pytest.skip(f"no {tool} here")


def anyunix_run(folder: Path, *arguments: str, status: int, **environment: str) -> tuple[Matrix, str]:
    """The results of a run that looks for no causes by experiment, and what it printed."""
    options = ["--out", str(folder / "out"), "--no-experiments", *arguments]
    command = [sys.executable, "-m", "anyunix", "run", *options]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == status, done.stdout + done.stderr
    return read_matrix(folder / "out"), done.stdout


def probe_of(matrix: Matrix, key: str, probe: str) -> Probe:
    return next(each for cell in matrix.cells if cell.key == key for each in cell.probes if each.id == probe)


def first_parting(probe: Probe) -> tuple[str, str, str]:
    assert probe.trace is not None
    assert probe.trace.problem == ""
    process = probe.trace.first_process
    assert process is not None
    assert process.parting is not None
    row = process.rows[process.parting]
    return process.role, row.here, row.there


def path_without(folder: Path, *tools: str) -> str:
    """A PATH with all that is on this one but `tools`."""
    folder.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for program in Path(place).glob("*"):
            if program.name not in tools and not (folder / program.name).exists():
                (folder / program.name).symlink_to(program)
    return str(folder)


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize("subject", ["c", "python"])
def test_the_papers_first_bug_parts_at_the_bind(tmp_path: Path, subject: str) -> None:
    if subject == "c":
        need("cc", "make")
    matrix, said = anyunix_run(
        tmp_path,
        "--platform",
        "local,local-v6only",
        "--bind",
        "first",
        "--subject",
        subject,
        "-k",
        "ipv4_client_is_served",
        status=1,
    )
    assert first_parting(probe_of(matrix, f"local-v6only-{subject}-first", SERVED)) == ("parent", *PARTING)
    assert probe_of(matrix, f"local-v6only-{subject}-first", SERVED).again == "repeated"
    assert probe_of(matrix, f"local-{subject}-first", SERVED).trace is None
    assert "changes timing" not in said
    # -k had left these facts out
    assert "(getaddrinfo offers it first here, 0.0.0.0 on local), and IPV6_V6ONLY is 1 by default here, 0 on" in said
    assert f"≠ {PARTING[0]:<46}  {PARTING[1]}" in said
    for page in ("report.md", "index.html"):
        assert PARTING[0] in (tmp_path / "out" / page).read_text()


COUNTING = """\
import socket, sys
with open(sys.argv[2], "a+") as count:
    count.write("x")
    count.seek(0)
    start = len(count.read())
if str(start) in sys.argv[3].split(","):
    sys.exit("not this time")
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("READY 127.0.0.1:%d" % listener.getsockname()[1], flush=True)
while True:
    listener.accept()[0].close()
"""


@pytest.mark.parametrize(
    ("failing", "again", "said"),
    [
        ("4", "did not repeat", "did not repeat: run again under a tracer, which changes timing, it passed on there"),
        (
            "4,5,6",
            "not a difference",
            "perhaps not a difference: run again under a tracer, which changes timing, it failed "
            "on there counting default and on here too",
        ),
    ],
)
def test_what_a_failure_does_when_it_is_run_again_is_evidence(
    tmp_path: Path, failing: str, again: str, said: str
) -> None:
    """Two platforms that are this machine, and a server that fails at some of its starts: two here, the first of them
    before the suite, two there, and under the tracer one here and one there.
    """
    need("strace")
    (tmp_path / "server.py").write_text(COUNTING)
    (tmp_path / "counting.yaml").write_text(
        "title: a server\nfiles: [server.py]\nready: {line: '^READY (?P<addresses>\\S+)$'}\n"
        f'start: ["{{python}}", server.py, "{{port}}", "{tmp_path}/count", "{failing}"]\n'
    )
    for name in ("here", "there"):
        (tmp_path / f"{name}.yaml").write_text(f"title: {name}\ndriver: local\n")
    matrix, printed = anyunix_run(
        tmp_path,
        "--platform",
        "./here.yaml",
        "--platform",
        "./there.yaml",
        "--jobs",
        "1",
        "--reference",
        "here",
        "--subject",
        "./counting.yaml",
        "-k",
        "a_client_on_ipv4_loopback_is_served",
        status=1,
    )
    probe = probe_of(matrix, "there-counting-default", LOOPBACK)
    assert probe.again == again
    assert said in printed
    assert ("system calls" in printed) == (again != "did not repeat")
    for page in ("report.md", "index.html"):
        assert "changes timing" in (tmp_path / "out" / page).read_text()


@pytest.mark.usefixtures("engine")
def test_it_parts_there_in_debian_containers_too(tmp_path: Path) -> None:
    matrix, _ = anyunix_run(
        tmp_path,
        "--platform",
        "debian,debian-v6only",
        "--bind",
        "first",
        "--subject",
        "c",
        "-k",
        "ipv4_client_is_served",
        status=1,
    )
    assert first_parting(probe_of(matrix, "debian-v6only-c-first", SERVED)) == ("parent", *PARTING)


@pytest.mark.usefixtures("engine")
def test_32_and_64_bits_ask_for_the_same(tmp_path: Path) -> None:
    """strace of a 32-bit container in the same words; alpine has no strace, and says so in one line."""
    matrix, _ = anyunix_run(
        tmp_path,
        "--platform",
        "debian,debian-i386,alpine",
        "--subject",
        "c",
        "--trace",
        "always",
        "-k",
        "ipv4_client_is_served",
        status=0,
    )
    trace = probe_of(matrix, "debian-i386-c-dual", SERVED).trace
    assert trace is not None
    assert [process.role for process in trace.processes] == ["parent", "RECV 1", "SEND 1"]
    parent = trace.processes[0]
    assert parent.parting is None, parent.rows[parent.parting]
    assert sum(row.here.startswith("bind(socket") for row in parent.rows) == 2
    alpine = probe_of(matrix, "alpine-c-dual", SERVED).trace
    assert alpine is not None
    assert alpine.problem in ("", "alpine: no strace or truss on PATH")


@pytest.mark.usefixtures("namespaces")
def test_without_a_tracer_the_verdict_is_the_same(tmp_path: Path) -> None:
    matrix, said = anyunix_run(
        tmp_path,
        "--platform",
        "local,local-v6only",
        "--bind",
        "first",
        "--subject",
        "python",
        "-k",
        "ipv4_client_is_served",
        status=1,
        PATH=path_without(tmp_path / "bin", "strace"),
    )
    trace = probe_of(matrix, "local-v6only-python-first", SERVED).trace
    assert trace is not None
    assert trace.problem == "local-v6only: no strace or truss on PATH"
    assert f"system calls not compared: {trace.problem}" in said


@pytest.mark.usefixtures("namespaces")
def test_never_traces_nothing(tmp_path: Path) -> None:
    matrix, said = anyunix_run(
        tmp_path,
        "--platform",
        "local,local-v6only",
        "--bind",
        "first",
        "--subject",
        "python",
        "-k",
        "ipv4_client_is_served",
        "--trace",
        "never",
        status=1,
    )
    assert probe_of(matrix, "local-v6only-python-first", SERVED).trace is None
    assert "under trace" not in said


def faulty(catalog: Catalog, folder: Path, makefile: Sequence[tuple[str, str]] = ()) -> Path:
    """A subject file of a C server with the paper's second bug, its Makefile changed."""
    need("cc", "make")
    source = catalog.subject("c").folder
    shutil.copytree(source / "c", folder / "c", ignore=shutil.ignore_patterns("*.o", "bin"))
    shutil.copy(source / "c.yaml", folder / "faulty.yaml")
    apply_edit(read_file(catalog.root / FAULT, Edit), folder, FAULT.stem, str(FAULT))
    for old, new in makefile:
        text = (folder / "c" / "Makefile").read_text()
        assert old in text
        (folder / "c" / "Makefile").write_text(text.replace(old, new))
    return folder / "faulty.yaml"


def test_a_poisoned_build_makes_the_papers_second_bug_certain(catalog: Catalog, tmp_path: Path) -> None:
    need("valgrind")
    matrix, said = anyunix_run(
        tmp_path,
        "--subject",
        str(faulty(catalog, tmp_path)),
        "--platform",
        "local",
        "--poisoned",
        "-k",
        "second_signal or v6only",
        status=1,
    )
    probe = probe_of(matrix, "local-faulty-dual-poisoned", SECOND)
    assert probe.outcome == "failed"
    assert probe.culprit.startswith("wakeup.c:")
    assert "act->sa_flags" in probe.culprit
    assert probe_of(matrix, "local-faulty-dual", SECOND).outcome == "passed"
    assert f"used before it is set: {probe.culprit}" in said
    assert "one is used before it is set, and what it holds is luck (wakeup.c:" in said
    assert {each.kind for cell in matrix.cells if cell.build == "poisoned" for each in cell.probes} == {"contract"}


def test_what_is_used_before_it_is_set_is_a_finding_though_every_contract_is_kept(
    catalog: Catalog, tmp_path: Path
) -> None:
    need("valgrind")
    matrix, said = anyunix_run(
        tmp_path,
        "--subject",
        str(faulty(catalog, tmp_path)),
        "--platform",
        "local",
        "--poisoned",
        "-k",
        "ipv4_loopback_is_served",
        status=0,
    )
    plain, poisoned = matrix.cells
    assert (plain.findings, poisoned.failures, poisoned.unchecked) == ((), (), "")
    (finding,) = poisoned.findings
    assert finding.startswith("wakeup.c:")
    assert "in dispose: " in finding
    assert f"used before it is set: {finding} (local faulty dual poisoned)" in said.splitlines()[-2]
    for page in ("report.md", "index.html"):
        assert "used before it is set: wakeup.c:" in (tmp_path / "out" / page).read_text()


def test_without_valgrind_clangs_sanitizer_names_it(catalog: Catalog, tmp_path: Path) -> None:
    need("clang")
    trial = subprocess.run(
        ["clang", "-fsanitize=memory", "-x", "c", "-o", str(tmp_path / "trial"), "-"],
        input=b"int main(void) { return 0; }",
        capture_output=True,
    )
    if trial.returncode:
        pytest.skip("clang has no memory sanitizer here")
    matrix, _ = anyunix_run(
        tmp_path,
        "--subject",
        str(faulty(catalog, tmp_path)),
        "--platform",
        "local",
        "--poisoned",
        "-k",
        "second_signal",
        status=1,
        PATH=path_without(tmp_path / "bin", "valgrind"),
    )
    culprit = probe_of(matrix, "local-faulty-dual-poisoned", SECOND).culprit
    assert culprit.endswith("use of an uninitialised value: action")
    assert culprit.startswith("wakeup.c:")


def test_the_healthy_server_holds_when_it_is_poisoned(tmp_path: Path) -> None:
    need("cc", "make")
    matrix, said = anyunix_run(
        tmp_path,
        "--subject",
        "c",
        "--subject",
        "python",
        "--platform",
        "local",
        "--poisoned",
        "-k",
        "second_signal",
        status=0,
    )
    assert [cell.findings for cell in matrix.cells] == [(), (), ()]
    assert "used before it is set" not in said
    assert [(cell.key, cell.status) for cell in matrix.cells] == [
        ("local-c-dual", "ran"),
        ("local-python-dual", "ran"),
        ("local-c-dual-poisoned", "ran"),
    ]


def test_a_build_that_ignores_cflags_is_not_called_poisoned(catalog: Catalog, tmp_path: Path) -> None:
    subject = faulty(
        catalog,
        tmp_path,
        [
            ("$(CC) $(CPPFLAGS) $(CFLAGS) $(STRICT)", "$(CC) $(STRICT)"),
            ("$(CC) $(CFLAGS) $(LDFLAGS)", "$(CC) $(LDFLAGS)"),
        ],
    )
    matrix, said = anyunix_run(
        tmp_path, "--subject", str(subject), "--platform", "local", "--poisoned", "-k", "second_signal", status=0
    )
    assert [(cell.build, cell.status) for cell in matrix.cells] == [("plain", "ran"), ("poisoned", "not-run")]
    assert "the build of faulty does not hand CFLAGS to the compiler" in said


def test_poisoned_without_anything_to_build_is_a_usage_error(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "anyunix", "run", "--poisoned", "--subject", "python"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("anyunix: --poisoned: python: nothing is built")


@pytest.mark.parametrize("data", [b"{", b'{"probe": 1}', b"[" * 5000, b"\xff\xfe"])
def test_records_that_are_none_are_a_reason_and_no_traceback(data: bytes) -> None:
    records, cell = Records(), CellResult("c", "debian", "dual", "ran")
    records.keep(cell, Artifacts(records=data))
    reason = records.of(cell, SERVED)
    assert isinstance(reason, str)
    assert reason.startswith("records.json, line 1: ")
