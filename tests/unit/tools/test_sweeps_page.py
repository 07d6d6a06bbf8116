"""examples/servers/sweeps.py: rows and findings out of a sweep's JSON, put into a page and compared with it."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from checkout import ROOT


@pytest.fixture(scope="module")
def sweeps() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sweeps", ROOT / "examples" / "servers" / "sweeps.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def injection(answer: str, how: str = "", each: str = "x") -> dict[str, str]:
    return {
        "id": each,
        "phase": "serving",
        "role": "parent",
        "text": "accept(socket)",
        "error": "EMFILE",
        "times": "lasting",
        "answer": answer,
        "how": how,
    }


def document(server: str, *injections: dict[str, str]) -> dict[str, Any]:
    return {"subject": server, "injections": list(injections)}


SSHD = ("sshd", injection("kept"), injection("broken", "spins: asks 900 times a second", "serving-EMFILE-lasting"))


@pytest.fixture
def page(sweeps: ModuleType, tmp_path: Path) -> Path:
    path = tmp_path / "sweep.md"
    path.write_text(f"before\n\n{sweeps.HEAD}| nginx | 1 |\n\nbetween\n\n{sweeps.BEGIN}{sweeps.END}\nbehind\n")
    return path


def test_a_row_has_what_came_of_the_injections(sweeps: ModuleType) -> None:
    assert sweeps.row(document(*SSHD)) == "| sshd | 2 (quick) | 1 | 0 | 1 | spins | 0 | 0 | 0 |"
    assert sweeps.row(document("socat", injection("not tried"))) == "| socat | 1 | 0 | 0 | 0 | nothing | 0 | 0 | 1 |"


def test_what_is_written_is_what_the_page_says(sweeps: ModuleType, page: Path) -> None:
    sweeps.Page(page).write([document(*SSHD)])
    text = page.read_text()
    assert "| nginx | 1 |\n| sshd | 2 (quick) |" in text
    assert "`anyunix sweep --subject examples/servers/sshd.yaml --platform" in text
    assert text.endswith("\nbehind\n")
    assert sweeps.Page(page).breaking("sshd") == {"serving-EMFILE-lasting"}
    sweeps.Page(page).write([document(*SSHD)])
    assert page.read_text() == text


def test_a_server_that_is_mended_loses_its_section(sweeps: ModuleType, page: Path) -> None:
    sweeps.Page(page).write([document(*SSHD)])
    sweeps.Page(page).write([document("sshd", injection("kept"))])
    assert sweeps.Page(page).breaking("sshd") == set()
    assert "### sshd" not in page.read_text()


def test_the_page_is_held_against_what_is_kept(
    sweeps: ModuleType, page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sshd.json").write_text(json.dumps(document(*SSHD)))
    arguments = ["--kept", "--out", str(tmp_path), "--server", "sshd", str(page)]
    assert sweeps.main(arguments) == 1
    assert "says otherwise of sshd: serving-EMFILE-lasting" in capsys.readouterr().err
    assert sweeps.main(["--write", *arguments]) == 0
    assert sweeps.main(arguments) == 0


def test_what_was_not_reached_is_no_difference(sweeps: ModuleType, page: Path) -> None:
    sweeps.Page(page).write([document(*SSHD)])
    gone = {**SSHD[2], "answer": "not reached"}
    assert sweeps.Page(page).differs(document("sshd", gone)) == []
    assert sweeps.Page(page).differs(document("sshd", {**gone, "answer": "kept"})) == ["serving-EMFILE-lasting"]
