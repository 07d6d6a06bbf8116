"""The one table of CPUs: each name means one of them, and no platform, image or target uses a name outside of it."""

import pytest

from anyunix.architecture import BY_DOCKER_NAME, CPUS, cpu_of_machine
from anyunix.catalog.lookup import Catalog
from anyunix.images.store import bases


@pytest.mark.parametrize("names", ["name", "docker", "debian", "zig", "go", "elf", "macho"])
def test_no_name_means_two_cpus(names: str) -> None:
    given = [getattr(cpu, names) for cpu in CPUS if getattr(cpu, names) is not None]
    assert len(set(given)) == len(given)


@pytest.mark.parametrize(
    ("uname", "bits", "name"),
    [
        ("x86_64", "64", "x86_64"),
        ("x86_64", "32", "x86"),
        ("i686", "32", "x86"),
        ("amd64", "64", "x86_64"),
        ("arm64", "64", "aarch64"),
        ("aarch64", "32", None),
        ("armv7l", "32", "armv7"),
        ("mips", "32", None),
        ("x86_64", "", None),
    ],
)
def test_a_machine_is_known_by_what_it_calls_itself_and_its_word_size(uname: str, bits: str, name: str | None) -> None:
    found = cpu_of_machine(uname, bits)
    assert (found and found.name) == name


def test_the_platforms_of_the_project_use_names_of_the_table(catalog: Catalog) -> None:
    known = bases([catalog.platform(name) for name in catalog.platform_names()])
    assert {base.cpu for base in known} <= set(BY_DOCKER_NAME)
