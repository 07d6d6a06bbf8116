"""What a server on this machine gets of the user's environment: what is listed, and what its file names."""

import json
import os
import sys
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.errors import ConfigurationError
from anyunix.host.environment import local_environment, passed_on


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


def test_a_shim_is_asked_once_for_the_python_that_it_looks_for(tmp_path: Path) -> None:
    shims, count = tmp_path / "shims", tmp_path / "count"
    shims.mkdir()
    shim = shims / "python3"
    shim.write_text(f'#!/bin/sh\necho asked >>{count}\nexec {sys.executable} "$@"\n')
    shim.chmod(0o755)
    path = f"{shims}{os.pathsep}/usr/bin"
    for _ in range(2):
        assert local_environment({"PATH": path})["PATH"] == f"{Path(sys.executable).parent}{os.pathsep}{path}"
    assert count.read_text() == "asked\n"


@pytest.mark.parametrize("script", ["exit 1", "exec /nowhere/python3"])
def test_a_shim_that_finds_nothing_changes_nothing(tmp_path: Path, script: str) -> None:
    (tmp_path / "shims").mkdir()
    shim = tmp_path / "shims" / "python3"
    shim.write_text(f"#!/bin/sh\n{script}\n")
    shim.chmod(0o755)
    assert local_environment({"PATH": str(shim.parent)})["PATH"] == str(shim.parent)


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
