"""How-to pages walked as their readers walk them: their own commands, from a wheel, outside of the checkout."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from anyunix.catalog.lookup import Catalog
from anyunix.drivers.docker.engine import Engine
from anyunix.drivers.netns.netns_driver import NetnsDriver
from anyunix.results.matrix_file import read_matrix
from checkout import ROOT
from wheel import Installed, lend_packages

sys.path.insert(0, str(ROOT / "tools"))

from journey import Session, walk

HOW_TO = ROOT / "docs" / "how-to"
pytestmark = pytest.mark.timeout(2400)
"""Whole matrices; on a machine that is busy with other tests."""


@pytest.fixture
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a user begins. Not in `tmp_path`, so that its path says nothing of the tests."""
    return tmp_path_factory.mktemp("user")


def needs(*tools: str) -> None:
    for tool in tools:
        if not shutil.which(tool):
            pytest.skip(f"no {tool} here")


@pytest.fixture
def namespaces(catalog: Catalog) -> None:
    if reason := NetnsDriver(catalog.platform("local-v6only").options).available():
        pytest.skip(reason)


def walked(page: str, folder: Path, installed: Installed) -> list[Session]:
    return list(walk((HOW_TO / page).read_text(), folder, installed.programs))


def problems(sessions: list[Session]) -> str:
    return "\n".join(problem for session in sessions for problem in session.problems())


def test_it_is_the_wheel_that_is_walked_with(installed: Installed, empty: Path) -> None:
    done = subprocess.run(
        [installed.programs / "python", "-c", "import anyunix; print(anyunix.__file__)"],
        cwd=empty,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert Path(done.stdout.strip()).is_relative_to(installed.folder)
    assert not Path(done.stdout.strip()).is_relative_to(ROOT)


@pytest.mark.usefixtures("namespaces")
def test_a_maintainer_gets_a_matrix_a_fix_and_a_ci_file_that_passes(
    installed: Installed, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No engine answers in the page's commands, as on a machine that has none."""
    needs("make", "cc", "strace")
    (empty / "server").mkdir()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{empty}/none.sock")
    assert problems(walked("first-matrix.md", empty / "server", installed)) == ""
    monkeypatch.undo()
    platforms = ("local", "alpine") if Engine().available() is None else ("local", "local-v6only")
    job = Job(empty / "runner", empty / "server", installed)
    assert job.run({"PLATFORMS": ",".join(platforms)}) == 0, job.printed
    assert "anyunix: portable: pocket default" in job.printed
    assert job.used == ["actions/checkout@v7", "actions/upload-artifact@v7"]
    matrix = read_matrix(empty / "server" / "anyunix-out")
    assert {platform.name for platform in matrix.platforms if platform.status == "ran"} == set(platforms)
    assert [verdict.verdict for verdict in matrix.verdicts] == ["portable"]


class Job:
    """The workflow that `init` wrote: its shell steps are run as GitHub's runner does."""

    def __init__(self, folder: Path, work: Path, installed: Installed) -> None:
        self._folder, self._work, self._installed = folder, work, installed
        self.printed = ""
        self.used: list[str] = []
        (folder / "tools").mkdir(parents=True)
        sudo = folder / "tools" / "sudo"
        sudo.write_text("#!/bin/sh\n")  # the settings of this machine stay as they are
        sudo.chmod(0o755)

    def run(self, environment: Mapping[str, str]) -> int:
        """Every step, until one fails; its exit status. `environment` wins over that of the steps."""
        workflow = yaml.safe_load((self._work / ".github" / "workflows" / "portability.yml").read_text())
        for step in workflow["jobs"]["portability"]["steps"]:
            if "uses" in step:
                self.used.append(step["uses"])
            elif status := self._step(step, environment):
                return status
            if (self._folder / "anyunix").exists():
                lend_packages(self._folder / "anyunix")
        return 0

    def _step(self, step: Mapping[str, Any], environment: Mapping[str, str]) -> int:
        path = self._folder / "path"
        added = path.read_text().split() if path.exists() else []
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self._work,
            env={
                **kept,
                **step.get("env", {}),
                **(environment if "env" in step else {}),
                "PATH": os.pathsep.join([*added, str(self._folder / "tools"), os.environ["PATH"]]),
                "RUNNER_TEMP": str(self._folder),
                "GITHUB_PATH": str(path),
                "PIP_NO_INDEX": "1",
                "PIP_NO_DEPS": "1",
                "PIP_FIND_LINKS": str(self._installed.wheels),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=1200,
            check=False,
        )
        self.printed += done.stdout
        return done.returncode


@pytest.mark.usefixtures("namespaces")
def test_a_student_reproduces_both_bugs_and_table_one(installed: Installed, empty: Path) -> None:
    needs("make", "cc", "go")
    *bugs, table = walked("reproduce-the-paper.md", empty, installed)
    assert problems(bugs) == ""
    (printed,) = table.printed
    starved = any(line.startswith("invalid, excluded") for line in printed.output)
    assert starved or not list(table.problems()), problems([table])
    results = empty / "anyunix-out" / "bench" / "local"
    if not starved or (results / "bench.md").exists():
        assert "| paper: C | paper: Go |" in (results / "bench.md").read_text()
