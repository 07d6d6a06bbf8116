"""A worker whose engine has no image, and no registry to have a base from, gets it from a worker that has it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.subjects import Subject
from anyunix.cluster.cluster_pool import ClusterPool
from anyunix.cluster.dask_connection import DaskConnection
from anyunix.cluster.shared_key import read_key
from anyunix.drivers.docker.engine import Engine
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.matrix import Nobody
from dask_processes import Processes, wait_for
from second_engine import missing, second_engine

pytestmark = pytest.mark.timeout(900)
REQUIRED = "ANYUNIX_REQUIRE_SECOND_ENGINE"
KEPT = "def test_kept(server):\n    server()\n"


class Listening(Nobody):
    def __init__(self) -> None:
        self.said: list[str] = []

    def says(self, cell: Cell, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def far_engine(engine: Engine) -> Iterator[str]:
    """Takes ten seconds and a gigabyte's room, so that it is started where it is asked for only."""
    if not os.environ.get(REQUIRED):
        pytest.skip(f"{REQUIRED} is not set")
    assert missing() == ""
    with second_engine() as address:
        yield address


def test_an_image_comes_from_the_worker_that_has_it(
    cluster: Processes, far_engine: str, subject: Subject, catalog: Catalog, make_suite: Callable[[str], Path]
) -> None:
    platform = catalog.platform("alpine")
    cells = [Cell(subject, platform, "default") for _ in range(2)]
    listening = Listening()
    assert cluster.key is not None
    with DaskConnection(cluster.address) as connection:
        for number, (name, address) in enumerate((("far", far_engine), ("near", "")), 1):
            cluster.start_worker(name, key=cluster.key, engine=address)  # the first is the one that is to make it
            wait_for(lambda number=number: len(connection.workers()) == number, cluster)  # type: ignore[misc]
        with ClusterPool(connection, read_key(cluster.key)) as pool:
            wait_for(lambda: pool.members.see(connection.workers()) == [] and pool.machines == 2, cluster)
            results = pool.run(cells, SuiteOptions(make_suite(KEPT)), watcher=listening)
    assert [(result.status, result.reason) for result in results] == [("ran", "")] * 2
    assert {result.worker.partition(" ")[0] for result in results} == {"far", "near"}
    far = docker.DockerClient(base_url=far_engine)
    tags = [tag for image in far.images.list() for tag in image.tags]
    far.close()
    assert sorted(tag.partition(":")[0] for tag in tags) == ["alpine", "anyunix/alpine"]
    assert not [text for text in listening.said if "building" in text]
