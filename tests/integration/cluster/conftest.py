"""What tests of clusters share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dask_processes import Processes, dask_processes, new_key


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Processes]:
    """A scheduler, and a key for its workers."""
    with dask_processes(tmp_path / "cluster") as processes:
        processes.key = new_key(tmp_path)
        yield processes
