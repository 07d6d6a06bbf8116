"""What a worker says of this machine, and what its clients read of it."""

import platform as machine
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from anyunix import __version__
from anyunix.catalog.lookup import Catalog
from anyunix.cluster.worker_description import (
    METRIC,
    WorkerDescription,
    boot_of_this_machine,
    content_of,
    cpu_here,
    cpu_of,
    describe,
    needs_of,
    read_description,
    suite_digest,
)
from anyunix.errors import ConfigurationError
from tiny_catalog import make_tiny

DESCRIPTION = WorkerDescription("amber", "boot", "amd64", "1.0", "c", ("docker",), {"freebsd": "no vagrant"}, "p")


@pytest.fixture(scope="module")
def described(catalog: Catalog) -> WorkerDescription:
    """This machine, without an engine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
        return describe(catalog, ("freebsd",))


def test_it_says_which_anyunix_and_which_machine_it_is(described: WorkerDescription, catalog: Catalog) -> None:
    assert (described.version, described.content) == (__version__, content_of(catalog))
    assert (described.boot, described.cpu) == (boot_of_this_machine(), cpu_here())
    assert f"cpu={cpu_here()}" in described.resources


def test_it_says_what_it_reaches_and_why_not_what_it_does_not(described: WorkerDescription, catalog: Catalog) -> None:
    assert {"local", "platform=local"} <= set(described.resources)
    assert "docker" not in described.resources
    assert "platform=debian" not in described.resources
    assert described.lacks["debian"]
    running = {name for name in catalog.platform_names() if catalog.platform(name).options.runs}
    reached = {word.removeprefix("platform=") for word in described.resources if word.startswith("platform=")}
    assert reached | set(described.lacks) == running
    assert not reached & set(described.lacks)


def test_it_is_the_platform_that_it_stands_for(described: WorkerDescription) -> None:
    assert "platform=freebsd" in described.resources
    assert "freebsd" not in described.lacks
    assert "vagrant" not in described.resources


def test_it_stands_for_no_platform_that_there_is_not(catalog: Catalog) -> None:
    with pytest.raises(ConfigurationError, match=r"--as freebds: no platform is called that .*freebsd"):
        describe(catalog, ("freebds",))


def test_it_fits_what_platforms_need(described: WorkerDescription, catalog: Catalog) -> None:
    known = frozenset(catalog.platform_names())
    have = set(described.resources)
    assert needs_of(catalog.platform("local"), known) <= have
    assert needs_of(catalog.platform("local+like-freebsd"), known) <= have
    assert not needs_of(catalog.platform("debian"), known) <= have


def test_what_platforms_need(catalog: Catalog) -> None:
    known = frozenset(catalog.platform_names())
    debian = catalog.platform("debian")
    assert needs_of(debian, known) == {"platform=debian"}
    assert needs_of(catalog.platform("debian+like-macos"), known) == {"platform=debian"}
    assert needs_of(replace(debian, name="mine"), known) == {"docker"}
    arm = catalog.platform("debian-arm64")
    assert needs_of(arm, known) == {"platform=debian-arm64"}
    assert needs_of(replace(arm, native=True), known) == {"platform=debian-arm64", "cpu=arm64"}


@pytest.mark.parametrize(
    ("uname", "docker"),
    [("x86_64", "amd64"), ("aarch64", "arm64"), ("arm64", "arm64"), ("s390x", "s390x"), ("vax", "vax")],
)
def test_the_cpu_is_called_as_docker_calls_it(uname: str, docker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "machine", lambda: uname)
    assert cpu_here() == docker


def test_a_cpu_without_its_system() -> None:
    assert [cpu_of(word) for word in ("linux/arm64", "linux/arm/v7", "")] == ["arm64", "arm/v7", ""]


def test_the_content_is_of_all_that_decides_about_results(make_suite: Any, tmp_path: Any) -> None:
    make_suite("def test_x():\n    pass\n")
    tiny = make_tiny(tmp_path, tmp_path / "suite")
    before = content_of(tiny), suite_digest(tiny.suite)
    assert (content_of(tiny), suite_digest(tiny.suite)) == before
    (tmp_path / "platforms" / "local.yaml").write_text("title: another\ndriver: local\n")
    changed = content_of(tiny)
    assert changed != before[0]
    assert suite_digest(tiny.suite) == before[1]
    (tmp_path / "suite" / "conftest.py").write_text("")
    assert content_of(tiny) not in (changed, before[0])
    assert suite_digest(tiny.suite) != before[1]


def test_a_description_is_read_as_it_was_written() -> None:
    metrics = {"cpu": 1.0, METRIC: msgspec.json.encode(DESCRIPTION).decode()}
    assert read_description(metrics, "w1") == DESCRIPTION


def test_a_description_of_a_later_version_is_read() -> None:
    """Its version is what refuses it, with the line that mends it."""
    later = {**msgspec.to_builtins(DESCRIPTION), "version": "9.0", "new": [1]}
    found = read_description({METRIC: msgspec.json.encode(later).decode()}, "w1")
    assert isinstance(found, WorkerDescription)
    assert found.version == "9.0"


def test_a_program_that_was_built_among_the_sources_is_no_other_content(catalog: Catalog, tmp_path: Path) -> None:
    for name in ("chat", "differences", "Dockerfiles", "platforms", "suite"):
        shutil.copytree(catalog.root / name, tmp_path / name, ignore=shutil.ignore_patterns("bin", "__pycache__"))
    copy = Catalog(tmp_path)
    before = content_of(copy)
    (tmp_path / "chat" / "c" / "bin").mkdir()
    (tmp_path / "chat" / "c" / "bin" / "server").write_bytes(b"\x7fELF and so on")
    assert content_of(copy) == before
