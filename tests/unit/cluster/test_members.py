"""Which workers may work for a client, and which were lost: by what a scheduler knows of them, and a clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from anyunix.cluster.members import HANG_SECONDS, Members, WantedWorker
from anyunix.cluster.shared_key import proof
from anyunix.cluster.worker_description import METRIC, WorkerDescription
from anyunix.run.matrix import LOST

KEY = b"k" * 32
AMBER = "tcp://10.0.0.1:4000"
DESCRIPTION = WorkerDescription(
    "amber", "boot-1", "amd64", "1.0", "content", ("docker", "cpu=amd64"), {"freebsd": "no"}
)


@dataclass
class Watched:
    """Members with a clock of their own, and what was told of them."""

    now: float = 1000.0
    told: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.members = Members(
            WantedWorker("1.0", "content", KEY), lambda *told: self.told.append(told), lambda: self.now
        )

    def see(self, *workers: tuple[str, Mapping[str, Any]]) -> list[str]:
        """The names of those that were lost."""
        return [member.name for member in self.members.see(dict(workers))]


@pytest.fixture
def watched() -> Watched:
    return Watched()


def known(
    address: str = AMBER, name: Any = "w1", seen: float = 1.0, threads: Any = 2, **changes: Any
) -> tuple[str, dict[str, Any]]:
    """A worker, as the scheduler knows it."""
    description = msgspec.structs.replace(DESCRIPTION, **changes)
    metrics = {METRIC: msgspec.json.encode(description).decode()}
    return address, {"name": name, "nthreads": threads, "last_seen": seen, "metrics": metrics}


def test_a_worker_joins(watched: Watched) -> None:
    assert watched.see(known()) == []
    member = watched.members.there[AMBER]
    assert (member.name, member.threads, member.free, member.trusting) == ("w1 on amber", 2, 2, False)
    assert member.seat.resources == {"docker", "cpu=amd64"}
    assert watched.members.seats == 2
    assert watched.told == [("w1 on amber", "joined")]


def test_a_worker_with_the_key_is_trusting(watched: Watched) -> None:
    watched.see(known(proof=proof(AMBER, KEY)))
    assert watched.members.there[AMBER].trusting


@pytest.mark.parametrize("shown", [proof(AMBER, b"o" * 32), proof("tcp://10.0.0.2:4000", KEY), "", "x"])
def test_a_worker_with_another_key_or_anothers_proof_is_not(shown: str, watched: Watched) -> None:
    watched.see(known(proof=shown))
    assert not watched.members.there[AMBER].trusting


def test_a_client_without_a_key_trusts_nobodys_proof() -> None:
    members = Members(WantedWorker("1.0", "content", b""), lambda *told: None)
    members.see(dict([known(proof="")]))
    assert not members.there[AMBER].trusting


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"version": "0.9"}, "w1 has anyunix 0.9, this is 1.0: pip install 'anyunix[cluster]==1.0' there"),
        ({"content": "other"}, "install the same wheel or the same commit there"),
    ],
)
def test_a_worker_of_another_version_or_suite_is_refused_with_what_mends_it(
    changes: dict[str, str], line: str, watched: Watched
) -> None:
    watched.see(known(**changes))
    watched.see(known(**changes))
    assert watched.members.there == {}
    assert line in watched.members.refused[AMBER]
    assert watched.told == [("w1", f"{LOST}refused: {watched.members.refused[AMBER]}")]
    (result,) = watched.members.results()
    assert (result.name, result.cells) == ("w1", 0)
    assert result.left == f"refused: {watched.members.refused[AMBER]}"


@pytest.mark.parametrize("metrics", [None, {}, {"cpu": 3}, [], "metrics"])
def test_a_worker_without_anyunix_is_refused(metrics: object, watched: Watched) -> None:
    watched.see((AMBER, {"name": "w1", "nthreads": 1, "metrics": metrics}))
    assert watched.members.refused[AMBER] == "w1 is no worker of anyunix: start it with `anyunix worker ADDRESS`"
    assert watched.members.results() == ()


@pytest.mark.parametrize(
    "found", [7, b"{}", "", "{", "[" * 100_000, "{}", '{"host": 7}', "null", {"host": "amber"}, object()]
)
def test_a_worker_that_describes_itself_in_garbage_is_refused(found: object, watched: Watched) -> None:
    watched.see((AMBER, {"name": "w1", "nthreads": 1, "metrics": {METRIC: found}}))
    assert watched.members.refused[AMBER].startswith("w1 says of itself what this anyunix does not understand: ")
    assert len(watched.members.refused[AMBER]) < 1000


def test_one_that_was_refused_may_come_back_mended(watched: Watched) -> None:
    watched.see(known(version="0.9"))
    watched.see()
    assert watched.members.refused == {}
    watched.see(known())
    assert list(watched.members.there) == [AMBER]


def test_a_worker_that_the_scheduler_knows_no_more_is_lost(watched: Watched) -> None:
    watched.see(known())
    assert watched.see() == ["w1 on amber"]
    assert watched.members.there == {}
    assert watched.told[-1] == ("w1 on amber", f"{LOST}it died or left")
    assert watched.members.results()[0].left == "it died or left"
    assert watched.see() == []


def test_a_worker_that_is_not_heard_of_for_a_minute_is_lost(watched: Watched) -> None:
    watched.see(known(seen=5.0))
    watched.see(known(seen=6.0))
    watched.now += HANG_SECONDS
    assert watched.see(known(seen=6.0)) == []
    watched.now += 1
    assert watched.see(known(seen=6.0)) == ["w1 on amber"]
    assert watched.members.results()[0].left == "it has not answered for 60 s"


def test_a_worker_that_is_heard_of_now_and_then_stays(watched: Watched) -> None:
    for number in range(10):
        watched.now += HANG_SECONDS - 1
        assert watched.see(known(seen=float(number))) == []


def test_a_worker_that_hung_may_come_back(watched: Watched) -> None:
    watched.see(known(seen=5.0))
    watched.now += HANG_SECONDS + 1
    watched.see(known(seen=5.0))
    watched.now += HANG_SECONDS + 1
    watched.see(known(seen=5.0))
    watched.see(known(seen=9.0))
    assert list(watched.members.there) == [AMBER]


def test_a_worker_that_still_hangs_does_not_come_back(watched: Watched) -> None:
    watched.see(known(seen=5.0))
    watched.now += HANG_SECONDS + 1
    assert watched.see(known(seen=5.0)) == ["w1 on amber"]
    for _ in range(5):
        watched.now += HANG_SECONDS / 2
        assert watched.see(known(seen=5.0)) == []
        assert watched.members.there == {}


def test_a_worker_that_comes_back_under_another_address_is_one_worker_in_the_report(watched: Watched) -> None:
    watched.see(known())
    watched.members.did(watched.members.there[AMBER])
    watched.see()
    watched.see(known("tcp://10.0.0.1:5000"))
    watched.members.did(watched.members.there["tcp://10.0.0.1:5000"])
    (result,) = watched.members.results()
    assert (result.name, result.cells, result.left) == ("w1 on amber", 2, "it died or left")


def test_the_running_cells_of_a_lost_worker_are_told(watched: Watched) -> None:
    watched.see(known())
    watched.members.there[AMBER].running |= {3, 4}
    assert watched.members.there[AMBER].free == 0
    (lost,) = watched.members.see({})
    assert lost.running == {3, 4}


@pytest.mark.parametrize(
    "name", ["\x1b[2J\x1b]0;title\x07w\r\n1", "w" * 10_000, 7, None, b"\xff", ["w"], "", "\u202ew"]
)
def test_names_are_short_and_safe_to_print(name: object, watched: Watched) -> None:
    watched.see(known(name=name, host="am\x1b[2Jber\r\n" + "x" * 500))
    for shown, _ in watched.told:
        assert len(shown) < 200
        assert shown.isprintable()
        assert shown.strip()


@pytest.mark.parametrize("threads", [0, -1, 10**9, "2", None, 1.5, True])
def test_a_number_of_threads_that_cannot_be_is_one(threads: object, watched: Watched) -> None:
    watched.see(known(threads=threads))
    assert watched.members.seats == 1


def test_two_workers_of_one_name_are_two_in_the_report(watched: Watched) -> None:
    watched.see(known(), known("tcp://10.0.0.1:5000"))
    names = [result.name for result in watched.members.results()]
    assert len(set(names)) == len(names) == 2
