"""Platforms that are known from manuals only: never run, and what is said of them is about facts that there are."""

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from anyunix.analysis.verdict import exit_status, judge
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.drivers.documented import NotAskedFor
from anyunix.drivers.registry import Drivers
from anyunix.errors import EXIT_NOT_RUN, EXIT_PORTABLE, ConfigurationError, PlatformError
from anyunix.results.model import CellResult, Matrix, Probe
from anyunix.run.matrix import choose_reference, platform_result

EXPECTED = ("freebsd", "illumos", "macos", "netbsd", "openbsd")


def documented_platforms(catalog: Catalog) -> list[Platform]:
    return [platform for platform in map(catalog.platform, catalog.platform_names()) if platform.documented]


def test_systems_of_the_known_differences_are_there(catalog: Catalog) -> None:
    assert set(EXPECTED) <= {platform.name for platform in documented_platforms(catalog)}


def test_every_documented_fact_has_a_source(catalog: Catalog) -> None:
    for platform in documented_platforms(catalog):
        assert all(len(entry.source) > 8 for entry in platform.documented.values())


def test_driver_says_in_one_line_why_nothing_runs(catalog: Catalog) -> None:
    driver = Drivers().for_platform(catalog.platform("macos"))
    reason = driver.available()
    assert reason and "manuals" in reason and "\n" not in reason
    for call in (
        lambda: driver.up(print),
        lambda: driver.put(Path("x")),
        lambda: driver.get(PurePosixPath("x"), limit=1),
        lambda: driver.run(["true"], env={}, timeout=1),
    ):
        with pytest.raises(PlatformError, match="manuals"):
            call()
    driver.down()


def test_platform_without_documented_facts_is_a_configuration_error(tmp_path: Path, catalog: Catalog) -> None:
    file = tmp_path / "empty.yaml"
    file.write_text("title: x\ndriver: documented\n")
    with pytest.raises(ConfigurationError, match="key 'documented': missing"):
        catalog.platform(str(file))


def test_documented_platforms_change_neither_the_answer_nor_the_reference(catalog: Catalog) -> None:
    ran = CellResult("c", "local", "dual", "ran", probes=(Probe("a/b.py::c", "contract", "passed"),))
    absent = CellResult("c", "openbsd", "dual", "not-run", "known from its manuals")
    assert choose_reference(None, [absent, ran]) == "local"
    openbsd = catalog.platform("openbsd")
    documented = replace(openbsd, options=NotAskedFor(openbsd.options))  # as in a run that does not name it
    results = tuple(platform_result(each, [absent, ran]) for each in (documented, catalog.platform("local")))
    matrix = judge(Matrix(results, (absent, ran), "local"))
    assert exit_status(matrix) == EXIT_PORTABLE
    assert matrix.verdicts[0].not_run == ("openbsd",)
    assert (results[0].facts, results[0].documented["ipv6.v6only_default"].value) == ({}, 1)


def test_run_of_documented_platforms_alone_answers_nothing() -> None:
    absent = CellResult("c", "openbsd", "dual", "not-run", "known from its manuals")
    assert exit_status(judge(Matrix((), (absent,), "debian"))) == EXIT_NOT_RUN
