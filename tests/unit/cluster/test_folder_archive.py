"""Folders that travel come out as they went in; what else an archive may hold is refused, by any Python."""

import io
import os
import stat
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.subjects import Subject
from anyunix.cluster.folder_archive import name_of, pack_subject, pack_suite, unpack_into
from anyunix.cluster.worker_description import suite_digest
from anyunix.run.identity import digest_of


def archive(*members: tarfile.TarInfo) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for each in members:
            tar.addfile(each, io.BytesIO(b"x" * each.size))
    return data.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size = kind, link, size
    return made


def test_a_subject_comes_out_as_it_went_in(subject: Subject, tmp_path: Path) -> None:
    (subject.folder / "run.sh").write_text("#!/bin/sh\n")
    (subject.folder / "run.sh").chmod(0o755)
    os.utime(subject.folder / "server.py", (1_000_000_000, 1_000_000_000))
    (subject.folder / "data" / "below").mkdir(parents=True)
    (subject.folder / "data" / "below" / "f").write_bytes(b"\0\xff")
    subject = replace(subject, files=("server.py", "run.sh", "data"))
    folder = unpack_into(pack_subject(subject), tmp_path / "there" / "subject")
    assert digest_of(replace(subject, folder=folder)) == digest_of(subject)
    assert os.access(folder / "run.sh", os.X_OK)
    assert (folder / "server.py").stat().st_mtime == 1_000_000_000
    assert not os.access(folder / "data" / "below" / "f", os.X_OK)
    assert list(folder.parent.iterdir()) == [folder]


def test_a_suite_comes_out_as_it_went_in(make_suite: Callable[[str], Path], tmp_path: Path) -> None:
    suite = make_suite("def test_it(server):\n    pass\n")
    assert suite_digest(unpack_into(pack_suite(suite), tmp_path / "there")) == suite_digest(suite)


def test_the_same_files_make_the_same_archive(catalog: Catalog) -> None:
    one, other = (name_of(pack_subject(catalog.subject("c"))) for _ in range(2))
    assert one == other
    assert one != name_of(pack_subject(catalog.subject("python")))


@pytest.mark.parametrize(
    "hostile",
    [
        member("../outside"),
        member("a/../../outside"),
        member("/outside"),
        member("..", tarfile.DIRTYPE),
        member("link", tarfile.SYMTYPE, "/etc/passwd"),
        member("link", tarfile.SYMTYPE, ".."),
        member("link", tarfile.LNKTYPE, "first"),
        member("device", tarfile.CHRTYPE),
        member("device", tarfile.BLKTYPE),
        member("pipe", tarfile.FIFOTYPE),
        member("folder", tarfile.DIRTYPE),
        member("sparse", tarfile.GNUTYPE_SPARSE),
        member("contiguous", tarfile.CONTTYPE),
        member("first"),
        member("first/below"),
        member(""),
        member("."),
    ],
    ids=lambda each: f"{each.name}-{each.type.decode()}",
)
def test_what_is_no_plain_file_below_its_folder_is_refused_and_nothing_is_left(
    hostile: tarfile.TarInfo, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    there.mkdir()
    with pytest.raises((tarfile.TarError, OSError)):
        unpack_into(archive(member("first", size=3), hostile), there / "folder")
    assert list(there.iterdir()) == []
    assert list(tmp_path.iterdir()) == [there]


@pytest.mark.parametrize("data", [b"", b"garbage", b"\0" * 512, b"x" * 10_000])
def test_garbage_is_no_archive(data: bytes, tmp_path: Path) -> None:
    try:
        assert list(unpack_into(data, tmp_path / "folder").iterdir()) == []
    except tarfile.TarError:
        assert list(tmp_path.iterdir()) == []


def test_an_archive_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    whole = archive(member("first", size=5000))
    with pytest.raises(tarfile.TarError):
        unpack_into(whole[:3000], tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []


def test_no_file_is_set_user_id_or_writable_by_others(tmp_path: Path) -> None:
    made = member("tool", size=1)
    made.mode = 0o6777
    folder = unpack_into(archive(made), tmp_path / "folder")
    assert stat.S_IMODE((folder / "tool").stat().st_mode) == 0o755
