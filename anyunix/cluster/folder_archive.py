"""Folders that travel: packed by a client, unpacked once by each worker that needs them."""

import hashlib
import io
import tarfile
from pathlib import Path, PurePosixPath

from anyunix.catalog.subjects import Subject
from anyunix.drivers.local import unpack
from anyunix.payload.archive import add_file, files_below, subject_files


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
    """Unpack an archive of a client that has shown the key; the folder, which is made. Raises OSError, TarError."""
    folder.mkdir(parents=True)
    packed = folder.with_suffix(".tar")
    packed.write_bytes(archive)
    try:
        unpack(packed, folder)
    finally:
        packed.unlink()
    return folder


def _packed(folder: Path, names: list[PurePosixPath]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in names:
            add_file(tar, folder / name, name)
    return data.getvalue()
