"""Every difference, by its facts: switched on, the suite measures exactly these, with exactly these values.

Each is alone beside the same platform without any. By day a sample, ANYUNIX_FULL=1 takes all of them.
"""

from pathlib import Path

import pytest

from anyunix.catalog.difference import SYSTEMS, System, in_likeness
from anyunix.catalog.lookup import find_catalog
from anyunix.catalog.switching import experimental
from anyunix.drivers.docker.engine import Engine
from anyunix.drivers.netns.netns_driver import NetnsDriver, NetnsOptions
from anyunix.results.json_values import claimed, holds
from anyunix.results.model import CellResult
from chosen import chosen
from fact_cells import NOT_MEASURED, Ground, Plain, changes, measure, under, without

ALL = {each.name: each for each in find_catalog().differences}
HERE = chosen(list(ALL), 4)
THERE = {place: chosen(list(ALL), 1) for place in ("debian", "debian-i386", "alpine")}
MOST_VARYING = 3

AT_A_TIME = 4
GROUND = {"ipv4-first": {"/etc/hosts": "127.0.0.1 localhost\n::1 localhost\n"}}
"""What has to be there for a difference to show: addresses of both kinds, for their order."""


def ground(place: str, difference: str) -> Ground:
    """What a platform is compared as."""
    files = GROUND.get(difference, {}) if place == "local" else {}
    return Ground(ALL[difference].alters or bool(files), tuple(files.items()))


class Measured:
    """What platforms measure, each thing when it is asked for first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._plain: dict[tuple[str, Ground], Plain] = {}
        self._under: dict[tuple[str, str], CellResult] = {}

    def plain(self, place: str, difference: str) -> Plain:
        """Without any difference, and with namespaces where the difference needs some."""
        key = place, ground(place, difference)
        if key not in self._plain:
            self._plain[key] = without(find_catalog().platform(place), key[1], self._folder)
        return self._plain[key]

    def under(self, place: str, difference: str) -> CellResult:
        """With it alone. Those that come next on the same ground are measured with it, some side by side."""
        if (place, difference) not in self._under:
            names = HERE if place == "local" else THERE[place]
            ours = ground(place, difference)
            like = [name for name in names[names.index(difference) :] if ground(place, name) == ours]
            platform = self.plain(place, difference).platform
            found = under(platform, [ALL[name] for name in like[:AT_A_TIME]], self._folder)
            self._under.update({(place, name): result for name, result in found.items()})
        return self._under[place, difference]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    return Measured(tmp_path_factory.mktemp("none"))


def need_namespaces() -> None:
    if reason := NetnsDriver(NetnsOptions()).available():
        pytest.skip(reason)


@pytest.mark.parametrize("difference", HERE)
def test_on_this_machine(measured: Measured, difference: str) -> None:
    if ground("local", difference).namespaces:
        need_namespaces()
    plain = measured.plain("local", difference)
    shown = plain.changed(measured.under("local", difference))
    assert shown == expected(plain, difference)
    assert shown, "it does nothing here"


@pytest.mark.parametrize(("place", "difference"), [(place, name) for place, names in THERE.items() for name in names])
def test_in_containers(engine: Engine, measured: Measured, place: str, difference: str) -> None:
    """glibc and musl, 64 and 32 bits."""
    plain = measured.plain(place, difference)
    if not ALL[difference].facts.keys() & plain.once.facts.keys():
        pytest.skip(f"{place} measures none of its facts")
    assert plain.changed(measured.under(place, difference)) == expected(plain, difference)


def expected(plain: Plain, difference: str) -> dict[str, object]:
    """The difference's facts, of those that are measured there. What a platform is like already can show nothing."""
    known = plain.once.facts.keys() - plain.varying
    valued = {**ALL[difference].facts, **ALL[difference].besides}
    facts = {name: claimed(value, plain.once.facts[name]) for name, value in valued.items() if name in known}
    facts |= {name: NOT_MEASURED for name in ALL[difference].unmeasured if name in known}
    return dict(changes({name: plain.once.facts[name] for name in facts}, facts))


@pytest.mark.parametrize("system", chosen(SYSTEMS, 1))
def test_those_of_a_system_take_nothing_from_each_other(tmp_path: Path, system: System) -> None:
    """Or else what is switched on would be denied by what is measured, and no cause would be found in it."""
    need_namespaces()
    together = in_likeness(tuple(ALL.values()), system)
    (result,) = measure([experimental(find_catalog().platform("local"), together)], tmp_path)
    claims = [(each.name, fact, value) for each in together for fact, value in each.facts.items()]
    assert [(*claim, result.facts[claim[1]]) for claim in claims if not holds(claim[2], result.facts[claim[1]])] == []


def test_what_varies_by_itself_is_no_fact_of_a_difference(measured: Measured) -> None:
    for difference in HERE[:1]:
        varying = measured.plain("local", difference).varying
        assert len(varying) <= MOST_VARYING, varying
        assert not varying & {fact for each in ALL.values() for fact in (*each.facts, *each.besides)}
