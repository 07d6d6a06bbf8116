"""`anyunix import`: what test suites left on several platforms is compared, gated and shown as a run is."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anyunix.cli import main
from checkout import ROOT

SAMPLES = ROOT / "tests" / "unit" / "results" / "junit"
SUITE = """\
import os
import pytest

HERE = os.environ["WHERE"]


@pytest.mark.parametrize("number", [1, 2])
def test_everywhere(number):
    pass


def test_not_on_alpine():
    assert HERE != "alpine", "musl has no gai.conf"


def test_nowhere():
    assert False, "never worked"


if HERE == "debian":

    def test_debian_only():
        pass
"""


@pytest.fixture
def run_pytest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Runs a suite as it would on a platform, with what pytest itself writes."""
    monkeypatch.chdir(tmp_path)
    Path("tests").mkdir()
    Path("tests/test_net.py").write_text(SUITE)

    def run(where: str, *options: str) -> None:
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={where}.xml", *options],
            env={**os.environ, "WHERE": where},
            stdout=subprocess.DEVNULL,
        )

    return run


def results(folder: str = "anyunix-out") -> Any:
    return json.loads((Path(folder) / "matrix.json").read_text())


def probes(matrix: Any, platform: str) -> dict[str, Any]:
    """By the test's name."""
    return {
        probe["id"].rpartition("::")[2]: probe
        for cell in matrix["cells"]
        if cell["platform"] == platform
        for probe in cell["probes"]
    }


