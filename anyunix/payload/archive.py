"""The one archive a platform receives: suite, subject and pytest. No network and no pip are needed there."""

import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath

import msgspec

from anyunix.catalog.difference import Difference
from anyunix.catalog.subjects import Subject
from anyunix.errors import ConfigurationError
from anyunix.payload.lexers import without_unused_lexers

DISTRIBUTIONS = (
    "pytest",
    "pluggy",
    "iniconfig",
    "packaging",
    "pygments",
    "pytest-timeout",
    "exceptiongroup",
    "tomli",
    "typing_extensions",
)
"""Pure Python; the last three are needed below Python 3.11 only, which the platform may have."""

SUITE, SITE, SUBJECT = PurePosixPath("suite"), PurePosixPath("site"), PurePosixPath("subject")
HELPERS = PurePosixPath("helpers")
"""C helpers of the probes, built here for a platform without a compiler."""
DIFFERENCES = PurePosixPath("differences")
"""What is switched on there (suite/support/differences.py)."""
SUBJECT_FILE = SUBJECT / "subject.json"
PRISTINE = PurePosixPath("built")
"""What was built there, for later cells (anyunix/run/pristine_build.py)."""
MANIFEST = PurePosixPath("manifest.json")
"""What has to come back. For people to look at: nothing there reads it."""
LEFT_OUT = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"}
BUILT = {".o", ".so", ".pyc"}


def write_payload(
    path: Path,
    suite: Path | None,
    subject: Subject,
    built: Mapping[PurePosixPath, Path],
    planned: Sequence[str] = (),
    differences: Sequence[Difference] = (),
) -> None:
    """Write the archive. `suite` is None where the platform has it, with pytest, already; `built` maps a path in the
    archive to a program that was built here, which wins over a source; `planned` are the IDs of the probes that have
    to come back.

    Raises ConfigurationError when pytest or what it needs is not installed here.
    """
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        if suite is not None:
            add_suite(tar, suite)
        for source in subject_files(subject):
            if SUBJECT / source not in built:
                add_file(tar, subject.folder / source, SUBJECT / source)
        for place, file in built.items():
            add_file(tar, file, place, mode=0o755)
        add_text(tar, SUBJECT_FILE, subject_json(subject))
        add_differences(tar, differences)
        add_text(tar, MANIFEST, json.dumps({"probes": list(planned)}, indent=1))


def add_suite(tar: tarfile.TarFile, suite: Path) -> None:
    """The suite, and pytest. Raises ConfigurationError when that, or what it needs, is not installed here."""
    for file in files_below(suite):
        add_file(tar, file, SUITE / file.relative_to(suite).as_posix())
    for file, name in without_unused_lexers(list(_site_files())):
        add_file(tar, file, SITE / name)


def add_differences(tar: tarfile.TarFile, differences: Sequence[Difference]) -> None:
    """What is to be switched on: what each needs, by libc, and the sources of what is preloaded."""
    for source in sorted({source for each in differences for source in each.preloaded}):
        add_file(tar, source, DIFFERENCES / source.name)
    for header in sorted({header for each in differences for header in each.sources.glob("*.h")}):
        add_file(tar, header, DIFFERENCES / header.name)
    wanted = [
        {libc: msgspec.to_builtins(needed) for libc, needed in (("glibc", each.mechanism), ("musl", each.musl))}
        for each in differences
    ]
    add_text(tar, DIFFERENCES / "on.json", json.dumps(wanted, indent=1))


def subject_json(subject: Subject) -> str:
    """What the suite has to know of the subject (suite/support/subject.py reads it)."""
    return json.dumps(subject.described(), indent=1)


def subject_files(subject: Subject) -> Iterator[PurePosixPath]:
    """The subject's files that travel, below its folder. Of one that is built, programs that lie among its sources do
    not: elsewhere they must not look up to date.
    """
    for entry in subject.files:
        top = subject.folder / entry
        for file in files_below(top) if top.is_dir() else [top]:
            if file == top or not (subject.build and _is_program(file)):
                yield PurePosixPath(file.relative_to(subject.folder).as_posix())


def products(subject: Subject) -> dict[PurePosixPath, Path]:
    """What a build made in a folder that holds nothing but the subject's files: path below it -> file."""
    sources = set(subject_files(subject))
    return {
        name: file
        for file in sorted(subject.folder.rglob("*"))
        if file.is_file()
        and file.suffix != ".o"
        and (name := PurePosixPath(file.relative_to(subject.folder).as_posix())) not in sources
    }


def _is_program(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(4) == b"\x7fELF"


def files_below(folder: Path) -> Iterator[Path]:
    """The files that travel, in a fixed order; what was built or cached beside them stays here."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not LEFT_OUT & set(path.parts) and path.suffix not in BUILT:
            yield path


def _site_files() -> Iterator[tuple[Path, str]]:
    """The files of the installed distributions, their metadata too: pytest finds plugins by entry point."""
    for name in DISTRIBUTIONS:
        try:
            found = distribution(name)
        except PackageNotFoundError:
            raise ConfigurationError(
                f"{name} is not installed here, and platforms need it: pip install --force-reinstall anyunix"
            ) from None
        for entry in found.files or ():
            if ".." not in entry.parts and entry.suffix != ".so":  # compiled speed-ups fit this machine only
                located = Path(str(entry.locate()))
                if located.is_file():
                    yield located, entry.as_posix()


def add_file(tar: tarfile.TarFile, file: Path, name: PurePosixPath, mode: int | None = None) -> None:
    """A file from here; its executable bit is kept unless a mode is given."""
    member = tarfile.TarInfo(name.as_posix())
    # the time is kept: the bytecode that is installed beside a source is valid for that time only
    member.mtime = int(file.stat().st_mtime)
    member.mode = mode or (0o755 if file.stat().st_mode & 0o100 else 0o644)
    data = file.read_bytes()
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def add_text(tar: tarfile.TarFile, name: PurePosixPath, text: str) -> None:
    """A file with this text."""
    member = tarfile.TarInfo(name.as_posix())
    data = text.encode()
    member.size, member.mode = len(data), 0o644
    tar.addfile(member, io.BytesIO(data))
