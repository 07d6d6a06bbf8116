"""Who builds an image, and who has it from whom."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from anyunix.catalog.platforms import Platform
from anyunix.cluster.run_images import Offer, Peer, RunImages
from anyunix.drivers.base import Progress
from anyunix.drivers.docker.docker_options import DockerOptions
from anyunix.errors import PlatformError

DEBIAN = Platform(name="debian", title="Debian", options=DockerOptions(dockerfile="/d", base="debian:13"))
BASE, TAG = "sha256:1", "anyunix/debian:1"


@dataclass
class Engine:
    """An engine in memory. A PlatformImage."""

    base_id: str = ""
    tags: set[str] = field(default_factory=set)
    did: list[str] = field(default_factory=list)

    def base(self) -> str:
        return self.base_id

    def find(self) -> str:
        tag = f"anyunix/debian:{self.base_id[-1:]}"
        return tag if tag in self.tags else ""

    def make(self, say: Progress) -> str:
        if not self.base_id:
            raise PlatformError("the base is not here and cannot be pulled")
        if not self.find():
            self.did.append("built")
            self.tags.add(f"anyunix/debian:{self.base_id[-1:]}")
        return self.find()

    def save(self, file: Path) -> None:
        self.did.append("saved")
        file.write_text(f"{self.base_id} {self.find()}")

    def load(self, file: Path, tag: str) -> None:
        self.did.append("loaded")
        self.base_id, found = file.read_text().split()
        assert found == tag
        self.tags.add(tag)


class Worker:
    """Another one. A Peer."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._images = RunImages(lambda platform: engine, folder)

    def offer(self, *, make: bool) -> Offer:
        return self._images.offer(DEBIAN, make=make)

    def piece(self, offset: int) -> bytes:
        return self._images.piece(DEBIAN, offset)


class Gone:
    """A worker that does not answer."""

    def __init__(self, offered: Offer | None = None) -> None:
        """But what it `offered`, before it left."""
        self._offered = offered

    def offer(self, *, make: bool) -> Offer:
        if self._offered:
            return self._offered
        raise PlatformError("it does not answer")

    def piece(self, offset: int) -> bytes:
        raise PlatformError("it does not answer")


def bring(here: Engine, folder: Path, *peers: Peer, makes: bool = True) -> list[str]:
    said: list[str] = []
    RunImages(lambda platform: here, folder).bring(DEBIAN, peers, said.append, makes=makes)
    return said


def has_it() -> Engine:
    return Engine(BASE, {TAG})


@pytest.mark.parametrize("makes", [True, False])
def test_it_comes_from_whoever_has_it(tmp_path: Path, *, makes: bool) -> None:
    here, nothing, there = Engine(), Engine(), has_it()
    bring(here, tmp_path, Worker(nothing, tmp_path), Gone(), Worker(there, tmp_path), makes=makes)
    assert (here.did, here.find(), here.base_id) == (["loaded"], TAG, BASE)
    assert (nothing.did, there.did) == ([], ["saved"])


def test_it_is_saved_once_for_many(tmp_path: Path) -> None:
    there = has_it()
    peer = Worker(there, tmp_path)
    for _ in range(3):
        bring(Engine(), tmp_path, peer)
    assert there.did == ["saved"]
    assert len(list(tmp_path.iterdir())) == 1


def test_where_nobody_has_it_the_one_that_is_to_makes_it(tmp_path: Path) -> None:
    here, there = Engine(BASE), Engine(BASE)
    bring(here, tmp_path, Worker(there, tmp_path), makes=True)
    assert (here.did, there.did) == (["built"], [])


def test_the_others_wait_for_it(tmp_path: Path) -> None:
    here, there = Engine(BASE), Engine(BASE)
    bring(here, tmp_path, Worker(there, tmp_path), makes=False)
    assert (here.did, there.did) == (["loaded"], ["built", "saved"])


def test_one_that_cannot_make_it_asks_the_others(tmp_path: Path) -> None:
    here, there = Engine(), Engine(BASE)
    bring(here, tmp_path, Gone(), Worker(there, tmp_path), makes=True)
    assert (here.did, there.did) == (["loaded"], ["built", "saved"])


def test_one_whose_maker_is_gone_makes_it(tmp_path: Path) -> None:
    here = Engine(BASE)
    bring(here, tmp_path, Gone(), makes=False)
    assert here.did == ["built"]


def test_a_base_that_is_here_stays(tmp_path: Path) -> None:
    here, there = Engine("sha256:2"), has_it()
    bring(here, tmp_path, Worker(there, tmp_path), makes=False)
    assert (here.did, here.base_id, there.did) == (["built"], "sha256:2", [])


def test_one_engine_for_both_sends_nothing(tmp_path: Path) -> None:
    both = Engine(BASE)
    bring(both, tmp_path, Worker(both, tmp_path), makes=False)
    assert both.did == ["built"]


def test_a_worker_that_leaves_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    here = Engine()
    said = bring(here, tmp_path, Gone(Offer(TAG, BASE)), makes=True)
    assert here.did == []
    assert "it does not answer" in said[-1]
    assert list(tmp_path.iterdir()) == []


def test_it_is_asked_for_once_in_a_run(tmp_path: Path) -> None:
    here = Engine()
    images = RunImages(lambda platform: here, tmp_path)
    for _ in range(2):
        images.bring(DEBIAN, [Gone()], lambda text: None, makes=True)
        here.base_id = BASE
    assert here.did == []


def test_nobody_to_ask_or_no_image(tmp_path: Path) -> None:
    here = Engine(BASE)
    bring(here, tmp_path)
    RunImages(lambda platform: None, tmp_path).bring(DEBIAN, [Gone()], lambda text: None, makes=True)
    assert here.did == []
    assert RunImages(lambda platform: None, tmp_path).offer(DEBIAN, make=True) == Offer()
