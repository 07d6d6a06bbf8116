"""Faults: what is read of them, and what is said of a bad file."""

from typing import Any

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.errors import ConfigurationError
from anyunix.mutation.faults import choose_faults, read_faults, sample
from tiny_catalog import GREETS, PROBE, write_fault


def test_no_fault_travels_with_a_healthy_server(catalog: Catalog) -> None:
    for name in catalog.subject_names():
        subject = catalog.subject(name)
        assert not any((subject.folder / "faults").is_relative_to(subject.folder / file) for file in subject.files)


def test_a_fault_is_read(tiny: Catalog) -> None:
    write_fault(tiny.root, "rude", shows_where={"colour": "blue"})
    (fault,) = read_faults(tiny)
    assert (fault.name, fault.title) == ("rude", "a rude greeting")
    assert fault.mutations["tiny"].shows_where == {"colour": "blue"}
    assert fault.mutations["tiny"].contracts == (GREETS,)
    assert fault.mutations["tiny"].edits[0].faulty == 'b"ho"'


def test_a_fact_may_hold_for_one_subject_alone(tiny: Catalog, catalog: Catalog) -> None:
    """CPython calls accept4(2), which hands nothing on where accept(2) does (FreeBSD)."""
    write_fault(tiny.root, "rude", shows_where={"tiny": {"colour": "blue"}})
    assert read_faults(tiny)[0].mutations["tiny"].shows_where == {"colour": "blue"}
    (inherited,) = choose_faults(read_faults(catalog), ["nonblock-inherited"])
    assert {name: dict(mutation.shows_where) for name, mutation in inherited.mutations.items()} == {
        "c": {"accept.inherits_nonblock": False},
        "python": {"accept.inherits_nonblock_in_python": False},
    }


def test_a_subject_that_cannot_have_it_says_why(tiny: Catalog) -> None:
    write_fault(tiny.root, "rude", tiny="it is never rude")
    (fault,) = read_faults(tiny)
    assert (fault.mutations, fault.inapplicable) == ({}, {"tiny": "it is never rude"})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"caught_by": [f"{PROBE}::test_greet"]}, f"called '{PROBE}::test_greet' (did you mean '{GREETS}'?)"),
        ({"caught_by": []}, "key 'caught_by': expected a list of contracts"),
        ({"caught_by": "x"}, "key 'caught_by': expected a list of contracts"),
        ({"caught_by": None}, "key 'caught_by': missing"),
        ({"tiny": None}, "key 'tiny': missing; expected a list of edits, or the reason why there are none"),
        ({"tiny": []}, "no edits and no bind mode"),
        ({"tiny": {}}, "expected a list of edits"),
        ({"tiny": [{"file": "server.py", "healthy": "x"}]}, "edit 1: expected the keys file, healthy, faulty"),
        ({"tiny": [{"file": "server.py", "healthy": "x", "faulty": 3}]}, "edit 1: expected the keys"),
        ({"tiny": [{"file": "server.py", "healthy": "x", "faulty": "x"}]}, "edit 1: changes nothing"),
        ({"bind": "sideways"}, "tiny has no bind mode 'sideways'; it has default"),
        ({"shows_where": {"color": "blue"}}, "no probe measures 'color' (did you mean 'colour'?)"),
        ({"shows_where": {"tiny": {"color": "blue"}}}, "no probe measures 'color' (did you mean 'colour'?)"),
        ({"shows_where": {"tiny": {"colour": "blue"}, "colour": "blue", "tinny": {}}}, "no probe measures 'tinny'"),
        ({"shows_where": {"tiny": ["colour"]}}, "tiny: expected facts and their values, found a list"),
        ({"shows_where": ["colour"]}, "key 'shows_where': expected facts and their values, found a list"),
        ({"leson": "x"}, "unknown key (did you mean 'lesson'?)"),
        ({"title": None}, "key 'title': missing"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tiny: Catalog, changes: dict[str, Any], said: str) -> None:
    write_fault(tiny.root, "rude", **changes)
    with pytest.raises(ConfigurationError) as caught:
        read_faults(tiny)
    assert said in str(caught.value)
    assert "rude.yaml" in str(caught.value)


def test_a_name_that_is_not_there_brings_the_nearest(tiny: Catalog) -> None:
    with pytest.raises(ConfigurationError, match=r"no fault is called 'rud' \(did you mean 'rude'\?\)"):
        choose_faults(read_faults(tiny), ["rud"])


def test_a_sample_is_the_same_for_the_same_seed(catalog: Catalog) -> None:
    faults = read_faults(catalog)
    chosen = sample(faults, ["c", "python"], 4, 7)
    for subject in ("c", "python"):
        assert sum(subject in fault.mutations for fault in chosen) == 4
    assert sample(list(reversed(faults)), ["c", "python"], 4, 7) == list(reversed(chosen))
    assert any(sample(faults, ["c", "python"], 4, seed) != chosen for seed in range(10))
    assert {fault.name for fault in sample(faults, ["c"], 1000, 7)} == {f.name for f in faults if "c" in f.mutations}
