"""Journeys through how-to pages: sessions and changes in their order, and what differs is told."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = next(folder for folder in Path(__file__).resolve().parents if (folder / "pyproject.toml").is_file())
sys.path.insert(0, str(ROOT / "tools"))

import journey  # noqa: E402

PAGE = """\
<!-- journey: examples/pocket -->
```console
$ ls
Makefile
pocket.c
$ cd / && echo one >"$OLDPWD"/two
```

Text, and a block that is no step:

```sh
false
```

<!-- journey -->
```diff
--- two
+++ two
@@
-one
+1
```

<!-- journey -->
```console
$ cat two
1
$ echo 'refused; cause, by experiment (9 runs): x'
refused, which may be because of x
$ echo "anyunix[cross]==9.9'"
anyunix[cross]==1.0'
```
"""


def test_steps_follow_each_other_and_print_what_is_shown(tmp_path: Path) -> None:
    sessions = list(journey.walk(PAGE, tmp_path))
    assert [problem for session in sessions for problem in session.problems()] == []
    assert len(sessions) == 2


def test_what_else_is_printed_is_a_problem(tmp_path: Path) -> None:
    first, second = journey.walk(PAGE.replace("\n1\n$", "\n2\n$"), tmp_path)
    assert list(first.problems()) == []
    (problem,) = second.problems()
    assert problem.startswith("$ cat two\n--- shown\n+++ printed\n")


def test_a_change_that_fits_nowhere_or_twice_is_an_error(tmp_path: Path) -> None:
    diff = "--- a.c\n+++ a.c\n@@\n x\n-y\n+z\n"
    for text in ("x\n", "x\ny\nx\ny\n"):
        (tmp_path / "a.c").write_text(text)
        with pytest.raises(ValueError, match=r"is there \d times"):
            journey.change(tmp_path, diff)
    (tmp_path / "a.c").write_text("x\ny\n")
    journey.change(tmp_path, diff)
    assert (tmp_path / "a.c").read_text() == "x\nz\n"


def test_a_session_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journey, "SECONDS", 0.5)
    with pytest.raises(subprocess.TimeoutExpired):
        list(journey.walk("<!-- journey -->\n```console\n$ sleep 600\n```\n", tmp_path))


def test_the_page_is_made_again(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE.replace("\n1\n$", "\n2\n$"))
    assert journey.main([str(page)]) == 1
    assert "\n2\n$" in page.read_text()
    assert journey.main(["--write", str(page)]) == 1
    assert page.read_text() == PAGE
    assert journey.main([str(page)]) == 0
