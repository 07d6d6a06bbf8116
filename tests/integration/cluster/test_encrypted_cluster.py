"""A cluster over TLS, by Dask's own settings: of the environment, and on the command line of a worker."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from anyunix.errors import EXIT_NOT_RUN, EXIT_USAGE
from anyunix.results.matrix_file import read_matrix
from dask_processes import ALONE, Processes, dask_processes

WAIT_SECONDS = 200.0
ANSWER_SECONDS = 60.0
"""Until a client says that it cannot connect: 15 s and starting Dask, with room for a loaded machine."""
TLS = "DASK_DISTRIBUTED__COMM__TLS__"
WANTED = ("--platform", "local", "--subject", "python", "--bind", "dual", "-k", "test_ipv4_client_is_served")


def certificate(folder: Path) -> Path:
    """A folder with a key and a certificate that vouches for itself alone."""
    folder.mkdir()
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"), "-days", "2", "-subj", "/CN=test"),
        ],
        check=True,
        capture_output=True,
    )
    return folder


def settings(folder: Path, role: str) -> dict[str, str]:
    """Dask's, as variables of the environment."""
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    return {f"{TLS}CA_FILE": cert, f"{TLS}{role}__CERT": cert, f"{TLS}{role}__KEY": key}


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What scheduler, worker and clients have in common."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl here")
    return certificate(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module")
def cluster(ours: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """A scheduler that has its settings from the environment, and a worker that has them from its command line."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**settings(ours, "SCHEDULER"), "DASK_DISTRIBUTED__COMM__DEFAULT_SCHEME": "tls"}.items():
            patch.setenv(name, value)
        with dask_processes(tmp_path_factory.mktemp("cluster")) as processes:
            patch.undo()
            cert, key = str(ours / "cert.pem"), str(ours / "key.pem")
            options = ("--tls-ca-file", cert, "--tls-cert", cert, "--tls-key", key)
            processes.start_worker("w1", dask=(*ALONE, *options))
            yield processes


def run(address: str, folder: Path, environment: Mapping[str, str], seconds: float) -> tuple[int, str, float]:
    """`anyunix run` on a cluster: its status, what it printed, and for how long it ran."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "anyunix", "run", "--cluster", address, "--out", str(folder / "out"), *WANTED],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )
    return done.returncode, done.stdout, time.monotonic() - began


def test_cells_run_over_tls(cluster: Processes, ours: Path, tmp_path: Path) -> None:
    assert cluster.address.startswith("tls://")
    _, said, _ = run(cluster.address, tmp_path, settings(ours, "CLIENT"), WAIT_SECONDS)
    (cell,) = read_matrix(tmp_path / "out").cells
    assert cell.status == "ran", said
    assert cell.worker.startswith("w1 on ")


def test_a_client_without_a_certificate_is_told_where_to_name_one(cluster: Processes, tmp_path: Path) -> None:
    status, said, _ = run(cluster.address, tmp_path, {}, ANSWER_SECONDS)
    assert status == EXIT_USAGE, said
    assert f"--cluster {cluster.address}: no certificates: set DASK_DISTRIBUTED__COMM__TLS__CA_FILE" in said
    assert len(said.strip().splitlines()) == 1, said


@pytest.mark.parametrize("who", ["with another certificate", "without TLS"])
def test_a_client_that_may_not_connect_gets_one_plain_error(who: str, cluster: Processes, tmp_path: Path) -> None:
    address = cluster.address.replace("tls://", "tcp://") if who == "without TLS" else cluster.address
    other = settings(certificate(tmp_path / "other"), "CLIENT") if who == "with another certificate" else {}
    status, said, _ = run(address, tmp_path, other, ANSWER_SECONDS)
    assert status == EXIT_NOT_RUN, said
    assert re.search(rf"--cluster {address}: no scheduler answers there: .+; `dask scheduler` starts one", said), said
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) == 1, said
