"""What one run cross-builds, a later one takes from the user's cache: real builds, a CrossBuilds for each run."""

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.subjects import Subject
from anyunix.cross import zig
from anyunix.cross.kept_builds import KeptBuilds
from anyunix.cross.shared_builds import CrossBuilds
from anyunix.errors import NotRun

pytestmark = pytest.mark.skipif(zig.missing() is not None, reason=zig.missing() or "")

TARGET = "x86_64-linux-musl"
PROGRAM = PurePosixPath("program")


@pytest.fixture
def wanted(subject: Subject) -> Subject:
    (subject.folder / "Makefile").write_text("program: main.c\n\t$(CC) $(CFLAGS) -o program main.c\n")
    (subject.folder / "main.c").write_text("int main(void) { return 0; }\n")
    return replace(subject, files=("Makefile", "main.c"), build=("make", "-s"))


class Runs:
    """One run after the other, with what each said that it builds."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache

    def build(self, subject: Subject, objects: Path | None = None, **environment: str) -> tuple[bytes, list[str]]:
        said: list[str] = []
        with CrossBuilds(KeptBuilds(self.cache)) as builds:
            made = builds.subject(subject, TARGET, environment, objects, said.append)
            return made[PROGRAM].read_bytes(), said


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "cache")


def test_a_later_run_builds_nothing_and_says_nothing(wanted: Subject, runs: Runs) -> None:
    first, said = runs.build(wanted)
    assert said == [f"cross-building the subject for {TARGET}; it is kept in {runs.cache} for later runs"]
    assert runs.build(wanted) == (first, [])
    other, said = runs.build(wanted, CFLAGS="-O2 -s")
    assert other != first
    assert len(said) == 1


def test_the_suites_helpers_too(catalog: Catalog, tmp_path: Path) -> None:
    found, said = [], list[str]()
    for _ in range(2):
        with CrossBuilds(KeptBuilds(tmp_path / "cache")) as builds:
            made = builds.helpers(catalog.suite, TARGET, said.append)
            found.append({name: file.read_bytes() for name, file in made.items()})
    assert found[0] == found[1]
    assert said == [
        f"cross-building the suite's helpers for {TARGET}; it is kept in {tmp_path / 'cache'} for later runs"
    ]


def test_a_program_of_another_target_is_built_again(wanted: Subject, runs: Runs, tmp_path: Path) -> None:
    """Whole, but not what its key promises."""
    first, _ = runs.build(wanted)
    (entry,) = runs.cache.iterdir()
    foreign = tmp_path / "foreign"
    zig.build_program([str(wanted.folder / "main.c")], "s390x-linux-musl", foreign, ("-O2",))
    KeptBuilds(runs.cache).keep(entry.name, {PROGRAM: foreign})
    again, said = runs.build(wanted)
    assert (again[:20], len(said)) == (first[:20], 1)
    assert runs.build(wanted) == (again, [])


def test_a_build_that_failed_is_not_kept(wanted: Subject, runs: Runs) -> None:
    (wanted.folder / "main.c").write_text("no C\n")
    for _ in range(2):
        with pytest.raises(NotRun, match="the cross build for x86_64-linux-musl fails"):
            runs.build(wanted)
    assert list(runs.cache.iterdir()) == []


def test_copies_that_share_objects_are_not_kept(wanted: Subject, runs: Runs, tmp_path: Path) -> None:
    runs.build(wanted, tmp_path / "objects")
    assert not runs.cache.exists()


def test_where_nothing_can_be_kept_it_is_built_as_ever(wanted: Subject, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    runs = Runs(tmp_path / "file" / "cache")
    for _ in range(2):
        program, said = runs.build(wanted)
        assert program.startswith(b"\x7fELF")
        assert said == [f"cross-building the subject for {TARGET}"]


def test_the_cache_is_the_users(wanted: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("ZIG_GLOBAL_CACHE_DIR", str(Path.home() / ".cache" / "zig"))  # that it is not made anew
    with CrossBuilds() as builds:
        builds.subject(wanted, TARGET, {}, None, print)
    assert len(list((tmp_path / "xdg" / "anyunix" / "builds").iterdir())) == 1
