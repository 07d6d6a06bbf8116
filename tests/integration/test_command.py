"""The command, as a user types it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog, find_catalog
from anyunix.cli import RENAMED, main
from anyunix.drivers.docker.engine import Engine
from anyunix.drivers.docker.owned import OWNER_LABEL, things
from anyunix.drivers.netns.netns_driver import NetnsDriver
from anyunix.results.matrix_file import encode
from anyunix.results.model import Matrix, PlatformResult
from anyunix.run.identity import identity_of

TINY = """\
title: a tiny server
files: [server.py]
start: ["{python}", server.py, "{port}"]
ready: '^READY (?P<addresses>\\S+)$'
"""
QUICK = "test_ipv6_wildcard_and_ipv4 or test_ipv4_client_is_served"
IPV4 = "ipv4_client_is_served or test_ipv6_wildcard_and_ipv4 or test_passive_order"
FACTS = (
    "with bind `first` the server took `::` (getaddrinfo offers it first here, 0.0.0.0 on {there}), and IPV6_V6ONLY is "
    "1 by default here, 0 on {there}."
)
FIX = "Fix: bind both families, or set IPV6_V6ONLY explicitly."
GUESS = f"IPv4 clients are refused on {{here}}, which may be because {FACTS} {FIX}"
CAUSE = (
    "cause, by experiment (9 runs): with passive-order and v6only-default switched on, {there} fails too; with either "
    f"alone it does not. {FIX}"
)
TIME = ("--experiment-seconds", "600")
"""For machines that are busy with other tests."""


def anyunix(*arguments: str, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "anyunix", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=300,
        check=False,
    )


def matrix_in(folder: Path) -> dict[str, list[dict[str, str]]]:
    loaded: dict[str, list[dict[str, str]]] = json.loads((folder / "matrix.json").read_text())
    return loaded


def contracts_in(folder: Path) -> dict[tuple[str, str], str]:
    """(platform, subject) -> the outcome of the one contract that ran there."""
    return {
        (cell["platform"], cell["subject"]): probe["outcome"]  # type: ignore[index]  # JSON
        for cell in matrix_in(folder)["cells"]
        for probe in cell["probes"]
        if probe["kind"] == "contract"
    }  # type: ignore[index]  # JSON


def test_run_prints_a_matrix_and_keeps_the_results(tmp_path: Path) -> None:
    done = anyunix("run", "--platform", "local", "--subject", "python", "-k", QUICK, "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.rstrip().splitlines()[-1]
    assert last.startswith("anyunix: nothing to compare with: python dual (part of it: ")
    assert last.endswith("; 1 platform ran, 0 not run or incomplete)")
    data = matrix_in(tmp_path / "out")
    assert data["verdicts"][0]["verdict"] == "nothing to compare with"
    assert (tmp_path / "out" / "junit.xml").is_file()
    assert {path.name for path in (tmp_path / "out" / "cells" / "local-python-dual").iterdir()} == {
        "junit.xml",
        "log.txt",
    }


def test_without_an_engine_the_rest_runs_and_a_platform_that_was_named_is_missed(tmp_path: Path) -> None:
    arguments = ("run", "--subject", "python", "--platform", "local,debian", "-k", QUICK)
    nowhere = {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    named = anyunix(*arguments, cwd=tmp_path, **nowhere)
    assert named.returncode == 3, named.stdout + named.stderr
    assert "not run: debian: no Docker engine answers" in named.stdout
    assert "python, bind dual: not answered" in named.stdout
    optional = anyunix(*arguments, "--optional", "debian", cwd=tmp_path, **nowhere)
    assert optional.returncode == 4
    assert "python, bind dual: nothing to compare with" in optional.stdout
    assert "Traceback" not in named.stderr + optional.stderr


def test_a_platform_of_the_baseline_that_drops_out_is_named_in_the_last_line(tmp_path: Path) -> None:
    platforms = tuple(PlatformResult(name, name, "docker", "ran") for name in ("local", "bsd"))
    identity = identity_of(find_catalog().suite, [find_catalog().subject("python")])
    (tmp_path / "old.json").write_bytes(encode(Matrix(platforms, (), "local", identity=identity)))
    done = anyunix(
        "run", "--subject", "python", "--platform", "local", "-k", QUICK, "--baseline", "old.json", cwd=tmp_path
    )
    assert done.stdout.rstrip().endswith("; ran in the baseline, not now: bsd)"), done.stdout + done.stderr


def test_no_platform_is_both_required_and_optional(tmp_path: Path) -> None:
    done = anyunix("run", "--require", "debian", "--optional", "debian", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        "anyunix: --optional debian: --require names it, too: remove one of them\n",
    )


def test_bind_first_refuses_ipv4_under_freebsds_defaults(tmp_path: Path, catalog: Catalog) -> None:
    if reason := NetnsDriver(catalog.platform("local-v6only").options).available():
        pytest.skip(reason)
    done = anyunix(
        *("run", "--subject", "python", "--bind", "first", "--platform", "local,local-v6only", "-k", IPV4, *TIME),
        cwd=tmp_path,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "python, bind first: not portable" in done.stdout
    assert re.search(r"Connection refused: 127\.0\.0\.1:\d+ \(the server listens on \[::\]:\d+\)", done.stdout)
    cause = CAUSE.format(there="local")
    assert f"IPv4 clients are refused on local-v6only, not on local; {cause}" in done.stdout
    failed = done.stdout.splitlines()
    assert failed[failed.index("  on local-v6only python first") + 1] == f"  {cause}"
    for page in ("report.md", "index.html"):
        assert "by experiment (9 runs)" in (tmp_path / "anyunix-out" / page).read_text()
    (probe,) = (
        probe for cell in matrix_in(tmp_path / "anyunix-out")["cells"] for probe in cell["probes"] if probe["cause"]
    )  # type: ignore[index]
    assert probe["explanation"] == f"IPv4 clients are refused on local-v6only: {FACTS.format(there='local')}"  # type: ignore[index]
    outcomes = contracts_in(tmp_path / "anyunix-out")
    assert outcomes == {("local", "python"): "passed", ("local-v6only", "python"): "failed"}


def test_bind_first_is_served_on_debian_and_refused_on_its_v6only_twin(tmp_path: Path, engine: Engine) -> None:
    done = anyunix(
        *("run", "--bind", "first", "--platform", "debian,debian-v6only,alpine-v6only", "-k", IPV4, "--no-experiments"),
        cwd=tmp_path,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.count(GUESS.format(here="debian-v6only", there="debian")) == 2  # both subjects
    outcomes = contracts_in(tmp_path / "anyunix-out")
    assert outcomes[("debian", "c")] == outcomes[("debian", "python")] == "passed"
    assert outcomes[("debian-v6only", "c")] == outcomes[("debian-v6only", "python")] == "failed"
    # musl reads no gai.conf: there the order is preloaded
    assert outcomes[("alpine-v6only", "c")] == outcomes[("alpine-v6only", "python")] == "failed"


def test_a_subject_file_of_ones_own_leaves_chat_out(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    (tmp_path / "server.py").write_text(
        "import socket, sys\nlistener = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n"
        "print('READY 127.0.0.1:%d' % listener.getsockname()[1], flush=True)\nlistener.accept()\n"
    )
    done = anyunix("run", "--subject", "./tiny.yaml", "--platform", "local", "-k", QUICK, cwd=tmp_path)
    assert (done.returncode, "not answered on local: no contract was tried" in done.stdout) == (3, True)
    probes = matrix_in(tmp_path / "anyunix-out")["cells"][0]["probes"]
    assert [probe["message"] for probe in probes if probe["outcome"] == "skipped"] == [  # type: ignore[index]  # JSON
        "left out: tiny does not speak the chat protocol"
    ]


def test_report_makes_the_pages_of_a_run_again(tmp_path: Path) -> None:
    ran = anyunix("run", "--platform", "local", "--subject", "python", "-k", QUICK, "--out", "out", cwd=tmp_path)
    for name in ("index.html", "report.md"):
        (tmp_path / "out" / name).unlink()
    again = anyunix("report", "out", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert again.stdout == ran.stdout[ran.stdout.index("Contracts kept") :]
    assert (tmp_path / "out" / "index.html").read_text().startswith("<!DOCTYPE html>")
    assert (tmp_path / "out" / "report.md").is_file()


@pytest.mark.parametrize("content", ["", "{", '{"schema": 99}', "<html>"])
@pytest.mark.parametrize(
    "command", [["report", "out"], ["facts", "--out", "out"], ["diff", "out", "out"], ["accept", "out"]]
)
def test_results_that_are_none_are_exit_2_and_nothing_is_written(
    tmp_path: Path, command: list[str], content: str
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "matrix.json").write_text(content)
    done = anyunix(*command, cwd=tmp_path)
    assert done.returncode == 2
    assert "out/matrix.json: " in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["matrix.json"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--platform", "debain"], "did you mean 'debian'?"),
        (["run", "--subject", "pyton"], "did you mean 'python'?"),
        (["run", "--require", "alpin"], "did you mean 'alpine'?"),
        (["run", "--platform", "local", "--bind", "both"], "--bind both: subject c has no such mode; it has dual"),
        (["run", "--platform", "local", "--reference", "debian"], "--reference debian: not among the platforms"),
        (["run", "--subject", "./none.yaml"], "none.yaml: no such subject file"),
        (["run", "--platform", "local", "--subject", "c", "--subject", "./c.yaml"], "2 subjects are called 'c'"),
        (["run", "--cell", "./c.yaml", "local", "dual", "--cell", "c", "local", "dual"], "2 subjects are called 'c'"),
        (["run", "--jobs", "0"], "expected a whole number from 1"),
        (["run", "--out", "/proc/none"], "--out /proc/none: cannot be made"),
        (["list", "nothing"], "argument what: expected one of platforms, subjects, probes, workers, found 'nothing'"),
        (["list", "subject"], "found 'subject' (did you mean 'subjects'?)"),
        (["frobnicate"], "no command is called 'frobnicate'; `anyunix --help` shows what there is"),
        (["mutations"], "no command is called 'mutations' (did you mean 'mutation'?)"),
        (
            ["run", "--platfrom", "local"],
            "anyunix run: unrecognized arguments: --platfrom local (did you mean '--platf",
        ),
        (["run", "--platfrom=local"], "(did you mean '--platform'?); `anyunix run --help` shows what there is"),
        (["--verison"], "anyunix: unrecognized arguments: --verison (did you mean '--version'?)"),
        ([], "print a run again, and write its pages"),
    ],
)
def test_wrong_usage_is_exit_2_with_a_reason_and_no_traceback(tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "c.yaml").write_text("title: another\nstart: [a, '{port}']\nready: {port: true}\nbind: {dual: []}\n")
    done = anyunix(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "anyunix-out").exists()


def test_lists(tmp_path: Path) -> None:
    platforms = anyunix("list", "platforms", cwd=tmp_path, DOCKER_HOST=f"unix://{tmp_path}/none.sock")
    assert "debian-i386" in platforms.stdout
    assert "not available: no Docker engine answers" in platforms.stdout
    assert "c                fork-based chat server in C" in anyunix("list", "subjects", cwd=tmp_path).stdout
    assert "binding/test_ipv6_facts.py::test_ipv6_wildcard_and_ipv4" in anyunix("list", "probes", cwd=tmp_path).stdout


def test_what_a_killed_run_left_is_swept_by_the_next_command(tmp_path: Path) -> None:
    (tmp_path / "anyunix-01234567-abcdefgh" / "subject").mkdir(parents=True)  # a name of one, and nobody's lock on it
    done = anyunix("list", "subjects", cwd=tmp_path, TMPDIR=str(tmp_path))
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_an_answer_that_cannot_be_kept_is_3_and_printed_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "out" / "index.html").mkdir(parents=True)
    done = anyunix("run", "--platform", "local", "--subject", "python", "-k", QUICK, "--out", "out", cwd=tmp_path)
    assert done.returncode == 3
    assert "anyunix: out/index.html: cannot be written: not a regular file: move it away" in done.stderr
    assert done.stdout.splitlines()[-1].startswith("anyunix: ")
    assert matrix_in(tmp_path / "out")["verdicts"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_an_interrupt_removes_everything_within_5_seconds(tmp_path: Path, engine: Engine, number: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "anyunix", "run", "--subject", "python", "--platform", "local,debian"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "TMPDIR": str(tmp_path)},
    )
    assert process.stdout is not None
    begun: set[str] = set()
    for line in process.stdout:
        begun |= {name for name in ("local", "debian") if f"] {name} python" in line and "of the probes" in line}
        if begun == {"local", "debian"}:
            break
    process.send_signal(number)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)  # somebody who cannot wait
    _, errors = process.communicate(timeout=5)
    assert process.returncode == 130
    assert "everything that was started is removed" in errors
    assert errors.startswith(("anyunix: still removing ", "anyunix: already ending"))
    owner = f"/{process.pid}"
    assert [str(thing) for thing in things(engine.client().api) if thing.labels[OWNER_LABEL].endswith(owner)] == []
    assert [path.name for path in tmp_path.glob("anyunix-*")] == ["anyunix-out"]


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_a_command_of_an_earlier_version_answers_with_its_new_name(
    old: str, new: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([old, "--list"]) == 2
    assert capsys.readouterr() == ("", f"anyunix: `anyunix {old}` is called `anyunix {new}` now\n")


@pytest.mark.parametrize("option", ["--subject", "--platform"])
def test_a_variable_that_is_not_set_chooses_nothing_by_chance(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", option, "", "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err == f"anyunix: {option}: expected a name, found an empty text\n"
    assert not (tmp_path / "out").exists()
