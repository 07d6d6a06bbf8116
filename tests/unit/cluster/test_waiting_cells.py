"""Which cell is next for a worker, and how long all take together, in virtual time."""

import heapq
import random
from collections.abc import Sequence

import pytest

from anyunix.cluster.waiting_cells import Seat, WaitingCell, WaitingCells

NOTHING = frozenset[str]()


def cells_of(platform: str, *seconds: float, first: int = 0, needs: frozenset[str] = NOTHING) -> list[WaitingCell]:
    return [WaitingCell(first + place, platform, needs, each) for place, each in enumerate(seconds)]


def seat(*up: str, machine: str = "amber", resources: frozenset[str] = NOTHING) -> Seat:
    return Seat(machine, resources, frozenset(up))


def numbers(waiting: WaitingCells, where: Seat, seats: int) -> list[int]:
    """The cells in the order in which one worker gets them."""
    found = []
    while (cell := waiting.next_for(where, seats)) is not None:
        found.append(cell.number)
    return found


def test_the_longest_comes_first() -> None:
    assert numbers(WaitingCells(cells_of("debian", 1, 5, 3)), seat(), 1) == [1, 2, 0]


def test_a_platform_that_is_up_comes_first() -> None:
    waiting = WaitingCells([*cells_of("debian", 5, 5, 5), *cells_of("alpine", 1, 1, first=3)])
    assert numbers(waiting, seat("alpine"), 1)[:2] in ([3, 4], [4, 3])


def test_a_worker_that_has_nothing_up_takes_the_platform_that_fewest_have() -> None:
    waiting = WaitingCells([*cells_of("debian", 5, 5, 5), *cells_of("alpine", 4, 4, 4, first=3)])
    first, second = waiting.next_for(seat(), 1), waiting.next_for(seat(), 1)
    assert first is not None
    assert second is not None
    assert {first.platform, second.platform} == {"debian", "alpine"}


def test_a_cell_that_is_longer_than_everybodys_share_comes_first_wherever_it_is() -> None:
    waiting = WaitingCells([*cells_of("alpine", 1, 1), *cells_of("freebsd", 100, first=2)])
    cell = waiting.next_for(seat("alpine"), 2)
    assert cell is not None
    assert cell.number == 2


def test_cells_go_only_where_there_is_what_they_need() -> None:
    docker, arm = frozenset({"docker"}), frozenset({"docker", "cpu=arm64"})
    waiting = WaitingCells([*cells_of("debian", 1, needs=docker), *cells_of("debian", 9, first=1, needs=arm)])
    assert waiting.next_for(seat(), 1) is None
    assert numbers(waiting, seat(resources=docker), 1) == [0]
    assert len(waiting) == 1
    assert numbers(waiting, seat(resources=arm), 1) == [1]


def test_a_platform_that_is_one_machine_stays_on_it() -> None:
    local = [WaitingCell(number, "local", NOTHING, 1.0, one_machine=True) for number in range(3)]
    waiting = WaitingCells(local)
    assert waiting.next_for(seat(machine="amber"), 1) is not None
    assert waiting.next_for(seat(machine="birch"), 1) is None
    assert len(numbers(waiting, seat(machine="amber"), 1)) == 2


def test_such_a_platform_may_have_its_machine_from_the_start() -> None:
    waiting = WaitingCells([WaitingCell(0, "local", NOTHING, 1.0, one_machine=True)], {"local": "birch"})
    assert waiting.next_for(seat(machine="amber"), 1) is None
    assert numbers(waiting, seat(machine="birch"), 1) == [0]


def test_a_cell_that_has_to_run_again_is_among_the_others_by_its_length() -> None:
    waiting = WaitingCells(cells_of("debian", 1, 2, 9))
    lost = waiting.next_for(seat(), 1)
    assert lost is not None
    waiting.add(lost)
    assert numbers(waiting, seat(), 1) == [2, 1, 0]


def test_all_are_taken_out_at_once() -> None:
    waiting = WaitingCells([*cells_of("debian", 1, 2), *cells_of("alpine", 3, first=2)])
    assert sorted(cell.number for cell in waiting.all()) == [0, 1, 2]
    assert len(waiting) == 0
    assert waiting.next_for(seat(), 1) is None


def makespan(cells: Sequence[WaitingCell], seats: int, start: float) -> tuple[float, int]:
    """Seconds until the last of the cells has ended, where each seat first brings up a platform that it has not up,
    for `start` seconds; and how often one did. No cell is lost and none runs twice.
    """
    waiting = WaitingCells(cells)
    up: list[set[str]] = [set() for _ in range(seats)]
    free = [(0.0, number) for number in range(seats)]
    done, last, starts = set[int](), 0.0, 0
    while free:
        now, number = heapq.heappop(free)
        cell = waiting.next_for(Seat(f"machine-{number}", NOTHING, frozenset(up[number])), seats)
        if cell is None:
            continue
        assert cell.number not in done
        done.add(cell.number)
        ends = now + cell.seconds + (0.0 if cell.platform in up[number] else start)
        starts += cell.platform not in up[number]
        up[number].add(cell.platform)
        last = max(last, ends)
        heapq.heappush(free, (ends, number))
    assert done == {cell.number for cell in cells}
    return last, starts


@pytest.mark.parametrize("spread", [0.5, 1.0, 2.0])
def test_ten_thousand_cells_take_little_longer_than_the_shortest_time_there_can_be(spread: float) -> None:
    chance = random.Random(19)
    platforms = [f"platform-{number}" for number in range(40)]
    cells = [
        WaitingCell(number, chance.choice(platforms), NOTHING, chance.lognormvariate(2.0, spread))
        for number in range(10_000)
    ]
    seats = 32
    bound = max(sum(cell.seconds for cell in cells) / seats, max(cell.seconds for cell in cells))
    last, _ = makespan(cells, seats, start=0.0)
    assert last / bound <= 1.1


def test_platforms_are_brought_up_far_less_often_than_cells_run() -> None:
    chance = random.Random(19)
    platforms = [f"platform-{number}" for number in range(40)]
    cells = [
        WaitingCell(number, chance.choice(platforms), NOTHING, chance.lognormvariate(2.0, 1.0))
        for number in range(10_000)
    ]
    seats, start = 32, 10.0
    bound = (sum(cell.seconds for cell in cells) + start * len(platforms)) / seats
    last, starts = makespan(cells, seats, start)
    assert last / bound <= 1.1
    assert starts < len(cells) / 20
