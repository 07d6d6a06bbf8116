"""docs/how-to/cluster.md: its three hosts over SSH, really run, and the files that it shows."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from anyunix.results.matrix_file import read_matrix
from checkout import ROOT
from sshd import missing, started

pytest.importorskip("distributed")

PAGE = (ROOT / "docs" / "how-to" / "cluster.md").read_text()
EXAMPLES = ROOT / "examples" / "cluster"
HOSTS = ("one", "two", "three")
SECONDS = 280
ANYUNIX = """#!{python}
import sys, time
from anyunix.__main__ import main
from anyunix.cluster.dask_connection import DaskConnection
from anyunix.errors import PlatformError

def there(address):
    try:
        with DaskConnection(address) as connection:
            return sum("anyunix" in each["metrics"] for each in connection.workers().values())
    except PlatformError:
        return 0

if sys.argv[1] == "run":  # whatever the machine is busy with, the three of them are there then
    until = time.monotonic() + 200
    while there(sys.argv[3]) < {hosts}:
        assert time.monotonic() < until, "the workers did not come"
        time.sleep(0.5)
sys.exit(main())
"""
DASK = '#!/bin/sh\nexec {python} -m dask "$@" --no-dashboard\n'
SSH = '#!/bin/sh\nexec {ssh} -F {config} "$@"\n'


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., None]:
    """Puts one in front of the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def write(name: str, text: str, **values: object) -> None:
        (folder / name).write_text(text.format(python=sys.executable, hosts=len(HOSTS), **values))
        (folder / name).chmod(0o755)

    return write


@pytest.mark.skipif(missing() is not None, reason=str(missing()))
def test_three_hosts_over_ssh(tmp_path: Path, program: Callable[..., None]) -> None:
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    (tmp_path / "sshd").mkdir()
    with started(tmp_path / "sshd", tmp_path / "sshd", f"SetEnv TMPDIR={tmp_path} PATH={path}") as sshd:
        config = sshd.config.read_text().replace("Host over-there", f"Host {' '.join(HOSTS)}")
        sshd.config.write_text(config)
        program("ssh", SSH, ssh=shutil.which("ssh"), config=sshd.config)
        program("anyunix", ANYUNIX)
        program("dask", DASK)
        commands = _block("ssh").replace("192.0.2.1", "127.0.0.1").replace("8786", str(_free_port()))
        commands = commands.replace("death-timeout=60", "death-timeout=200")
        commands = commands.replace("local,alpine", "local --subject python -k test_ipv4_client_is_served --out out")
        done = subprocess.run(
            ["sh", "-eu", "-c", commands],
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    matrix = read_matrix(tmp_path / "out")
    assert [cell.status for cell in matrix.cells] == ["ran"]
    assert sorted(worker.name.partition(" on ")[0] for worker in matrix.workers) == sorted(HOSTS)
    assert {worker.left for worker in matrix.workers} == {""}


@pytest.mark.parametrize("name", ["kubernetes/values.yaml", "slurm.py"])
def test_a_file_that_is_shown_is_the_one_to_copy(name: str) -> None:
    assert (EXAMPLES / name).read_text().rstrip() in PAGE


def test_what_the_files_name_is_there() -> None:
    values = yaml.safe_load((EXAMPLES / "kubernetes" / "values.yaml").read_text())
    engine = yaml.safe_load((EXAMPLES / "kubernetes" / "engine.yaml").read_text())
    assert all(f"{program} " in PAGE for program in ("kubectl", "helm", "docker"))
    preload = values["worker"]["extraArgs"]
    assert preload[0] == "--preload"
    assert f'worker_extra_args=["--preload", "{preload[1]}"]' in (EXAMPLES / "slurm.py").read_text()
    __import__(preload[1])
    (container,) = engine["spec"]["template"]["spec"]["containers"]
    sockets = [each["value"] for each in values["worker"]["env"] if each["name"] == "DOCKER_HOST"]
    assert f"--host={sockets[0]}" in container["args"]


def _block(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n```sh\n(.*?)```", PAGE, re.DOTALL)
    assert found, f"no block {name}"
    return found[1]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
