"""What is known of systems: the measured files of the project, and bad ones."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anyunix.catalog.difference import SYSTEMS
from anyunix.catalog.known_systems import FOLDER, REASONS, read_known_system, read_measured_file
from anyunix.catalog.lookup import find_catalog
from anyunix.catalog.probes import who_measures
from anyunix.catalog.reader import load_yaml
from anyunix.errors import ConfigurationError
from checkout import ROOT

GOOD = {
    "system": "FreeBSD 14.0-STABLE",
    "measured": "2026-11-27",
    "by": "the suite",
    "facts": {"a.x": 1, "a.y": 2},
    "differs_from_debian_13": {"a.x": {"freebsd": 1, "debian": 0}},
}


def test_the_measured_files_of_the_project_can_be_read() -> None:
    files = sorted((ROOT / FOLDER).glob("*.json"))
    assert files
    for path in files:
        measured = read_measured_file(path)
        facts = {*measured.facts, *measured.differs_from_debian_13}
        assert facts == {*who_measures(ROOT / "suite", facts)}, f"{path}: facts that the suite does not measure"


def test_reasons_are_about_facts_of_the_suite() -> None:
    facts = load_yaml(ROOT / FOLDER / REASONS)
    assert {*facts} == {*who_measures(ROOT / "suite", facts)}


def test_52_facts_of_freebsd_are_measured_to_differ() -> None:
    known = find_catalog().known_system("freebsd")
    assert (known.title, known.measured, len(known.facts)) == ("FreeBSD 14.0", True, 52)


@pytest.mark.parametrize("system", [system for system in SYSTEMS if system != "freebsd"])
def test_of_others_what_their_platform_file_documents_is_known(system: str) -> None:
    catalog = find_catalog()
    known = catalog.known_system(system)
    assert not known.measured
    assert {*known.facts} == {*catalog.platform(system).documented}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def file(name: str = "freebsd-14.0.json", **changes: Any) -> Path:
        path = tmp_path / name
        path.write_text(json.dumps({**GOOD, **changes}))
        return path

    return file


def test_a_good_file(write: Callable[..., Path]) -> None:
    assert read_measured_file(write()).facts == {"a.x": 1, "a.y": 2}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "plan9-4.json"}, "begins with no system"),
        ({"fact": {}}, "fact"),
        ({"facts": []}, "facts"),
        ({"differs_from_debian_13": {"a.x": {"freebsd": 1}}}, "expected the keys freebsd and debian"),
        ({"differs_from_debian_13": {"a.x": {"freebsd": 2, "debian": 0}}}, "is not what stands under facts"),
        ({"differs_from_debian_13": {"a.z": {"freebsd": 2, "debian": 0}}}, "is not what stands under facts"),
        ({"differs_from_debian_13": {"a.x": {"freebsd": 1, "debian": 1}}}, "does not differ"),
    ],
)
def test_a_bad_file_is_an_error_that_names_it(write: Callable[..., Path], changes: dict[str, Any], words: str) -> None:
    path = write(**changes)
    with pytest.raises(ConfigurationError) as caught:
        read_measured_file(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_is_no_json_is_an_error(write: Callable[..., Path]) -> None:
    path = write()
    path.write_text('{"system": ')
    with pytest.raises(ConfigurationError, match=r"freebsd-14\.0\.json"):
        read_measured_file(path)


def test_the_latest_release_counts_and_without_a_file_the_documented_facts(tmp_path: Path) -> None:
    assert read_known_system(tmp_path, "netbsd", {}).facts == {}
