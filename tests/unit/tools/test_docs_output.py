"""The outputs shown in README.md and docs/ are made again: sessions are found, typed and compared."""

import sys
from pathlib import Path

import pytest

ROOT = next(folder for folder in Path(__file__).resolve().parents if (folder / "pyproject.toml").is_file())
sys.path.insert(0, str(ROOT / "tools"))

from docs_output import BLOCK, check, normal, pages, run, same, steps  # noqa: E402


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_session_is_one_that_is_checked(page: Path) -> None:
    text = page.read_text()
    assert text.count("```console") == sum(bool(block[1] and steps(block[2])) for block in BLOCK.finditer(text))


def test_what_differs_from_run_to_run_is_no_difference() -> None:
    assert normal(" local  5/5 ✗  221  15 s ") == normal("local 5/5 ✗ 221 103 s")
    assert normal("refused: 127.0.0.1:41723 (on [::1]:41723)") == normal("refused: 127.0.0.1:50000 (on [::1]:9999)")
    assert normal("binding/test_x.py:20 test") == normal("binding/test_x.py:21 test")
    assert normal("kept 5 contracts") != normal("kept 6 contracts")


def test_an_ellipsis_stands_for_lines_that_are_left_out() -> None:
    assert same(["a", "…", "d"], ["a", "b", "c", "d"])
    assert same(["a", "…"], ["a"])
    assert not same(["a", "d"], ["a", "b", "d"])
    assert not same(["a", "…", "e"], ["a", "b", "d"])


def test_a_session_is_typed_into_one_shell(tmp_path: Path) -> None:
    ran = run(["x=1", 'echo "[   0.1 s] on the way"; echo "is $x"', "python3 -c 'print(2)' &", "echo 3 >&2"], tmp_path)
    assert [step.output for step in ran] == [(), ("is 1",), ("2",), ("3",)]


def test_a_console_block_without_its_mark_is_named(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("one\n\n```console\n$ true\n```\n")
    with pytest.raises(ValueError, match=r"page\.md:3: a console block without"):
        check(page, sessions=None)  # type: ignore[arg-type]
