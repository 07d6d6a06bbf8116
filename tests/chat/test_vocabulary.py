"""chat/README.md leads from each file of one implementation to its counterpart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CHAT = Path(__file__).resolve().parents[2] / "chat"
TABLE = re.findall(r"^\| (?!concept|---)(.+) \| (.+) \| (.+) \|$", (CHAT / "README.md").read_text(), re.MULTILINE)


def named(column: int) -> set[str]:
    """The files that a column of the table names."""
    return {name for row in TABLE for name in re.findall(r"`([\w/]+\.(?:c|h|py))`", row[column])}


def test_every_c_file_is_in_the_table() -> None:
    folder = CHAT / "c"
    there = {str(path.relative_to(folder)) for path in folder.rglob("*.[ch]")}
    headers = {name for name in there if name.endswith(".h") and name[:-1] + "c" in there}
    assert there - headers <= named(1) <= there


def test_every_python_file_is_in_the_table() -> None:
    library = CHAT / "python" / "chatlib"
    there = {str(path.relative_to(library)) for path in library.rglob("*.py") if path.name != "__init__.py"}
    there |= {path.name for path in (CHAT / "python").glob("*.py")}
    assert named(2) == there


@pytest.mark.parametrize("row", TABLE, ids=lambda row: str(row[0]))
def test_counterparts_have_one_name(row: tuple[str, str, str]) -> None:
    """Where both sides of a concept are one file each, it has one name, but for what README.md explains."""
    files = [re.findall(r"^`(\w+/\w+)\.(?:c|py)`$", column) for column in row[1:]]
    apart = {"lines on stderr or in syslog", "stdin, line by line"}
    if all(files) and row[0] not in apart:
        assert files[0] == files[1]
