"""What a server on this machine gets of the user's environment: what is listed, and what its file names."""

import dataclasses
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.subjects import Subject
from anyunix.cross.zig import build_subject, missing
from anyunix.drivers.registry import Drivers
from anyunix.errors import ConfigurationError
from anyunix.host.environment import local_environment, passed_on
from anyunix.run.cell import Cell, CellRun, SuiteOptions

PROBE = '''
import os
def test_environment(fact, server):
    """What of the user's is here, and in the server."""
    there = open(f"/proc/{server.pid}/environ").read() if os.path.exists("/proc/self/environ") else str(os.environ)
    fact("here", sorted(name for name in os.environ if name.startswith("PASS_")))
    fact("server", ["PASS_ME=1" in there, "PASS_NOT" in there])
    fact("built", os.environ["PATH"] != "" and open(os.path.dirname(os.environ["ANYUNIX_SUBJECT"]) + "/built").read())
'''


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PASS_ME", "PASS_NOT"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("CFLAGS", "-O1")


@pytest.mark.parametrize("name", ["local", "local-v6only"])
def test_a_cell_on_this_machine_has_what_its_subject_names_and_no_secret(
    name: str, secrets: None, catalog: Catalog, subject: Subject, make_suite: Callable[[str], Path]
) -> None:
    driver, platform = Drivers().for_platform(catalog.platform(name)), catalog.platform(name)
    if reason := driver.available():
        pytest.skip(reason)
    named = dataclasses.replace(
        subject,
        pass_env=("PASS_ME", "PASS_UNSET"),
        build=("sh", "-c", 'echo "${PASS_ME-none} ${PASS_NOT-none} $CFLAGS" > built'),
    )
    result = CellRun(Cell(named, platform, "default"), driver, SuiteOptions(make_suite(PROBE)), lambda text: None).run()
    assert result.facts == {"here": ["PASS_ME"], "server": [True, False], "built": "1 none -O1\n"}


def test_a_cross_build_gets_no_secret(secrets: None, subject: Subject, tmp_path: Path) -> None:
    if reason := missing():
        pytest.skip(reason)
    building = dataclasses.replace(subject, build=("sh", "-c", "env > environment"))
    (made,) = build_subject(building, "native", tmp_path / "build").values()
    said = made.read_text()
    assert "PASS_" not in said
    assert "CC=" in said


def test_the_list_holds_no_variable_with_a_secret() -> None:
    """Of those that shells and CI systems have."""
    for name in (
        "AWS_SECRET_ACCESS_KEY",
        "GITHUB_TOKEN",
        "CI_JOB_TOKEN",
        "SSH_AUTH_SOCK",
        "DOCKER_HOST",
        "https_proxy",
        "PYTEST_ADDOPTS",
        "PYTEST_PLUGINS",
        "PYTHONPATH",
        "LD_PRELOAD",
    ):
        assert local_environment({name: "x", "PATH": "/bin", "LC_ALL": "C"}) == {"PATH": "/bin", "LC_ALL": "C"}


def test_other_platforms_get_none() -> None:
    assert passed_on(["PATH"], os.environ, here=False) == {}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("[A-B]", "key 'pass_env': 'A-B' is no name of a variable"),
        ("[1A]", "'1A' is no name"),
        ("PATH", "expected a list of words"),
        (json.dumps(["A=b"]), "'A=b' is no name"),
    ],
)
def test_names_that_no_variable_has_are_refused(tmp_path: Path, catalog: Catalog, value: str, said: str) -> None:
    (tmp_path / "x.yaml").write_text(f"title: x\nstart: [a, '{{port}}']\nready: {{port: true}}\npass_env: {value}\n")
    with pytest.raises(ConfigurationError) as caught:
        catalog.subject(str(tmp_path / "x.yaml"))
    assert said in str(caught.value)
