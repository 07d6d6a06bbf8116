"""The documentation keeps what it promises: a short README, one citation, paths that exist."""

import re
from pathlib import Path

import pytest
import yaml

from anyunix import __version__
from anyunix.cross.targets import CPUS, SYSTEMS

ROOT = next(folder for folder in Path(__file__).resolve().parents if (folder / "pyproject.toml").is_file())


def test_the_readme_is_a_front_page() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 130


def test_the_citation_has_the_version_of_the_package() -> None:
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == __version__


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/onboarding.md"])
def test_files_that_are_named_exist(page: str) -> None:
    text = (ROOT / page).read_text()
    named = re.findall(r"(?<=[`(])(?:[\w.-]+/)*[\w-]+(?:\.(?:py|md|yaml|yml|cff|ini|toml)|/)(?=[`)#])", text)
    folder = (ROOT / page).parent
    assert {name for name in named if not ((ROOT / name).exists() or (folder / name).exists())} == set()


def test_the_table_of_targets_is_that_of_build() -> None:
    rows = [
        f"| {system.title} | {' | '.join('✓' if cpu in system.triples else '–' for cpu in CPUS)} |"
        for system in SYSTEMS
    ]
    assert "\n".join(rows) in (ROOT / "docs" / "how-to" / "build.md").read_text()
