"""Every difference, by its facts: switched on, the suite measures exactly these, with exactly these values.

Each is alone beside the same platform without any. By day a sample, ANYUNIX_FULL=1 takes all of them.
"""

from pathlib import Path

import pytest

from anyunix.catalog.lookup import find_catalog
from anyunix.drivers.docker.engine import Engine
from anyunix.drivers.netns.netns_driver import NetnsDriver, NetnsOptions
from anyunix.results.json_values import claimed
from anyunix.results.model import CellResult
from chosen import chosen
from fact_cells import Plain, changes, under, without

ALL = {each.name: each for each in find_catalog().differences}
HERE = chosen(list(ALL), 4)
THERE = {place: chosen(list(ALL), 1) for place in ("debian", "debian-i386", "alpine")}
MOST_VARYING = 3

AT_A_TIME = 4


class Measured:
    """What platforms measure, each thing when it is asked for first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._plain: dict[tuple[str, bool], Plain] = {}
        self._under: dict[tuple[str, str], CellResult] = {}

    def plain(self, place: str, difference: str) -> Plain:
        """Without any difference, and with namespaces where the difference needs some."""
        alters = ALL[difference].alters
        if (place, alters) not in self._plain:
            self._plain[place, alters] = without(find_catalog().platform(place), alters, self._folder)
        return self._plain[place, alters]

    def under(self, place: str, difference: str) -> CellResult:
        """With it alone. Those that come next and alter as much are measured with it, some side by side."""
        if (place, difference) not in self._under:
            names = HERE if place == "local" else THERE[place]
            like = [name for name in names[names.index(difference) :] if ALL[name].alters == ALL[difference].alters]
            platform = self.plain(place, difference).platform
            found = under(platform, [ALL[name] for name in like[:AT_A_TIME]], self._folder)
            self._under.update({(place, name): result for name, result in found.items()})
        return self._under[place, difference]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    return Measured(tmp_path_factory.mktemp("none"))


@pytest.mark.parametrize("difference", HERE)
def test_on_this_machine(measured: Measured, difference: str) -> None:
    if ALL[difference].alters and (reason := NetnsDriver(NetnsOptions()).available()):
        pytest.skip(reason)
    plain = measured.plain("local", difference)
    shown = plain.changed(measured.under("local", difference))
    assert shown == {
        name: claimed(value, plain.once.facts[name])
        for name, value in ALL[difference].facts.items()
        if name not in plain.varying
    }
    assert shown, "it does nothing here"


@pytest.mark.parametrize(("place", "difference"), [(place, name) for place, names in THERE.items() for name in names])
def test_in_containers(engine: Engine, measured: Measured, place: str, difference: str) -> None:
    """glibc and musl, 64 and 32 bits. What a platform is like already can show nothing."""
    plain = measured.plain(place, difference)
    assert plain.changed(measured.under(place, difference)) == expected(plain, difference)


def expected(plain: Plain, difference: str) -> dict[str, object]:
    """The difference's facts that are others without it; of those that are measured there at all."""
    known = plain.once.facts.keys() - plain.varying
    facts = {
        name: claimed(value, plain.once.facts[name]) for name, value in ALL[difference].facts.items() if name in known
    }
    return dict(changes({name: plain.once.facts[name] for name in facts}, facts))


def test_what_varies_by_itself_is_no_fact_of_a_difference(measured: Measured) -> None:
    for difference in HERE[:1]:
        varying = measured.plain("local", difference).varying
        assert len(varying) <= MOST_VARYING, varying
        assert not varying & {fact for each in ALL.values() for fact in each.facts}
