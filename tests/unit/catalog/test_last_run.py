"""`anyunix report --stamp`: one line of a platform's file is another one, and the list of platforms shows it."""

from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.catalog.last_run import stamp, stamped
from anyunix.catalog.lookup import find_catalog
from anyunix.cli import main
from anyunix.errors import ConfigurationError
from anyunix.results.matrix_file import encode
from anyunix.results.model import Identity, Matrix, PlatformResult

FILE = "# mine\ntitle: mine  # really\ndriver: local\ndocumented:\n  a.b: {value: 1, source: x}\n"


def matrix(status: str = "ran") -> Matrix:
    platforms = (PlatformResult("mine", "mine", "local", status),)  # type: ignore[arg-type]
    return Matrix(platforms, (), "mine", started="2026-11-28T12:00:00+00:00", identity=Identity("1.2.3"))


def test_it_is_written_once_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.yaml").write_text(FILE)
    (tmp_path / "matrix.json").write_bytes(encode(matrix()))
    for _ in range(2):
        assert main(["report", str(tmp_path), "--stamp", str(tmp_path)]) == 0
        line = 'title: mine  # really\nlast_run: "2026-11-28, anyunix 1.2.3"\n'
        assert (tmp_path / "mine.yaml").read_text() == FILE.replace("title: mine  # really\n", line)
    capsys.readouterr()
    assert main(["list", "platforms", str(tmp_path / "mine.yaml")]) == 0
    assert "last run: 2026-11-28, anyunix 1.2.3" in capsys.readouterr().out


def test_it_is_not_that_of_a_platform_which_extends_it(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(FILE)
    (tmp_path / "other.yaml").write_text("title: other\nextends: mine\n")
    list(stamp(tmp_path, matrix()))
    assert find_catalog().platform(str(tmp_path / "mine.yaml")).last_run == "2026-11-28, anyunix 1.2.3"
    assert find_catalog().platform(str(tmp_path / "other.yaml")).last_run == ""


def test_what_did_not_run_gets_none(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(FILE)
    with pytest.raises(ConfigurationError, match="has a platform file of none that ran: nothing"):
        list(stamp(tmp_path, matrix("not-run")))
    likeness = replace(matrix().platforms[0], like="freebsd")
    with pytest.raises(ConfigurationError, match="none that ran"):
        list(stamp(tmp_path, replace(matrix(), platforms=(likeness,))))
    assert (tmp_path / "mine.yaml").read_text() == FILE


@pytest.mark.parametrize("text", ["{title: x, driver: local}\n", "title:\n  x\ndriver: local\n"])
def test_a_file_that_is_written_in_another_way_is_left_alone(text: str) -> None:
    with pytest.raises(ConfigurationError):
        stamped(Path("mine.yaml"), text, "2026-11-28")


def test_a_title_in_quotes_and_no_title_at_all() -> None:
    assert stamped(Path("x"), "title: 'x'\na: 1", "d") == "title: 'x'\nlast_run: \"d\"\na: 1"
    assert stamped(Path("x"), "extends: y", "d") == 'extends: y\nlast_run: "d"\n'
