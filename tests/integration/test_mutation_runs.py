"""`anyunix mutation`, really run: what is missed, or fails without a fault, is exit status 1."""

import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.cli import main
from anyunix.drivers.local import LocalDriver
from anyunix.errors import PlatformError
from tiny_catalog import GREETS, LISTENS, SERVER, SKIPS, make_tiny, write_fault


@pytest.fixture
def tiny(tmp_path: Path, make_suite: Callable[[str], Path]) -> Catalog:
    """A catalog of its own: one subject, one platform, one fault that is caught."""
    return make_tiny(tmp_path, make_suite(""))


@pytest.fixture
def mutation(tiny: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The command, on that catalog."""
    monkeypatch.setattr("anyunix.commands.mutation.find_catalog", lambda: tiny)
    return lambda *arguments: main(["mutation", "--out", str(tmp_path / "out"), *arguments])


def findings_in(folder: Path) -> dict[str, str]:
    stored = json.loads((folder / "out" / "mutation.json").read_text())
    return {finding["fault"]: finding["answer"] for finding in stored["findings"]}


def test_a_fault_of_the_project_is_caught_here(tmp_path: Path) -> None:
    status = main(
        [
            "mutation",
            "--platform",
            "local",
            "--subject",
            "python",
            "--fault",
            "no-append",
            "--fault",
            "first-address",
            "--out",
            str(tmp_path / "out"),
        ]
    )
    assert status == 0
    answers = findings_in(tmp_path)
    assert answers["no-append"] == "caught"
    assert answers["first-address"] in ("caught", "does not show")
    page = (tmp_path / "out" / "mutation.md").read_text()
    assert "another_programs_record_is_not_overwritten" in page


def test_a_platform_has_its_differences_on(tmp_path: Path) -> None:
    """The platform inherits O_NONBLOCK: without the difference this fault shows here, and is caught."""
    platform = tmp_path / "inherits.yaml"
    platform.write_text("title: inherits O_NONBLOCK\nextends: local\ndifferences: [accept-nonblock]\n")
    chosen = ["--platform", str(platform), "--subject", "c", "--fault", "nonblock-inherited"]
    assert main(["mutation", *chosen, "--out", str(tmp_path / "out")]) == 0
    assert findings_in(tmp_path) == {"nonblock-inherited": "does not show"}
    assert "accept.inherits_nonblock is True" in (tmp_path / "out" / "mutation.md").read_text()
    (healthy,) = json.loads((tmp_path / "out" / "mutation.json").read_text())["healthy"]
    assert healthy["kept"] > 0
    assert not healthy["failures"]


def test_a_fault_that_is_caught_is_exit_status_0(
    mutation: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mutation("--repeat", "2") == 0
    assert findings_in(tmp_path) == {"rude": "caught"}
    said = capsys.readouterr().out
    assert "tiny 1 of 1" in said
    assert max(len(line) for line in said.splitlines() if "Details" not in line) <= 100
    assert GREETS.rpartition("::")[2] in (tmp_path / "out" / "mutation.md").read_text()


def test_what_an_earlier_test_has_is_not_run_again(
    mutation: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mutation() == 0
    stored = (tmp_path / "out" / "cells" / "local-tiny-default-rude" / "junit.xml").read_bytes()
    monkeypatch.setattr(LocalDriver, "available", lambda self: "it is gone")
    capsys.readouterr()
    assert mutation("--resume") == 0
    assert findings_in(tmp_path) == {"rude": "caught"}
    assert (tmp_path / "out" / "cells" / "local-tiny-default-rude" / "junit.xml").read_bytes() == stored
    assert "2 results of the run begun 2" in capsys.readouterr().err
    journal = tmp_path / "out" / "run.journal"
    kept = [line for line in journal.read_text().splitlines(keepends=True) if "rude" not in line]
    journal.write_text("".join(kept))
    assert mutation("--resume", "--platform", "local") == 3, "what is missing runs, and cannot"
    assert "it is gone" in capsys.readouterr().out


def test_a_fault_that_nothing_catches_is_exit_status_1(
    tiny: Catalog, mutation: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_fault(tiny.root, "unseen", caught_by=[LISTENS])
    assert mutation() == 1
    assert findings_in(tmp_path) == {"rude": "caught", "unseen": "missed"}
    assert f"local tiny: unseen: missed: {LISTENS} passes" in capsys.readouterr().out


def test_a_fault_that_cannot_be_tried_anywhere_is_exit_status_1(
    tiny: Catalog, mutation: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    write_fault(tiny.root, "untried", caught_by=[SKIPS])
    assert mutation("--fault", "untried") == 1
    said = capsys.readouterr().out
    assert "no tracer here" in said
    assert "untried: nothing catches it, though it could show on local" in said


def test_a_healthy_server_that_fails_is_exit_status_1(
    tiny: Catalog, mutation: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    server = tiny.root / "chat" / "server.py"
    server.write_text(SERVER.replace('b"hi"', 'b"hey"[:-1]'))
    write_fault(tiny.root, "rude", tiny=[{"file": "server.py", "healthy": "hey", "faulty": "hoy"}])
    assert mutation() == 1
    assert f"local tiny: the healthy server fails {GREETS}: AssertionError: " in capsys.readouterr().out


def test_a_fault_shows_where_the_measured_fact_says_so(
    tiny: Catalog, mutation: Callable[..., int], tmp_path: Path
) -> None:
    write_fault(tiny.root, "rude", shows_where={"colour": "red"}, caught_by=[LISTENS])
    assert mutation() == 0
    assert findings_in(tmp_path) == {"rude": "does not show"}


def test_a_required_platform_that_does_not_run_is_exit_status_3(tiny: Catalog, mutation: Callable[..., int]) -> None:
    (tiny.root / "platforms" / "far.yaml").write_text(
        "title: far away\ndriver: documented\ndocumented: {colour: {value: red, source: a manual}}\n"
    )
    assert mutation() == 0
    assert mutation("--require", "far") == 3


@pytest.mark.parametrize(
    "arguments", [("--fault", "rud"), ("--subject", "tyni"), ("--platform", "lokal"), ("--out", "/proc/nowhere")]
)
def test_usage_errors_are_exit_status_2(
    mutation: Callable[..., int], capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert mutation(*arguments) == 2
    assert capsys.readouterr().err.startswith("anyunix: ")


def test_the_list_names_every_fault(mutation: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert mutation("--list") == 0
    assert capsys.readouterr().out.split() == ["rude", "tiny", "a", "rude", "greeting"]


def test_results_of_healthy_servers_are_taken_from_an_earlier_run(
    tiny: Catalog,
    mutation: Callable[..., int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("anyunix.commands.run.find_catalog", lambda: tiny)
    write_fault(tiny.root, "rude", shows_where={"colour": "blue"})
    assert main(["run", "--subject", "tiny", "--platform", "local", "--out", str(tmp_path / "run")]) == 0
    capsys.readouterr()
    assert mutation("--healthy", str(tmp_path / "run")) == 0
    assert findings_in(tmp_path) == {"rude": "caught"}
    said = capsys.readouterr().out
    assert "1 results of healthy servers are taken from" in said
    assert "1 of 1 cells are done" in said
    assert "1 contracts kept" in said


def test_a_sample_can_be_had_again(
    tiny: Catalog, mutation: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_fault(tiny.root, "ruder")
    assert mutation("--sample", "1") == 0
    (first,) = findings_in(tmp_path)
    again = next(line for line in capsys.readouterr().out.splitlines() if "--seed" in line).partition(": ")[2]
    assert mutation(*again.split()) == 0
    assert list(findings_in(tmp_path)) == [first]


def test_a_fault_that_ends_its_pytest_costs_its_own_result_only(
    tiny: Catalog, mutation: Callable[..., int], tmp_path: Path
) -> None:
    murder = 'import os, signal; os.kill(os.getppid(), signal.SIGKILL); b"hi"'
    write_fault(tiny.root, "murder", tiny=[{"file": "server.py", "healthy": 'peer.sendall(b"hi")', "faulty": murder}])
    assert mutation() == 3
    assert findings_in(tmp_path) == {"rude": "caught", "murder": "broke"}


@pytest.mark.parametrize(
    "brought",
    [
        b"",
        b"\xff\n{}\n[1]\n",
        b'{"turn": 1, "status": 0, "timed_out": false, "junit": "<a>", "said": "", "seconds": 1, "left_behind": []}\n',
        b'{"turn": 99, "status": 0, "timed_out": false, "junit": "", "said": "", "seconds": 1, "left_behind": []}\n',
        b"[" * 100_000,
    ],
)
def test_what_a_platform_makes_up_is_no_result(
    mutation: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, brought: bytes
) -> None:
    monkeypatch.setattr(LocalDriver, "get", lambda self, path, *, limit: brought)
    assert mutation() == 3
    assert findings_in(tmp_path) == {"rude": "broke"}


def test_a_platform_that_is_lost_is_said_of_each_cell(
    mutation: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lost(self: LocalDriver, path: PurePosixPath, *, limit: int) -> bytes:
        raise PlatformError("the cable is out")

    monkeypatch.setattr(LocalDriver, "get", lost)
    assert mutation() == 3
    said = capsys.readouterr().out
    assert "local tiny: rude: the cable is out" in said
    assert "2 of 2 cells are done" in said
