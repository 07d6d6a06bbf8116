"""Folders that travel: packed by a client, unpacked once by each worker that needs them."""

import hashlib
import io
import os
import shutil
import stat
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from distributed import Future

from anyunix.catalog.subjects import Subject
from anyunix.payload.archive import add_file, files_below, subject_files

NAME_LIMIT = 80


@dataclass(frozen=True)
class Travelling:
    """What travels with a cell beside its order: archives that workers have from each other; empty for what they have
    anyway.
    """

    digests: tuple[str, str]
    """The subject's and the suite's."""
    subject: Future[bytes] | bytes = b""
    suite: Future[bytes] | bytes = b""


def pack_subject(subject: Subject) -> bytes:
    """A subject's files, as a tar archive."""
    return _packed(subject.folder, [PurePosixPath(name) for name in subject_files(subject)])


def pack_suite(suite: Path) -> bytes:
    """A suite, as a tar archive."""
    return _packed(suite, [PurePosixPath(file.relative_to(suite).as_posix()) for file in files_below(suite)])


def name_of(archive: bytes) -> str:
    """The same for the same bytes."""
    return hashlib.sha256(archive).hexdigest()


def unpack_into(archive: bytes, folder: Path) -> Path:
    """Unpack an archive of a client that has shown the key; the folder, which is made. Whatever its Python's tarfile
    does: plain files below the folder, each once, and nothing else. Raises OSError, TarError; no folder is left then.
    """
    folder.mkdir(parents=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
            for member in tar:
                _unpack(tar, member, folder)
    except BaseException:
        shutil.rmtree(folder)
        raise
    return folder


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    name = PurePosixPath(member.name)
    source = tar.extractfile(member) if member.type == tarfile.REGTYPE else None
    if source is None or name.is_absolute() or ".." in name.parts or not name.parts or "\0" in member.name:
        raise tarfile.ExtractError(f"{member.name[:NAME_LIMIT]!r} in an archive is no plain file below its folder")
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("xb") as target:
        shutil.copyfileobj(source, target)
    file.chmod(0o755 if member.mode & stat.S_IXUSR else 0o644)
    os.utime(file, (member.mtime, member.mtime))  # what make goes by


def _packed(folder: Path, names: list[PurePosixPath]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in names:
            add_file(tar, folder / name, name)
    return data.getvalue()
