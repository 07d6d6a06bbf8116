"""What the platform does, whatever the server is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.marks import says


@says("notes.names_differ_by_case", "file names that differ by case are two files: {value}")
def test_names_that_differ_by_case(fact: Callable[[str, Any], None], work: Path) -> None:
    """Does the file system tell A from a?

    POSIX has it so (XBD 4.8, file name comparison is by byte); APFS and NTFS are case-insensitive as they come.
    """
    (work / "A").touch()
    fact("notes.names_differ_by_case", not (work / "a").exists())
