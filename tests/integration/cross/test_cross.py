"""Building a C subject here for a platform without a compiler."""

import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from anyunix.catalog.builds import Build
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.cross import zig as cross
from anyunix.cross.shared_builds import CrossBuilds
from anyunix.cross.targets import cannot_start
from anyunix.drivers.local import LocalDriver, LocalOptions
from anyunix.errors import NotRun, PlatformError
from anyunix.payload.archive import SUBJECT
from anyunix.results.model import Artifacts, CellResult
from anyunix.run.building import build_there
from anyunix.run.cell import Cell, CellRun, SuiteOptions
from anyunix.run.matrix import run_cells
from sshd import gone, until

needs_zig = pytest.mark.skipif(cross.missing() is not None, reason=cross.missing() or "")


def interpreter(path: Path) -> str:
    """The dynamic loader that a 64-bit ELF file names (PT_INTERP), empty for a static one."""
    data = path.read_bytes()
    (offset,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for index in range(count):
        kind, _, start, _, _, length = struct.unpack_from("<IIQQQQ", data, offset + index * size)
        if kind == 3:
            return data[start : start + length].rstrip(b"\0").decode()
    return ""


@needs_zig
def test_the_chat_server_is_built_for_alpines_own_libc(catalog: Catalog, tmp_path: Path) -> None:
    built = cross.build_subject(catalog.subject("c"), "x86_64-linux-musl", tmp_path)
    assert set(built) == {PurePosixPath("c/bin/server"), PurePosixPath("c/bin/client")}
    assert interpreter(built[PurePosixPath("c/bin/server")]) == "/lib/ld-musl-x86_64.so.1"
    assert re.fullmatch(r"zig cc [\d.]+ for x86_64-linux-musl", cross.compiler_name("x86_64-linux-musl"))


@needs_zig
def test_the_suites_helpers_are_built_for_alpines_own_libc(catalog: Catalog, tmp_path: Path) -> None:
    built = cross.build_helpers(catalog.suite, "x86_64-linux-musl", tmp_path / "helpers")
    assert PurePosixPath("signal_call-c99") in built
    assert sum(file.stat().st_size for file in built.values()) < 200_000  # bytes: no runtime of zig's in them
    for shared_object in ("preload", "clock", "mishap", "inject"):
        assert interpreter(built.pop(PurePosixPath(shared_object))) == ""
    assert {interpreter(file) for file in built.values()} == {"/lib/ld-musl-x86_64.so.1"}


@needs_zig
def test_a_build_that_fails_is_not_run_with_the_compilers_words(subject: Subject, tmp_path: Path) -> None:
    (subject.folder / "Makefile").write_text("server:\n\t$(CC) no-such-file.c -o server\n")
    broken = Subject(**{**vars(subject), "files": ("Makefile",), "build": ("make",)})
    with pytest.raises(NotRun, match=r"cross build for x86_64-linux-musl fails.*no-such-file"):
        cross.build_subject(broken, "x86_64-linux-musl", tmp_path)


@needs_zig
def test_builds_that_share_objects_compile_what_differs_and_nothing_else(subject: Subject, tmp_path: Path) -> None:
    """The first build's own change is not carried over either."""
    two = Subject(**{**vars(subject), "files": ("Makefile", "main.c", "word.c"), "build": ("make", "-s")})
    (subject.folder / "Makefile").write_text(
        "program: main.o word.o\n\t$(CC) -o $@ main.o word.o\n"
        ".SUFFIXES: .c .o\n.c.o:\n\techo $< >>compiled\n\t$(CC) -c -o $@ $<\n"
    )
    (subject.folder / "main.c").write_text(
        "#include <stdio.h>\nextern const char *word;\nint main(void){ return puts(word) < 0; }\n"
    )
    compiled = {}
    for number, word in enumerate(("first", "second", "first")):
        (subject.folder / "word.c").write_text(f'const char *word = "{word}";\n')
        built = cross.build_subject(two, "x86_64-linux-musl", tmp_path / str(number), objects=tmp_path / "objects")
        assert f"\0{word}\0".encode() in built[PurePosixPath("program")].read_bytes()
        log = built.get(PurePosixPath("compiled"))
        compiled[number] = log.read_text().split() if log else []
    assert compiled == {0: [], 1: ["word.c"], 2: []}


BARE = Platform("bare", "no compiler", LocalOptions())
LACKING = "no no-such-cc on bare"


@pytest.fixture
def run_cell(subject: Subject, make_suite: Callable[[str], Path]) -> Callable[..., CellResult]:
    """A cell whose platform has no compiler, with this Makefile."""

    def run(cross: str, makefile: str = "") -> CellResult:
        (subject.folder / "Makefile").write_text(makefile)
        (subject.folder / "server.c").write_text("int main(void) { return 0; }\n")
        needing = replace(
            subject, files=(*subject.files, "server.c", "Makefile"), needs=("no-such-cc",), build=("make", "-s")
        )
        order = SuiteOptions(make_suite("def test_runs(fact):\n    fact('x.y', 1)\n"))
        with order.cross_builds:
            return CellRun(
                Cell(needing, replace(BARE, cross=cross), "default"), LocalDriver(), order, lambda text: None
            ).run()

    return run


@needs_zig
@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc here")
def test_a_program_that_is_not_for_the_platform_is_not_run(run_cell: Callable[..., CellResult]) -> None:
    """`anyunix build` says the same of it."""
    result = run_cell("s390x-linux-gnu", "server: server.c\n\tgcc -o server server.c\n")
    assert result.status == "not-run"
    assert re.fullmatch(
        r"the cross build for s390x-linux-gnu makes another one's program: server is ELF \d\d-bit .*: "
        r"expected 64-bit big-endian s390x for s390x; does the build honour CC\?",
        result.reason,
    )


def test_where_no_target_is_named_it_says_how_to(run_cell: Callable[..., CellResult]) -> None:
    result = run_cell("")
    assert result.status == "not-run"
    assert result.reason.startswith(f"{LACKING}: install it there, or have the subject built here: `cross: TARGET`")


@needs_zig
def test_freebsd_has_to_be_14_or_newer(
    run_cell: Callable[..., CellResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As measured there: a program of zig 0.17 needs FBSD_1.7, by the version of __libc_start1."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "uname").write_text("#!/bin/sh\necho FreeBSD 13.2-RELEASE-p4\n")
    (tmp_path / "bin" / "uname").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    result = run_cell("x86_64-freebsd", "all:\n")
    assert (result.status, result.reason) == (
        "not-run",
        f"{LACKING}, and programs that are built for x86_64-freebsd start on FreeBSD 14.0 or newer, whose "
        "libc has the __libc_start1 that they call; bare is FreeBSD 13.2-RELEASE-p4",
    )
    assert cannot_start("x86_64-freebsd", "FreeBSD 14.0-RELEASE") is None
    assert cannot_start("x86_64-linux-gnu", "Linux 6.1.0-13-amd64") is None


class Unplugged(LocalDriver):
    """Takes no payload, so that a cell ends when all is built."""

    def put(self, archive: Path) -> None:
        raise PlatformError("unplugged")


class Nobody:
    """Watches, and keeps nothing."""

    def begins(self, cells: Sequence[Cell]) -> None: ...
    def says(self, cell: Cell, text: str) -> None: ...
    def done(self, cell: Cell, result: CellResult) -> None: ...
    def keep(self, result: CellResult, artifacts: Artifacts) -> None: ...


def counting(subject: Subject, then: str = "true") -> tuple[Subject, Path]:
    """A subject whose build writes its process ID down each time, and the file where."""
    log = subject.folder.parent / "log"
    (subject.folder / "Makefile").write_text(f"all:\n\techo $$$$ >>{log}; echo made >made; {then}\n")
    return replace(subject, files=("Makefile",), build=("make", "-s")), log


@needs_zig
def test_what_several_cells_need_is_built_once(subject: Subject) -> None:
    wanted, log = counting(subject)
    with CrossBuilds() as builds, ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda number: builds.subject(wanted, "native", {}, None, print), range(4)))
        builds.subject(wanted, "native", {"CFLAGS": "-O2"}, None, print)
        assert all(each[PurePosixPath("made")].read_text() == "made\n" for each in made)
    assert len(log.read_text().split()) == 2
    assert not made[0][PurePosixPath("made")].exists()


@needs_zig
def test_the_cells_of_a_run_share_their_builds(subject: Subject, make_suite: Callable[[str], Path]) -> None:
    wanted, log = counting(subject)
    order = SuiteOptions(make_suite("def test_runs(fact):\n    fact('x.y', 1)\n"))
    cells = [
        Cell(replace(wanted, needs=("no-such-cc",)), replace(BARE, name=name, cross="native"), "default")
        for name in ("one", "two")
    ]
    with order.cross_builds:
        results = run_cells(cells, lambda platform: Unplugged(), order, jobs=2, watcher=Nobody(), keeper=Nobody())
    assert [result.reason for result in results] == ["unplugged", "unplugged"]
    assert len(log.read_text().split()) == 1


@needs_zig
def test_a_build_that_fails_fails_for_all_and_nothing_is_built_after_the_end(subject: Subject) -> None:
    wanted, log = counting(subject, "exit 1")
    with CrossBuilds() as builds:
        for _ in range(2):
            with pytest.raises(NotRun, match="the cross build for native fails"):
                builds.subject(wanted, "native", {}, None, print)
    assert len(log.read_text().split()) == 1
    with pytest.raises(PlatformError, match="the run is over"):
        builds.subject(wanted, "native", {"CFLAGS": "-O2"}, None, print)


@needs_zig
def test_compilers_end_from_another_thread_with_what_they_started(subject: Subject) -> None:
    wanted, log = counting(subject, "sleep 600 & wait")
    with CrossBuilds() as builds, ThreadPoolExecutor(1) as pool:
        build = pool.submit(builds.subject, wanted, "native", {}, None, print)
        until(lambda: log.exists() and log.read_text().endswith("\n"), "the build's begin")
        builds.end()
        with pytest.raises(NotRun):
            build.result(10)
    assert gone(int(log.read_text()))


@needs_zig
@pytest.mark.parametrize(
    ("command", "number"),
    [(["run", "--platform", "./bare.yaml"], signal.SIGTERM), (["build", "--target", "s390x-linux-gnu"], signal.SIGINT)],
)
def test_an_interrupt_ends_the_build_and_leaves_nothing(command: list[str], number: int, tmp_path: Path) -> None:
    status, errors = interrupted(command, number, tmp_path)
    assert (status, "interrupted" in errors, "failed" in errors) == (130, True, False)
    assert list((tmp_path / "tmp").iterdir()) == []


@needs_zig
def test_a_run_that_is_killed_takes_its_compilers_with_it(tmp_path: Path) -> None:
    assert interrupted(["run", "--platform", "./bare.yaml"], signal.SIGKILL, tmp_path) == (-signal.SIGKILL, "")


def interrupted(command: list[str], number: int, tmp_path: Path) -> tuple[int, str]:
    """Exit status and stderr of a command that gets a signal in the middle of a cross build; all of that is gone."""
    (tmp_path / "bare.yaml").write_text("title: bare\ndriver: local\ncross: s390x-linux-gnu\n")
    (tmp_path / "own.yaml").write_text(
        "title: own\nfiles: [Makefile]\nneeds: [no-such-cc]\nbuild: [make, -s]\n"
        "start: [./server, '{port}']\nready: {port: true}\n"
    )
    (tmp_path / "Makefile").write_text(f"all:\n\tsleep 600 & echo $$! $$$$ >{tmp_path}/log; wait\n")
    (tmp_path / "tmp").mkdir()
    log = tmp_path / "log"
    with subprocess.Popen(
        [sys.executable, "-m", "anyunix", *command, "--subject", "./own.yaml"],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until(lambda: log.exists() and log.read_text().endswith("\n"), "the build's begin")
        begun = time.monotonic()
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
    assert time.monotonic() - begun < 10
    until(lambda: all(gone(int(pid)) for pid in log.read_text().split()), "the end of the build's processes")
    return process.returncode, errors


COMPILER = """\
#!/bin/sh
printf '%s\\n' "$@" >>{log}
exec {real} "$@"
"""


@pytest.mark.skipif(not (shutil.which("cc") and shutil.which("make")), reason="no cc or no make here")
def test_no_compiler_writes_to_a_device(
    subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local: Platform, catalog: Catalog
) -> None:
    """clang that runs as root puts a file in the place of `-o /dev/null`."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "cc").write_text(COMPILER.format(log=tmp_path / "log", real=shutil.which("cc")))
    (tmp_path / "bin" / "cc").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    driver = LocalDriver()
    driver.up(lambda text: None)
    try:
        shutil.copytree(catalog.suite, driver.folder() / "suite")
        (driver.folder() / SUBJECT).mkdir()
        (driver.folder() / SUBJECT / "main.c").write_text("int main(void) { return 0; }\n")
        (driver.folder() / SUBJECT / "Makefile").write_text("main: main.c\n\tcc $(CFLAGS) -o main main.c\n")
        done = build_there(driver, local, replace(subject, build=("make", "-s")), Build("flagged", ("-O1",)))
    finally:
        driver.down()
    assert done.status == 0, done.stderr
    words = (tmp_path / "log").read_text().split()
    assert [words[index + 1] for index, word in enumerate(words) if word == "-o"] == ["flags.o", "main", "main"]


@pytest.mark.skipif(shutil.which("make") is None, reason="no make here")
def test_without_the_extra_the_cell_is_not_run_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, subject: Subject, make_suite: Callable[[str], Path]
) -> None:
    def absent(name: str) -> str:
        raise cross.PackageNotFoundError(name)

    monkeypatch.setattr(cross, "version", absent)
    bare = Platform("bare", "no compiler", LocalOptions(), cross="x86_64-linux-musl")
    needing = Subject(**{**vars(subject), "needs": ("no-such-cc",), "build": ("make",)})
    result = CellRun(
        Cell(needing, bare, "default"), LocalDriver(), SuiteOptions(make_suite("")), lambda text: None
    ).run()
    assert result.status == "not-run"
    assert result.reason == (
        "no no-such-cc on bare, and the package ziglang is not installed here: pip install 'anyunix[cross]'"
    )
