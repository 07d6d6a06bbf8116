"""A CPU that one of the workers really has is emulated on none."""

import io
from pathlib import Path

import pytest

from anyunix.cluster.cluster_pool import ClusterPool
from anyunix.cluster.dask_connection import DaskConnection
from anyunix.cluster.shared_key import read_key
from anyunix.commands.common import SafeConsole
from anyunix.report.terminal import print_report
from anyunix.results.model import Matrix
from anyunix.run import Choice, RunOptions, run_matrix, select
from dask_processes import ALONE, Processes, wait_for

pytestmark = pytest.mark.timeout(600)
PLATFORM = "debian-arm64"
OF_ANOTHER_CPU = "import anyunix.cluster.worker_description as own\n\nown.cpu_here = lambda: 'arm64'\n"
"""A worker that says that its CPU is another one; as it stands for the platform, the platform's cells run anyway."""


def matrix_on(cluster: Processes) -> Matrix:
    """Of three cells on the platform, on all workers that were started."""
    assert cluster.key is not None
    selection = select(Choice(subjects=("python",), platforms=(PLATFORM,), binds=("dual", "ipv4", "ipv6")))
    options = RunOptions("sigterm", trace="never", experiment_seconds=0)
    with DaskConnection(cluster.address) as connection:
        wait_for(lambda: len(connection.workers()) == len(cluster.workers), cluster)
        with ClusterPool(connection, read_key(cluster.key)) as pool:
            wait_for(
                lambda: not pool.members.see(connection.workers()) and pool.machines == len(cluster.workers), cluster
            )
            return run_matrix(selection, options, pool=pool)


def report_of(matrix: Matrix) -> str:
    printed = io.StringIO()
    print_report(SafeConsole(file=printed, width=100), matrix, "out")
    return printed.getvalue()


def test_it_runs_on_the_worker_that_has_it_and_no_report_says_emulated(cluster: Processes, tmp_path: Path) -> None:
    preload = tmp_path / "another_cpu.py"
    preload.write_text(OF_ANOTHER_CPU)
    cluster.start_worker("emulates", key=cluster.key, stands_for=PLATFORM)
    emulated = matrix_on(cluster)
    assert [platform.emulator for platform in emulated.platforms] == ["qemu-user"]
    assert "CPU emulated by qemu-user" in report_of(emulated)

    cluster.start_worker("arm", key=cluster.key, stands_for=PLATFORM, dask=(*ALONE, "--preload", str(preload)))
    native = matrix_on(cluster)
    assert [(cell.status, cell.worker.partition(" ")[0]) for cell in native.cells] == [("ran", "arm")] * 3
    assert [platform.emulator for platform in native.platforms] == [""]
    assert "emulated" not in report_of(native)
