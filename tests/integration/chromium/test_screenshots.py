"""The pictures of the documentation are made, each of something, and small."""

import importlib
import struct
from pathlib import Path
from typing import Any

import pytest

from checkout import ROOT
from page_matrix import example

LIMIT = 300_000
"""Bytes; the documentation has seven."""


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, selenium: Any) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    return importlib.import_module("screenshots")


def test_every_picture_is_made(tool: Any, tmp_path: Path) -> None:
    taken = tool.take(example(), [("old", example()), ("new", example())], tmp_path)
    assert [each.name for each in taken] == [shot.name for shot in (*tool.SHOTS, tool.HISTORY)]
    for file in taken:
        data = file.read_bytes()
        width, height = struct.unpack(">II", data[16:24])
        assert data.startswith(b"\x89PNG")
        assert width >= 300
        assert height >= 50
        assert len(data) < LIMIT


def test_the_documentation_has_them_and_shows_them(tool: Any) -> None:
    text = (ROOT / "docs" / "how-to" / "page.md").read_text()
    for shot in (*tool.SHOTS, tool.HISTORY):
        assert (ROOT / "docs" / shot.name).stat().st_size < LIMIT, shot.name
        assert f"](../{shot.name})" in text, shot.name
