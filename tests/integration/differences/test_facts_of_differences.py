"""Every difference, by its facts: switched on, the suite measures exactly these, with exactly these values.

Each is alone beside the same platform without any. By day a sample, ANYUNIX_FULL=1 takes all of them.
"""

from collections.abc import Callable

import pytest

from anyunix.catalog.lookup import Catalog, find_catalog
from anyunix.drivers.docker.engine import Engine
from anyunix.drivers.netns.netns_driver import NetnsDriver, NetnsOptions
from chosen import chosen
from fact_cells import Compared, changes, compare

ALL = {each.name: each for each in find_catalog().differences}
HERE = chosen(list(ALL), 4)
THERE = {place: chosen(list(ALL), 1) for place in ("debian", "debian-i386", "alpine")}
MOST_VARYING = 3

Comparison = Callable[[str, str], Compared]


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> Comparison:
    """What a platform measures under the differences of the sample that alter it, or else under the others."""
    made: dict[tuple[str, bool], Compared] = {}

    def found(place: str, difference: str) -> Compared:
        alters = ALL[difference].alters
        if (place, alters) not in made:
            sample = [name for name in (HERE if place == "local" else THERE[place]) if ALL[name].alters == alters]
            made[place, alters] = compare(catalog, catalog.platform(place), sample, tmp_path_factory.mktemp("none"))
        return made[place, alters]

    return found


@pytest.mark.parametrize("difference", HERE)
def test_on_this_machine(comparison: Comparison, difference: str) -> None:
    if ALL[difference].alters and (reason := NetnsDriver(NetnsOptions()).available()):
        pytest.skip(reason)
    compared = comparison("local", difference)
    shown = compared.changed(difference)
    assert shown == {name: value for name, value in ALL[difference].facts.items() if name not in compared.varying}
    assert shown, "it does nothing here"


@pytest.mark.parametrize(("place", "difference"), [(place, name) for place, names in THERE.items() for name in names])
def test_in_containers(engine: Engine, comparison: Comparison, place: str, difference: str) -> None:
    """glibc and musl, 64 and 32 bits. What a platform is like already can show nothing."""
    compared = comparison(place, difference)
    assert compared.changed(difference) == expected(compared, difference)


def expected(compared: Compared, difference: str) -> dict[str, object]:
    """The difference's facts that are others without it; of those that are measured there at all."""
    facts = {name: value for name, value in ALL[difference].facts.items() if name not in compared.varying}
    measured = {name: value for name, value in facts.items() if name in compared.plain.facts}
    return dict(changes({name: compared.plain.facts[name] for name in measured}, measured))


def test_what_varies_by_itself_is_no_fact_of_a_difference(comparison: Comparison) -> None:
    for difference in HERE[:1]:
        varying = comparison("local", difference).varying
        assert len(varying) <= MOST_VARYING, varying
        assert not varying & {fact for each in ALL.values() for fact in each.facts}
