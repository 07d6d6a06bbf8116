"""Which cell is next for a worker. Nothing here knows of Dask, or runs anything."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class WaitingCell:
    """A cell as it is planned."""

    number: int
    platform: str
    """What stays up of it, by name: cells with the same go where it is up already."""
    needs: frozenset[str]
    """The resources that its worker has to have."""
    seconds: float
    """How long it is likely to take."""
    one_machine: bool = False
    """Whether all cells of the platform have to run on one machine, because that is the platform."""


@dataclass(frozen=True)
class Seat:
    """A worker that has room for a cell."""

    machine: str
    resources: frozenset[str]
    up: frozenset[str]
    """Platforms that are up there."""


@dataclass
class _Group:
    """The cells of one platform, the longest last."""

    platform: str
    needs: frozenset[str]
    one_machine: bool
    cells: list[WaitingCell] = field(default_factory=list)
    workers: int = 0
    """How many have it up."""


class WaitingCells:
    """Longest first, by what cells took before, and on a platform that is up already as long as that holds up nobody.

    A cell that takes longer than everybody's share of what is left begins at once: it would be what all wait for.
    """

    def __init__(self, cells: Iterable[WaitingCell], homes: Mapping[str, str] | None = None) -> None:
        """`homes` are the machines of platforms that have to stay on one; those that lack get theirs as they begin."""
        self._homes = dict(homes or {})
        self._groups: dict[tuple[str, frozenset[str]], _Group] = {}
        self._rest = 0.0
        for cell in cells:
            self._insert(cell)
        for group in self._groups.values():
            group.cells.sort(key=_last)

    def __len__(self) -> int:
        return sum(len(group.cells) for group in self._groups.values())

    def add(self, cell: WaitingCell) -> None:
        """One that has to run again."""
        self._insert(cell)
        self._groups[cell.platform, cell.needs].cells.sort(key=_last)

    def next_for(self, seat: Seat, seats: int) -> WaitingCell | None:
        """The next one for a worker, which is no longer waiting then; None where none can run there. `seats` is how
        many cells run at a time, on all workers together.
        """
        groups = [group for group in self._groups.values() if group.cells and self._fits(group, seat)]
        if not groups:
            return None
        longest = max(groups, key=lambda group: group.cells[-1].seconds)
        if longest.cells[-1].seconds >= self._rest / max(seats, 1):
            chosen = longest
        else:
            chosen = max(groups, key=lambda group: (group.platform in seat.up, -group.workers, group.cells[-1].seconds))
        cell = chosen.cells.pop()
        self._rest -= cell.seconds
        if chosen.one_machine:
            self._homes.setdefault(chosen.platform, seat.machine)
        if chosen.platform not in seat.up:
            chosen.workers += 1
        return cell

    def all(self) -> list[WaitingCell]:
        """Those that are left, which are no longer waiting then."""
        left = [cell for group in self._groups.values() for cell in group.cells]
        self._groups, self._rest = {}, 0.0
        return left

    def _insert(self, cell: WaitingCell) -> None:
        new = _Group(cell.platform, cell.needs, cell.one_machine)
        self._groups.setdefault((cell.platform, cell.needs), new).cells.append(cell)
        self._rest += cell.seconds

    def _fits(self, group: _Group, seat: Seat) -> bool:
        at_home = not group.one_machine or self._homes.get(group.platform, seat.machine) == seat.machine
        return at_home and group.needs <= seat.resources


def _last(cell: WaitingCell) -> tuple[float, int]:
    """The longest comes last; of those that take equally long the first."""
    return cell.seconds, -cell.number
