"""Emulated CPUs: found by what the kernel has registered, and run only when asked for."""

from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.cli import main
from anyunix.errors import ConfigurationError
from anyunix.host.emulators import no_handler
from anyunix.run.selection import chosen_platforms

S390X = """\
{state}
interpreter /usr/libexec/qemu-binfmt/s390x-binfmt-P
flags: {flags}
offset 0
magic 7f454c4602020100000000000000000000020016
mask fffffffffffffffcfffffffffffffffffffeffff
"""


@pytest.mark.parametrize(
    ("state", "flags", "reason"),
    [
        ("enabled", "PF", None),
        ("enabled", "P", "has a handler that containers cannot see (no flag F)"),
        ("disabled", "PF", "has no handler for its programs"),
    ],
)
def test_a_handler_is_known_by_its_magic(state: str, flags: str, reason: str | None, tmp_path: Path) -> None:
    (tmp_path / "called-anything").write_text(S390X.format(state=state, flags=flags))
    (tmp_path / "status").write_text("enabled\n")
    found = no_handler("linux/s390x", tmp_path)
    assert found is None if reason is None else found and reason in found
    arm = no_handler("linux/arm64", tmp_path)
    assert arm
    assert "apt-get install qemu-user-static binfmt-support" in arm
    assert "\n" not in arm


def test_without_binfmt_misc_nothing_foreign_runs_and_this_cpu_does(tmp_path: Path) -> None:
    assert no_handler("linux/s390x", tmp_path / "not-mounted")
    assert no_handler("linux/amd64", tmp_path / "not-mounted") is None


def test_a_machine_needs_no_emulator_for_its_own_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anyunix.host.emulators.machine", lambda: "s390x")
    assert no_handler("linux/s390x", tmp_path) is None
    assert no_handler("linux/arm64", tmp_path)


@pytest.mark.parametrize(
    "damage", ["", "enabled", "enabled\nmagic zz\nflags: F\noffset 0", "enabled\nmagic 7f454c46\nflags: F\noffset 0"]
)
def test_a_handler_of_something_else_is_none(damage: str, tmp_path: Path) -> None:
    (tmp_path / "other").write_text(damage)
    assert no_handler("linux/s390x", tmp_path)


def test_emulated_platforms_run_only_when_asked_for(catalog: Catalog, capsys: pytest.CaptureFixture[str]) -> None:
    emulated = {name for name in catalog.platform_names() if catalog.platform(name).emulator}
    assert {"debian-s390x", "debian-armhf", "debian-arm64", "debian-riscv64", "debian-ppc64le"} <= emulated
    assert not emulated & {platform.name for platform in chosen_platforms(catalog, [], [])}
    assert emulated < set(catalog.usual_order())
    assert main(["list", "platforms"]) == 0
    assert "runs only when asked for: --platform debian-s390x" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("emulator: qemu-usr\n", "key 'emulator': unknown 'qemu-usr' (did you mean 'qemu-user'?); known: qemu-user"),
        (
            "emulator: qemu-user\nemulator_limits: {binding/test_ipv6_facts.py::test_ipv6_wildcard_and_ipv5: x}\n",
            "no such probe (did you mean 'binding/test_ipv6_facts.py::test_ipv6_wildcard_and_ipv4'?)",
        ),
        (
            "emulator_limits: {binding/test_ipv6_facts.py::test_ipv6_wildcard_and_ipv4: x}\n",
            "key 'emulator_limits': there is no key 'emulator' that could be to blame",
        ),
    ],
)
def test_platform_files_are_strict_about_emulators(keys: str, said: str, tmp_path: Path, catalog: Catalog) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(f"title: mine\ndriver: local\n{keys}")
    with pytest.raises(ConfigurationError) as error:
        catalog.platform(str(file))
    assert said in str(error.value)


def test_what_an_emulator_is_to_blame_for_is_said_once_for_all_of_its_platforms(
    tmp_path: Path, catalog: Catalog
) -> None:
    common = catalog.platform("debian-s390x").emulator_limits
    assert common
    for name in catalog.platform_names():
        platform = catalog.platform(name)
        assert platform.emulator_limits == (common if platform.emulator else {})
    own, other = next(probe for probe in catalog.probes if probe not in common), next(iter(common))
    (tmp_path / "mine.yaml").write_text(
        f"title: mine\ndriver: local\nemulator: qemu-user\nemulator_limits: {{'{own}': x, '{other}': y}}\n"
    )
    assert catalog.platform(str(tmp_path / "mine.yaml")).emulator_limits == {**common, own: "x", other: "y"}


def test_an_emulators_file_is_as_strict(tmp_path: Path, catalog: Catalog) -> None:
    (tmp_path / "platforms" / "emulators").mkdir(parents=True)
    file = tmp_path / "platforms" / "emulators" / "fast.yaml"
    file.write_text("emulator_limits:\n  no/such.py::probe: x\n")
    (tmp_path / "suite").symlink_to(catalog.suite)
    (tmp_path / "mine.yaml").write_text("title: mine\ndriver: local\nemulator: fast\n")
    with pytest.raises(ConfigurationError, match=rf"{file}: line 2: key 'emulator_limits.no/such.py::probe': no such"):
        Catalog(tmp_path).platform(str(tmp_path / "mine.yaml"))
