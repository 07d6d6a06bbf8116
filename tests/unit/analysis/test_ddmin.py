"""ddmin: what it gives breaks it, and with any one element less does not."""

import random
import zlib
from collections.abc import Callable, Collection

import pytest

from anyunix.analysis.ddmin import Subset, ddmin

ITEMS = [f"d{number:02}" for number in range(20)]


def minimized(items: Collection[str], breaks: Callable[[Subset], bool], width: int = 2) -> tuple[Subset, list[Subset]]:
    """The minimal set, and all that was tested for it."""
    search, tested = ddmin(items, width), list[Subset]()
    try:
        asked = next(search)
        while True:
            assert 1 <= len(asked) <= width
            tested += asked
            asked = search.send({each: breaks(each) for each in asked})
    except StopIteration as end:
        return end.value, tested


@pytest.mark.parametrize("seed", range(60))
def test_of_several_causes_it_gives_one_and_all_of_it(seed: int) -> None:
    """Any set that holds one of the causes whole breaks it: monotone, as most servers are."""
    chance = random.Random(seed)
    items = chance.sample(ITEMS, chance.randint(1, len(ITEMS)))
    causes = [Subset(chance.sample(items, chance.randint(1, min(4, len(items))))) for _ in range(chance.randint(1, 3))]

    def breaks(some: Subset) -> bool:
        return any(cause <= some for cause in causes)

    found, _ = minimized(items, breaks)
    assert breaks(found)
    assert not any(breaks(found - {each}) for each in found)
    assert found in causes
    chance.shuffle(items)
    assert minimized(items, breaks)[0] == found, "the order of the items says nothing"


@pytest.mark.parametrize("seed", range(40))
def test_without_any_rule_it_gives_something_that_breaks_and_can_spare_nothing(seed: int) -> None:
    items = ITEMS[:8]

    def breaks(some: Subset) -> bool:
        return len(some) == len(items) or (len(some) > 0 and zlib.crc32(f"{seed} {sorted(some)}".encode()) % 3 == 0)

    found, _ = minimized(items, breaks)
    assert breaks(found)
    assert len(found) == 1 or not any(breaks(found - {each}) for each in found)


def test_one_of_thirty_two_is_found_in_five_steps() -> None:
    items = [f"d{number:02}" for number in range(32)]
    found, tested = minimized(items, lambda some: "d17" in some)
    assert found == {"d17"}
    assert len(tested) == 10


def test_a_single_item_is_what_it_is() -> None:
    assert minimized(["only"], lambda some: pytest.fail("nothing is to be tested")) == ({"only"}, [])


@pytest.mark.parametrize("width", [1, 3, 100])
def test_however_many_are_tested_at_a_time_the_answer_is_the_same(width: int) -> None:
    assert minimized(ITEMS, lambda some: {"d03", "d11", "d19"} <= some, width)[0] == {"d03", "d11", "d19"}
