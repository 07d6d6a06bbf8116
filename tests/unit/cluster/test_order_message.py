"""Orders mean there what they meant here: every platform and subject, and files of one's own."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from anyunix.catalog.builds import POISONED, Build
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.catalog.switching import CannotSwitch, experimental
from anyunix.cluster.order_message import SENT_LIMIT, CellOrder, HowSent, order_of, platform_of, read_order
from anyunix.drivers.docker.docker_options import DockerOptions
from anyunix.drivers.registry import altering
from anyunix.drivers.ssh.ssh_options import SshOptions
from anyunix.errors import ConfigurationError
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.durations import Durations
from checkout import ROOT

DOCKERFILE = "ARG BASE\nFROM $BASE\n"
PROFILE = '{"defaultAction": "SCMP_ACT_ALLOW"}'


def sent(cell: Cell, how: SuiteOptions | None = None) -> CellOrder:
    """The order for a cell, as its worker reads it."""
    options = how or SuiteOptions(Path("/suite"))
    return read_order(order_of(cell, options, run="r", number=7, digests=("a", "b"), measures=True))


def there(platform: Platform, subject: Subject, catalog: Catalog, folder: Path) -> Platform:
    """A platform, as a worker takes it from an order."""
    known = {each.name: each for each in catalog.differences}
    return platform_of(sent(Cell(subject, platform, "default")), known, folder)


def platforms(catalog: Catalog) -> Iterator[Platform]:
    """All that run, plain, in likenesses, and with one difference on."""
    chance = random.Random(19)
    for name in catalog.platform_names():
        plain = catalog.platform(name)
        if not plain.options.runs:
            continue
        yield plain
        for like in ("freebsd", "macos"):
            try:
                yield catalog.platform(f"{name}+like-{like}")
            except ConfigurationError:
                assert plain.like or not altering(plain.options)
        for number in (1, 2, 3):
            try:
                yield experimental(plain, chance.sample(list(catalog.differences), number))
            except CannotSwitch:
                continue


def test_every_platform_is_there_what_it_is_here(catalog: Catalog, subject: Subject, tmp_path: Path) -> None:
    seen = set()
    for platform in platforms(catalog):
        assert there(platform, subject, catalog, tmp_path / "none") == platform
        seen.add(platform.name)
    assert len(seen) > 100
    assert not (tmp_path / "none").exists()  # all that they name came with anyunix


@pytest.mark.parametrize(
    "file", sorted([*(ROOT / "chat").glob("*.yaml"), *(ROOT / "examples" / "servers").glob("*.yaml")])
)
def test_every_subject_is_there_what_it_is_here(file: Path, catalog: Catalog, local: Platform) -> None:
    subject = catalog.subject(str(file))
    for bind in subject.binds:
        order = sent(Cell(subject, local, bind))
        assert (order.subject, order.bind) == (subject, bind)


def test_how_a_cell_runs_is_the_same_there(subject: Subject, local: Platform) -> None:
    how = SuiteOptions(
        Path("/s"), "a or b", 5.0, 3, durations=Durations({"x": 2.0, "y": 9.0}), workers=2, probe_seconds=9
    )
    cell = Cell(subject, local, "dual", POISONED, ("g/test_x.py::test_y",), "trace")
    order = sent(cell, how)
    assert order.how == HowSent("a or b", 5.0, 3, 2, 9, tuple(how.durations.longest()), measures=True, aloud=False)
    assert (order.run, order.number, order.subject_digest, order.suite_digest) == ("r", 7, "a", "b")
    assert (order.bind, order.build, order.probes, order.tool) == (cell.bind, cell.build, cell.probes, cell.tool)


def test_a_folder_of_this_machine_does_not_travel(subject: Subject, local: Platform) -> None:
    assert sent(Cell(subject, local, "dual", Build(objects=Path("/here")))).build == Build()


@pytest.fixture
def own_files(tmp_path: Path) -> Platform:
    """A platform with a Dockerfile and a seccomp profile of a user's own, which are called alike."""
    one, other = tmp_path / "one" / "own", tmp_path / "other" / "own"
    for file, content in ((one, DOCKERFILE), (other, PROFILE)):
        file.parent.mkdir()
        file.write_text(content)
    return Platform("mine", "mine", DockerOptions(dockerfile=str(one), base="debian", seccomp=str(other)))


def test_files_of_ones_own_travel(own_files: Platform, subject: Subject, catalog: Catalog, tmp_path: Path) -> None:
    found = there(own_files, subject, catalog, tmp_path / "there")
    assert isinstance(found.options, DockerOptions)
    for path, content in ((found.options.dockerfile, DOCKERFILE), (found.options.seccomp, PROFILE)):
        assert Path(path).parent == tmp_path / "there"
        assert Path(path).read_text() == content
    changed = msgspec.structs.replace(found.options, dockerfile="", seccomp="")
    assert changed == msgspec.structs.replace(own_files.options, dockerfile="", seccomp="")
    assert replace(found, options=own_files.options) == own_files


def test_an_ssh_configuration_travels(subject: Subject, catalog: Catalog, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("Host amber\n")
    found = there(Platform("p", "p", SshOptions("amber", str(config))), subject, catalog, tmp_path / "there")
    assert isinstance(found.options, SshOptions)
    assert Path(found.options.ssh_config).read_text() == "Host amber\n"


def test_a_file_that_is_too_large_to_travel_is_an_error(own_files: Platform, subject: Subject) -> None:
    assert isinstance(own_files.options, DockerOptions)
    Path(own_files.options.dockerfile).write_bytes(b"x" * (SENT_LIMIT + 1))
    with pytest.raises(ConfigurationError, match=r"platform mine: dockerfile: .* is larger than"):
        sent(Cell(subject, own_files, "default"))


@pytest.mark.parametrize("path", ["../../outside", "/etc/passwd", "..", "", "a/../../.."])
def test_an_order_names_no_file_of_its_workers_machine(
    path: str, own_files: Platform, subject: Subject, catalog: Catalog, tmp_path: Path
) -> None:
    order = sent(Cell(subject, own_files, "default"))
    folder = tmp_path / "there"
    before = {file for file in tmp_path.rglob("*") if file.is_file()}
    for prefix in ("@anyunix/", "@sent/"):
        options = msgspec.structs.replace(order.options, dockerfile=prefix + path)
        hostile = msgspec.structs.replace(order, options=options, files={path: b"hostile"})
        try:
            found = Path(platform_of(hostile, {}, folder).options.dockerfile)  # type: ignore[attr-defined]
        except OSError:
            continue
        assert found == Path() or found.parent == folder or found.is_relative_to(ROOT)
    written = {file for file in tmp_path.rglob("*") if file.is_file()} - before
    assert {file.parent for file in written} <= {folder}


def test_an_unknown_difference_is_named(subject: Subject, local: Platform, tmp_path: Path) -> None:
    order = msgspec.structs.replace(sent(Cell(subject, local, "default")), differences=("no-such",))
    with pytest.raises(ConfigurationError, match="difference no-such: not known here"):
        platform_of(order, {}, tmp_path)


def test_what_is_no_order_is_refused(subject: Subject, local: Platform) -> None:
    how = SuiteOptions(Path("/suite"))
    whole = order_of(Cell(subject, local, "default"), how, run="r", number=7, digests=("a", "b"), measures=False)
    for data in (b"", b"\xc1", b"garbage", *(whole[:length] for length in range(len(whole)))):
        with pytest.raises(msgspec.DecodeError):
            read_order(data)
