"""anyunix/sweep/sweep_journal.py: what came of injections outlives the sweep that made them."""

from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.errors import ConfigurationError
from anyunix.results.model import Identity, Probe
from anyunix.sweep.errnos import PossibleError
from anyunix.sweep.injecting import Injection
from anyunix.sweep.sites import Site
from anyunix.sweep.sweep_answers import swept
from anyunix.sweep.sweep_journal import FILE, Beginning, begin_journal, resume_journal
from anyunix.sweep.swept import Swept

SITE = Site("serving", "parent", "first", "accept(socket)", "accept", "accept4", "listener", (1,))
OF = Beginning(Identity("1", "suite", {"mine": "digest"}), "default")


def injection(name: str) -> Injection:
    return Injection(name, SITE, PossibleError("EMFILE", "resources", "POSIX"), "first", 1)


def came_of(name: str, answer: str) -> Swept:
    facts = {"sweep": {"answer": answer, "how": "dies: x", "call": "7 accept4() (INJECTED)"}}
    return swept(injection(name), Probe("x", "contract", "passed", facts=facts))


ONE, TWO = came_of("one", "kept"), came_of("two", "broken")
PLANNED = [injection("one"), injection("two"), injection("three")]


def written(folder: Path) -> Path:
    journal = begin_journal(folder, OF)
    journal.add("local", injection("one"), ONE)
    journal.add("local", injection("two"), TWO)
    journal.add("alpine", injection("three"), came_of("three", "kept"))
    assert journal.problems == {}
    return folder / FILE


def test_what_was_written_is_known_again(tmp_path: Path) -> None:
    written(tmp_path)
    assert resume_journal(tmp_path, OF).known("local", PLANNED) == {"one": ONE, "two": TWO}


def test_a_result_that_was_being_written_is_made_again(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_bytes(path.read_bytes()[:-20])
    journal = resume_journal(tmp_path, OF)
    assert journal.known("alpine", PLANNED) == {}
    journal.add("alpine", injection("three"), came_of("three", "broken"))
    assert resume_journal(tmp_path, OF).known("alpine", PLANNED)["three"].answer == "broken"
    assert len(resume_journal(tmp_path, OF).known("local", PLANNED)) == 2


def test_a_call_of_the_same_name_at_another_place_is_another_one(tmp_path: Path) -> None:
    written(tmp_path)
    moved = [replace(injection("one"), when=7), injection("two")]
    assert set(resume_journal(tmp_path, OF).known("local", moved)) == {"two"}


def test_what_was_not_tried_is_tried_again(tmp_path: Path) -> None:
    begin_journal(tmp_path, OF).add("local", injection("one"), swept(injection("one"), None))
    assert resume_journal(tmp_path, OF).known("local", PLANNED) == {}


def test_without_an_earlier_sweep_all_is_missing(tmp_path: Path) -> None:
    assert resume_journal(tmp_path, OF).known("local", PLANNED) == {}


def test_a_new_sweep_forgets_the_earlier_one(tmp_path: Path) -> None:
    written(tmp_path)
    begin_journal(tmp_path, OF)
    assert resume_journal(tmp_path, OF).known("local", PLANNED) == {}


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (replace(OF.identity, version="2"), "another version of anyunix"),
        (replace(OF.identity, suite="x"), "another suite"),
        (replace(OF.identity, subjects={"mine": "x"}), "another subject, or other files of it"),
    ],
)
def test_results_of_something_else_are_not_put_together(tmp_path: Path, other: Identity, what: str) -> None:
    written(tmp_path)
    with pytest.raises(ConfigurationError, match=f"{FILE}: is of {what}: .*sweep without --resume"):
        resume_journal(tmp_path, Beginning(other, "default"))


@pytest.mark.parametrize("data", [b"", b"x\n", b"{}\n", b"[[[[\n", b"\xff\xfe\n"])
def test_what_is_no_journal_is_an_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / FILE).write_bytes(data)
    with pytest.raises(ConfigurationError, match=f"{FILE}: line 1: not of a sweep of anyunix"):
        resume_journal(tmp_path, OF)


def test_a_folder_that_cannot_be_written_to_is_a_problem_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = begin_journal(tmp_path / "file", OF)
    journal.add("local", injection("one"), ONE)
    assert journal.problems == {tmp_path / "file" / FILE: "File exists"}  # where the folder has to be