@pytest.mark.parametrize("family", ["xunit1", "xunit2"])
def test_suites_of_pytest(family: str, run_pytest: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    for where in ("debian", "alpine"):
        run_pytest(where, "-o", f"junit_family={family}")
    pairs = ["--platform", "debian=debian.xml", "--platform", "alpine=alpine.xml"]
    assert main(["import", *pairs, "--subject", "net"]) == 1
    said = capsys.readouterr().out
    matrix = results()
    assert matrix["reference"] == "debian"
    assert [cell["subject"] for cell in matrix["cells"]] == ["net", "net"]
    alpine = probes(matrix, "alpine")
    assert alpine["test_not_on_alpine"]["failure_kind"] == "platform difference"
    assert alpine["test_nowhere"]["failure_kind"] == "broken promise"
    assert alpine["test_debian_only"]["outcome"] == "skipped"
    assert alpine["test_debian_only"]["message"] == "not tried: no result of this name came"
    assert alpine["test_everywhere[1]"]["outcome"] == "passed"
    assert matrix["verdicts"][0]["verdict"] == "not portable"
    assert "3/5 ✗" not in said and "4/5 ✗" in said and "2/4 ✗" in said
    assert "AssertionError: musl has no gai.conf" in said
    assert (Path("anyunix-out") / "cells" / "alpine-net-default" / "junit.xml").read_bytes() == (
        Path("alpine.xml").read_bytes()
    )
    for page in ("index.html", "report.md", "junit.xml"):
        assert "test_not_on_alpine" in (Path("anyunix-out") / page).read_text()

    # accepted where it is known, it is no reason to fail; what fails nowhere else stays one
    Path("expectations").mkdir()
    told = [alpine["test_not_on_alpine"]["id"], alpine["test_nowhere"]["id"]]
    Path("expectations/net.yaml").write_text(
        json.dumps(
            {
                "alpine": {told[0]: {"reason": "musl"}, told[1]: {"reason": "since 1999"}},
                "debian": {told[1]: {"reason": "since 1999"}},
            }
        )
    )
    assert main(["import", *pairs, "--subject", "net", "--out", "again", "--baseline", "anyunix-out"]) == 0
    said = capsys.readouterr().out
    assert "portable with known differences" in said
    assert main(["diff", "anyunix-out", "again"]) == 0
    assert main(["report", "again"]) == 0
    assert main(["why", "alpine-net-default", "test_nowhere", "--from", "again"]) == 2, "nothing can be tried again"


def test_one_platform_after_the_other(run_pytest: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    """As the jobs of a CI pipeline do; each import judges what is there by then, and the second one of a platform
    takes the place of its first.
    """
    for where in ("debian", "alpine"):
        run_pytest(where, "-k", "not nowhere")
    assert main(["import", "debian.xml", "--platform", "debian"]) == 0
    assert "nothing to compare with" in capsys.readouterr().out
    assert main(["import", "alpine.xml", "--platform", "alpine"]) == 1
    assert [platform["name"] for platform in results()["platforms"]] == ["debian", "alpine"]
    run_pytest("alpine", "-k", "not nowhere and not alpine")
    assert main(["import", "alpine.xml", "--platform", "alpine"]) == 0
    found = probes(results(), "alpine")
    assert found["test_not_on_alpine"]["outcome"] == "skipped", "it is gone there: not tried, and no pass"
    assert main(["import", "gone.xml", "--platform", "freebsd"]) == 3
    said = capsys.readouterr().out
    assert "not run: freebsd: gone.xml: no such file: the tests left no results" in said
    assert main(["import", "debian.xml", "--platform", "debian", "--out", "fresh"]) == 0


def test_a_platform_whose_file_is_missing_or_broken_has_not_answered(
    run_pytest: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    run_pytest("debian", "-k", "everywhere")
    Path("cut.xml").write_bytes(Path("debian.xml").read_bytes()[:-40])
    pairs = ["--platform", "debian=debian.xml", "--platform", "alpine=cut.xml", "--platform", "freebsd=none.xml"]
    assert main(["import", *pairs]) == 3
    said = capsys.readouterr().out
    assert "ERROR: alpine pytest-tests default: cut.xml: not well-formed XML" in said
    assert "not run: freebsd: none.xml: no such file" in said
    assert main(["import", "cut.xml", "--platform", "alpine", "--out", "other"]) == 2
    assert "alpine: cut.xml: not well-formed XML" in capsys.readouterr().err
    assert not Path("other").exists()


def test_tests_of_one_name_that_came_more_often_elsewhere_are_not_all_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    case = "<testcase classname='a' name='b'/>"
    Path("three.xml").write_text(f"<testsuite>{3 * case}<testcase classname='a' name='c'/></testsuite>")
    Path("two.xml").write_text(f"<testsuite>{2 * case}<testcase classname='a' name='c'/></testsuite>")
    assert main(["import", "--platform", "x=three.xml", "--platform", "y=two.xml"]) == 0
    assert probes(results(), "y")["b"]["message"] == "not tried: 2 of 3 results of this name came"
    assert probes(results(), "x")["b"]["outcome"] == "passed"


def test_a_folder_of_files_is_one_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Surefire leaves them, a file for each class."""
    monkeypatch.chdir(tmp_path)
    for where in ("linux", "macos"):
        Path(where, "deep").mkdir(parents=True)
        for name in ("googletest", "ctest"):
            shutil.copy(SAMPLES / f"{name}.xml", Path(where, "deep" if name == "ctest" else "", f"{name}.xml"))
    arguments = ["import", "--platform", "linux=linux", "--platform", "macos=macos"]
    assert main(arguments) == 2, "of two names nobody can know which is meant"
    assert main([*arguments, "--subject", "sums"]) == 1
    assert len(probes(results(), "macos")) == 10
    assert results()["verdicts"][0]["verdict"] == "promises broken"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--platform", "debian"], "--platform debian: which file? --platform debian=junit.xml"),
        (["a.xml", "--platform", "x", "--platform", "y"], "a.xml: of which platform? Name a file for each:"),
        (["a.xml", "--platform", "x=b.xml"], "name every platform's file that way, a.xml too"),
        (["a.xml", "--platform", "x/y"], "expected NAME or NAME=FILE, a name without /"),
        (["--platform", "x="], "expected NAME or NAME=FILE"),
        (["a.xml", "--platform", "x"], "x: a.xml: no such file: the tests left no results"),
        (["--platform", f"x={SAMPLES}/none"], "none: no such file"),
        (["--platform", "x=."], "x: .: no file in it ends in .xml"),
        ([f"{SAMPLES}/node.xml", "--platform", "x", "--subject", "a/b"], "--subject: 'a/b' cannot be a name"),
        (
            [f"{SAMPLES}/node.xml", "--platform", "debian", "--reference", "debain"],
            "--reference debain: no such platform (did you mean 'debian'?); there are debian",
        ),
    ],
)
def test_what_is_wrong_with_a_command_line_is_one_line(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["import", *arguments]) == 2
    told = capsys.readouterr()
    assert said in told.err and told.err.count("\n") == 1 and told.out == ""
    assert not Path("anyunix-out").exists()


def test_nothing_is_added_to_the_results_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("anyunix-out").mkdir()
    empty = {"schema": 1, "platforms": [], "cells": [], "reference": "debian"}
    Path("anyunix-out/matrix.json").write_text(json.dumps(empty))
    for arguments in ([f"{SAMPLES}/node.xml", "--platform", "x"], ["--platform", f"x={SAMPLES}/node.xml"]):
        assert main(["import", *arguments]) == 2
        assert "is not of `anyunix import`, and nothing is added to a run's" in capsys.readouterr().err
    assert json.loads(Path("anyunix-out/matrix.json").read_text()) == empty
