"""What users may get wrong about clusters: one line each, soon."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from anyunix.errors import EXIT_NOT_RUN, EXIT_USAGE

SECONDS = 90.0
"""For a command that ends in 20 s on an idle machine."""
HIDDEN = """\
import sys

sys.modules["dask"] = sys.modules["distributed"] = None
sys.argv = ["anyunix", *sys.argv[1:]]
from anyunix.__main__ import main
sys.exit(main())
"""
WANTED = ("--platform", "local", "--subject", "python", "--bind", "dual", "-k", "test_ipv4_client_is_served")


def one_line(arguments: list[str], folder: Path, environment: Mapping[str, str] = os.environ) -> tuple[int, str]:
    """The status of a command, and the only line that it prints."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    lines = done.stdout.strip().splitlines()
    assert len(lines) == 1, done.stdout
    return done.returncode, lines[0]


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of somebody who accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where nobody listens: the port is taken, and not listened at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"tcp://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize(
    "address", ["amber", "amber:8786", "http://amber:8786", "tcp://amber", "tcp://", "", "tcp://a b:1"]
)
def test_a_worker_is_told_what_an_address_looks_like(address: str, tmp_path: Path) -> None:
    status, line = one_line(["-m", "anyunix", "worker", address], tmp_path)
    assert status == EXIT_USAGE
    assert f"worker {address}: expected a scheduler's address, such as tcp://name:8786" in line


def test_a_worker_is_told_the_nearest_platform(tmp_path: Path) -> None:
    status, line = one_line(["-m", "anyunix", "worker", "tcp://127.0.0.1:1", "--as", "freebds"], tmp_path)
    assert status == EXIT_USAGE
    assert "--as freebds: no platform is called that (did you mean 'freebsd'?)" in line


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [("k" * 40, 0o644, "chmod 600"), ("short", 0o600, "5 bytes"), (None, 0, "cannot be read")],
)
@pytest.mark.parametrize("command", ["worker", "run"])
def test_a_key_that_will_not_do(
    command: str, content: str | None, mode: int, reason: str, tmp_path: Path, nobody: str
) -> None:
    key = tmp_path / "key"
    if content is not None:
        key.write_text(content)
        key.chmod(mode)
    arguments = {"worker": [nobody, "--key"], "run": [*WANTED, "--cluster", nobody, "--cluster-key"]}[command]
    status, line = one_line(["-m", "anyunix", command, *arguments, str(key)], tmp_path)
    assert status == EXIT_USAGE
    assert f"key {key}: " in line
    assert reason in line


def test_options_for_dask_that_are_no_words(tmp_path: Path) -> None:
    status, line = one_line(["-m", "anyunix", "worker", "tcp://127.0.0.1:1", "--dask='"], tmp_path)
    assert status == EXIT_USAGE
    assert "--dask" in line


@pytest.mark.parametrize("arguments", [["worker", "tcp://127.0.0.1:1"], ["run", *WANTED, "--cluster", "local:1"]])
def test_without_dask_both_say_how_to_install_it(arguments: list[str], tmp_path: Path) -> None:
    status, line = one_line(["-c", HIDDEN, *arguments], tmp_path)
    assert status == EXIT_USAGE
    assert "pip install 'anyunix[cluster]'" in line


@pytest.mark.parametrize(
    "address", ["amber", "local:0", "local:", "local:x", "local:1000", "http://amber:1", "tcp://amber"]
)
def test_a_run_is_told_what_an_address_looks_like(address: str, tmp_path: Path) -> None:
    status, line = one_line(["-m", "anyunix", "run", *WANTED, "--cluster", address], tmp_path)
    assert status == EXIT_USAGE
    assert f"--cluster {address}: expected a scheduler's address, such as tcp://name:8786, or local:4" in line


def test_a_key_without_a_cluster_is_shown_to_nobody(tmp_path: Path) -> None:
    status, line = one_line(["-m", "anyunix", "run", *WANTED, "--cluster-key", "k"], tmp_path)
    assert status == EXIT_USAGE
    assert "--cluster-key: only with --cluster" in line


@pytest.mark.parametrize("who", ["silent", "nobody"])
def test_where_no_scheduler_answers_a_run_says_so(who: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    address = request.getfixturevalue(who)
    status, line = one_line(["-m", "anyunix", "run", *WANTED, "--cluster", address], tmp_path)
    assert status == EXIT_NOT_RUN
    assert f"--cluster {address}: no scheduler answers there: " in line
    assert line.endswith("`dask scheduler` starts one")


def test_where_a_name_is_nobodys_a_run_says_so(tmp_path: Path) -> None:
    status, line = one_line(["-m", "anyunix", "run", *WANTED, "--cluster", "tcp://no-such.invalid:8786"], tmp_path)
    assert status == EXIT_NOT_RUN
    assert "--cluster tcp://no-such.invalid:8786: no scheduler answers there: " in line
