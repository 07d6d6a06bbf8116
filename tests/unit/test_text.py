"""Text that a platform wrote, made safe to print."""

import pytest

from anyunix.text import first_line, safe


@pytest.mark.parametrize(
    ("raw", "clean"),
    [("a\x1b[31mb", "ab"), ("a\rb", "a\ufffdb"), ("tab\there", "tab\there"), ("\ud800", "\ufffd"), ("ü", "ü")],
)
def test_safe_text(raw: str, clean: str) -> None:
    assert safe(raw) == clean


def test_first_line() -> None:
    assert first_line("\n one\ntwo") == "one"
