"""What came with anyunix, and everything that may differ from it: each thing alone makes an order a foreign one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from anyunix.catalog.builds import CHECKED, POISONED, SANITIZED, Build
from anyunix.catalog.difference import SYSTEMS
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.catalog.switching import experimental
from anyunix.cluster.foreign import foreign_in
from anyunix.cluster.order_message import order_of, platform_of, read_order
from anyunix.cluster.worker_description import suite_digest
from anyunix.drivers.docker.docker_options import DockerOptions
from anyunix.drivers.registry import altering
from anyunix.drivers.ssh.ssh_options import SshOptions
from anyunix.errors import ConfigurationError
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.identity import digest_of

Ask = Callable[..., str]
PLAIN_BUILD = Build()


@pytest.fixture(scope="module")
def own_suite(catalog: Catalog) -> str:
    return suite_digest(catalog.suite)


@pytest.fixture
def ask(catalog: Catalog, own_suite: str, tmp_path: Path) -> Ask:
    """What a worker finds foreign in an order that is usual but for what is given."""

    def answer(
        *,
        subject: Subject | None = None,
        platform: Platform | None = None,
        build: Build = PLAIN_BUILD,
        suite: str = own_suite,
        digest: str = "",
        probes: tuple[str, ...] = (),
    ) -> str:
        subject = subject or catalog.subject("python")
        cell = Cell(subject, platform or catalog.platform("debian"), "dual", build, probes)
        digests = digest or digest_of(subject), suite
        data = order_of(cell, SuiteOptions(catalog.suite), run="r", number=1, digests=digests, measures=False)
        order = read_order(data)
        known = {each.name: each for each in catalog.differences}
        return foreign_in(order, platform_of(order, known, tmp_path / "sent"), catalog, own_suite)

    return answer


def test_nothing_that_came_with_anyunix_is_foreign(ask: Ask, catalog: Catalog) -> None:
    for name in catalog.subject_names():
        assert ask(subject=catalog.subject(name)) == ""
    for build in (Build(), POISONED, CHECKED, SANITIZED):
        assert ask(build=build) == ""
    for name in catalog.platform_names():
        if catalog.platform(name).options.runs:
            assert ask(platform=catalog.platform(name)) == ""


@pytest.mark.parametrize("name", ["debian", "alpine", "local", "hostile-few"])
def test_likenesses_are_not(name: str, ask: Ask, catalog: Catalog) -> None:
    for system in SYSTEMS:
        try:
            likeness = catalog.platform(f"{name}+like-{system}")
        except ConfigurationError:
            assert not altering(catalog.platform(name).options)
        else:
            assert ask(platform=likeness) == ""


@pytest.mark.parametrize("number", [1, 2, 3])
def test_known_differences_that_are_switched_on_are_not(number: int, ask: Ask, catalog: Catalog) -> None:
    preloaded = [each for each in catalog.differences if not each.alters]
    assert ask(platform=experimental(catalog.platform("local"), preloaded[:number])) == ""
    for name in ("like-freebsd", "debian+like-freebsd", "local+like-macos"):
        like = catalog.platform(name)
        others = [each for each in preloaded if each not in like.switched_on]
        assert ask(platform=experimental(like, others[:number])) == ""


def test_a_machine_that_needs_no_emulator_makes_no_platform_foreign(ask: Ask, catalog: Catalog) -> None:
    platform = catalog.platform("debian-arm64")
    assert platform.emulator
    assert ask(platform=replace(platform, emulator="", emulator_limits={}, native=True)) == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"promises": {"ipv4": False}},
        {"start": ("sh", "-c", "id")},
        {"build": ("make", "evil")},
        {"environment": {"LD_PRELOAD": "/tmp/x.so"}},
        {"configuration": {"x": "y"}},
        {"needs": ("gcc",)},
        {"title": "another"},
        {"files": ("server.py", "other")},
        {"binds": {"dual": ("--other",)}},
        {"pass_env": ("SECRET",)},
        {"stop": "SIGKILL"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_subject_that_says_anything_else_is_foreign_whatever_digest_it_claims(
    changes: dict[str, Any], ask: Ask, catalog: Catalog
) -> None:
    own = catalog.subject("python")
    assert ask(subject=replace(own, **changes), digest=digest_of(own)) == "subject python"


def test_a_changed_file_makes_a_subject_foreign(ask: Ask) -> None:
    assert ask(digest="0" * 64) == "subject python"


def test_another_subject_is_foreign(ask: Ask, subject: Subject) -> None:
    assert ask(subject=subject) == "subject tiny"


@pytest.mark.parametrize(
    "build",
    [
        Build(flags=("-fplugin=/tmp/x.so",)),
        replace(POISONED, flags=("-O3",)),
        replace(POISONED, name="plain"),
        replace(SANITIZED, compiler="/tmp/cc"),
        Build(name="other"),
        Build(honoured=False),
    ],
)
def test_a_build_with_other_flags_is_foreign(build: Build, ask: Ask) -> None:
    assert ask(build=build) == f"build {build.name}"


def test_another_suite_is_foreign(ask: Ask, make_suite: Callable[[str], Path], own_suite: str) -> None:
    assert ask(suite=suite_digest(make_suite("def test_x():\n    pass\n"))) == "a suite with other probes"
    assert ask(suite=f"{own_suite}-mine:0123") == "a suite with other probes"


@pytest.mark.parametrize("probe", ["/tmp/test_x.py::test_x", "../test_x.py", "binding/../../x.py::test_x", "/"])
def test_a_probe_outside_of_the_suite_is_foreign(probe: str, ask: Ask) -> None:
    own = "binding/test_x.py::test_x[a/../b]"
    assert ask(probes=(own,)) == ""
    assert ask(probes=(own, probe)) == "a probe that is not the suite's"


@pytest.mark.parametrize(
    "changes",
    [
        {"capabilities": ("SYS_ADMIN",)},
        {"seccomp": "unconfined"},
        {"apparmor": "unconfined"},
        {"user": "0:0"},
        {"base": "evil/image"},
        {"dockerfile": ""},
        {"memory": "64g"},
        {"processes": 1_000_000},
        {"runtime": "other"},
        {"init": False},
        {"sysctls": {"net.ipv4.ip_forward": "1"}},
        {"files": {"/etc/passwd": "x"}},
        {"cpu": "linux/arm64"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_container_with_any_other_option_is_foreign(changes: dict[str, Any], ask: Ask, catalog: Catalog) -> None:
    own = catalog.platform("debian")
    assert ask(platform=replace(own, options=msgspec.structs.replace(own.options, **changes))) == "platform debian"


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "mine"},
        {"slowness": 99},
        {"title": "x"},
        {"machine": "other"},
        {"emulates": "freebsd"},
        {"like": "macos"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_platform_that_says_anything_else_is_foreign(changes: dict[str, Any], ask: Ask, catalog: Catalog) -> None:
    platform = replace(catalog.platform("debian"), **changes)
    assert ask(platform=platform) == f"platform {platform.name}"


def test_platforms_of_ones_own_are_foreign_under_any_name(ask: Ask, catalog: Catalog, tmp_path: Path) -> None:
    file = tmp_path / "own"
    file.write_text("FROM scratch\n")
    for name in ("mine", "debian", "debian+like-freebsd", "debian+v6only-default", "local", "+", "debian+"):
        for options in (DockerOptions(dockerfile=str(file), base="x"), SshOptions("ssh://u@h")):
            assert ask(platform=Platform(name, "debian", options)) == f"platform {name}"


def test_a_likeness_with_other_differences_than_its_own_is_foreign(ask: Ask, catalog: Catalog) -> None:
    like = catalog.platform("debian+like-freebsd")
    assert ask(platform=replace(like, switched_on=like.switched_on[1:])) == f"platform {like.name}"
    plain = catalog.platform("debian")
    assert ask(platform=replace(plain, switched_on=like.switched_on)) == "platform debian"
