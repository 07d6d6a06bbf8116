"""What the project promises in more than one place has to be the same in all of them."""

import configparser
import re
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def tox() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "tox.ini")
    return parser


def test_every_platform_that_can_run_has_a_tox_env(catalog: Catalog, tox: configparser.ConfigParser) -> None:
    listed = " ".join(name.removeprefix("testenv:") for name in tox.sections() if name.startswith("testenv:{"))
    runnable = [name for name in catalog.platform_names() if catalog.platform(name).options.runs]
    assert sorted(re.findall(r"[\w-]+", listed)) == runnable


def test_ci_calls_the_test_line_of_the_readme() -> None:
    lines = re.findall(r"^python3 -m venv .*tox run -e tests$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(lines) == 1
    assert lines[0] in (ROOT / ".ci" / "run").read_text()


def test_files_are_short_enough_to_read(catalog: Catalog) -> None:
    """About 300 lines where that is natural; over 400 a file has more than one responsibility."""
    folders = ("anyunix", "suite", "chat", "tests", "tools")
    long = {
        str(path): lines
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".c", ".h") and (lines := len(path.read_text().splitlines())) > 400
    }
    assert long == {}
