"""What differs from run to run by nobody's doing is shown the same."""

import pytest

from anyunix.trace.words import repeatable

PROCESSES = {209, 30_000}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"\321\0\0\0", "pid"),
        (r"\0\0u0", "pid"),  # big-endian
        (r"\322\0\0\0", r"\322\0\0\0"),  # 210
        (r"\321\0\0", r"\321\0\0"),
        ("pid 30000 has left", "pid pid has left"),
        ("four", "four"),
        ("\\", "\\"),
    ],
)
def test_the_number_of_a_process_is_none(text: str, shown: str) -> None:
    assert repeatable(text, "", PROCESSES) == shown
