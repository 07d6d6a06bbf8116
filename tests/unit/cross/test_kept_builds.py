"""The store of cross builds: what was put in comes out, or nothing does; it has a limit."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import pytest

from anyunix.cross.kept_builds import KeptBuilds

NAME = PurePosixPath("c/bin/server")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    file = tmp_path / "built"
    file.write_bytes(b"\x7fELF and more")
    return file


def age(file: Path, seconds: int) -> None:
    """As if it had not been used for so many seconds longer."""
    os.utime(file, ns=(0, file.stat().st_mtime_ns - seconds * 10**9))


def test_what_is_kept_comes_back_as_an_executable_copy(tmp_path: Path, program: Path) -> None:
    kept = KeptBuilds(tmp_path / "a" / "builds")
    kept.keep("key", {NAME: program})
    made = KeptBuilds(tmp_path / "a" / "builds").take("key", tmp_path / "copy")
    assert made == {NAME: tmp_path / "copy" / NAME}
    assert made[NAME].read_bytes() == program.read_bytes()
    assert os.access(made[NAME], os.X_OK)
    assert kept.take("other", tmp_path / "other") is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:20],
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: data[:-2] + b"xx",
        lambda data: bytes(len(data)),
    ],
)
def test_what_is_damaged_is_not_taken_and_is_replaced(
    damage: Callable[[bytes], bytes], tmp_path: Path, program: Path
) -> None:
    kept = KeptBuilds(tmp_path / "builds")
    kept.keep("key", {NAME: program})
    file = tmp_path / "builds" / "key"
    file.write_bytes(damage(file.read_bytes()))
    assert kept.take("key", tmp_path / "copy") is None
    assert not (tmp_path / "copy").exists()
    kept.keep("key", {NAME: program})
    assert kept.take("key", tmp_path / "copy")


def test_a_pipe_or_a_folder_in_its_place_is_nothing(tmp_path: Path, program: Path) -> None:
    (tmp_path / "builds" / "folder").mkdir(parents=True)
    os.mkfifo(tmp_path / "builds" / "pipe")
    kept = KeptBuilds(tmp_path / "builds")
    for key in ("folder", "pipe"):
        kept.keep(key, {NAME: program})
        assert kept.take(key, tmp_path / "copy") is None


def test_a_name_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path, program: Path) -> None:
    kept = KeptBuilds(tmp_path / "builds")
    kept.keep("key", {PurePosixPath("../escaped"): program})
    assert kept.take("key", tmp_path / "copy") is None
    assert not (tmp_path / "escaped").exists()


def test_where_nothing_can_be_kept_nothing_is_an_error(tmp_path: Path, program: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (None, tmp_path / "file" / "builds"):
        kept = KeptBuilds(folder)
        assert kept.place() is None
        kept.keep("key", {NAME: program})
        assert kept.take("key", tmp_path / "copy") is None


def test_those_not_used_for_the_longest_time_go_first(tmp_path: Path, program: Path) -> None:
    kept = KeptBuilds(tmp_path / "builds", entries=3)
    for number in range(3):
        kept.keep(str(number), {NAME: program})
        age(tmp_path / "builds" / str(number), 100 - number)
    assert kept.take("0", tmp_path / "copy")
    kept.keep("3", {NAME: program})
    assert {path.name for path in (tmp_path / "builds").iterdir()} == {"0", "2", "3"}


def test_their_size_is_limited_and_what_a_killed_run_left_counts(tmp_path: Path, program: Path) -> None:
    kept = KeptBuilds(tmp_path / "builds", size=1000)
    kept.keep("1", {NAME: program})
    (tmp_path / "builds" / ".2.half-written").write_bytes(bytes(950))
    age(tmp_path / "builds" / ".2.half-written", 10)
    kept.keep("3", {NAME: program})
    assert {path.name for path in (tmp_path / "builds").iterdir()} == {"1", "3"}
    program.write_bytes(bytes(2000))
    kept.keep("4", {NAME: program})
    assert kept.take("4", tmp_path / "copy") is None


def test_many_at_once_see_whole_builds_only(tmp_path: Path, program: Path) -> None:
    def work(number: int) -> bool:
        kept = KeptBuilds(tmp_path / "builds", entries=2)
        kept.keep(str(number % 4), {NAME: program})
        made = kept.take(str(number % 4), tmp_path / f"copy{number}")
        return made is None or made[NAME].read_bytes() == program.read_bytes()

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(40)))
