"""What came from a server is shown in one short line, whatever it holds."""

import pytest

from anyunix.discover.tried_report import SHOWN, abbreviated


@pytest.mark.parametrize(
    "text", ["", "hello\r\n", "\x1b[31m" * 50, "\xff" * 400, "x" * SHOWN, "x" * (SHOWN + 1), "'\"" * 60]
)
def test_it_is_printable_and_short(text: str) -> None:
    shown = abbreviated(text)
    assert len(shown) <= SHOWN + 3
    assert shown.isprintable()
    assert shown.endswith("…") == (shown != ascii(text))
