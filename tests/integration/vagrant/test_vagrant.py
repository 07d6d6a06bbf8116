"""Driver vagrant: a double of the command with a real sshd behind it, and the real one where that needs no guest."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.registry import Drivers
from anyunix.drivers.vagrant.box import Box, overridden
from anyunix.drivers.vagrant.machine import Machine
from anyunix.drivers.vagrant.machines import Machines
from anyunix.drivers.vagrant.vagrant_driver import VagrantDriver, VagrantOptions
from anyunix.errors import ConfigurationError, NotRun, PlatformError
from anyunix.run.cell import Cell, CellRun, SuiteOptions
from checkout import ROOT
from sshd import ALIAS, Sshd

NAME = "guest"
DOUBLE = """\
#!/bin/sh
echo "$* box=$ANYUNIX_BOX_GUEST version=$ANYUNIX_BOX_VERSION_GUEST" >> {calls}
case $1 in
up)
    {up}
    mkdir -p "$VAGRANT_DOTFILE_PATH/machines/guest/libvirt"
    echo 1 > "$VAGRANT_DOTFILE_PATH/machines/guest/libvirt/id"
    echo "==> guest: Machine booted and ready!" ;;
ssh-config)
    sed 's/{alias}/guest/' {config} ;;
destroy)
    rm -rf "$VAGRANT_DOTFILE_PATH/machines/guest"
    echo "==> guest: Removing domain..." ;;
box)
    echo "some/other  (libvirt, 0)" ;;
esac
"""
needs_vagrant = pytest.mark.skipif(
    not shutil.which("vagrant") and not os.environ.get("ANYUNIX_REQUIRE_VAGRANT"), reason="no vagrant here"
)


class Double:
    """A PATH with the double of vagrant and of virsh first, and what it was called with."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, config: Path | None = None) -> None:
        self.folder, self.calls, self.state = folder / "double", folder / "calls", folder / "state"
        self._config = config or Path("/dev/null")
        self.folder.mkdir()
        self.calls.touch()
        self.write()
        self.program("virsh", "#!/bin/sh\nexit 0\n")
        monkeypatch.setenv("PATH", f"{self.folder}:{os.environ['PATH']}")

    def write(self, up: str = ":") -> None:
        self.program("vagrant", DOUBLE.format(calls=self.calls, up=up, alias=ALIAS, config=self._config))

    def program(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def machine(self, box: Box | None = None, *, fresh: bool = False) -> Machine:
        return Machine(
            NAME, box or Box("some/box", providers=("libvirt",)), ROOT / "Vagrantfile", self.state, fresh=fresh
        )

    def verbs(self) -> list[str]:
        return [line.split()[0] for line in self.calls.read_text().splitlines()]


@pytest.fixture
def double(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Double:
    return Double(tmp_path, monkeypatch)


def quiet(text: str) -> None:
    """Nobody listens."""


def test_a_cell_runs_through_it_and_the_machine_stays(
    sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, subject: Subject, make_suite: Callable[[str], Path]
) -> None:
    double = Double(tmp_path, monkeypatch, sshd.config)
    machine = double.machine()
    platform = Platform(NAME, "a guest", VagrantOptions(box="some/box"))
    suite = make_suite("def test_runs(fact):\n    fact('x.y', 1)\n")
    for _ in range(2):
        order = SuiteOptions(suite)
        driver = VagrantDriver(machine, threading.Lock())
        result = CellRun(Cell(subject, platform, "default"), driver, order, quiet).run()
        assert (result.status, result.facts) == ("ran", {"x.y": 1}), result.reason
    assert double.verbs() == ["up", "ssh-config"]
    assert machine.exists
    assert sshd.folders() == []
    assert "Removing" in machine.destroy()
    assert not machine.exists


def test_fresh_destroys_first(double: Double) -> None:
    double.machine(fresh=True).start(quiet)
    assert double.verbs() == ["destroy", "up", "ssh-config"]


@pytest.mark.parametrize(
    ("up", "error", "said"),
    [
        (
            "echo \"The box 'some/box' could not be found or could not be accessed\" >&2; exit 1",
            NotRun,
            "the box some/box is not available here .* by --box guest=BOX",
        ),
        (
            "echo 'Timed out while waiting for the machine to boot.' >&2; exit 1",
            PlatformError,
            "guest: vagrant up fails: Timed out while waiting .* `anyunix down guest` removes what there is of it",
        ),
    ],
)
def test_what_is_wrong_is_said_once_for_all_cells(double: Double, up: str, error: type[Exception], said: str) -> None:
    double.write(up)
    machine = double.machine()
    for _ in range(2):
        with pytest.raises(error, match=said):
            machine.start(quiet)
    assert double.verbs() == ["up"]


def test_down_ends_a_start_that_hangs(double: Double, tmp_path: Path) -> None:
    started = tmp_path / "started"
    os.mkfifo(started)
    double.write(f"echo > {started}; sleep 60")
    driver = VagrantDriver(double.machine(), threading.Lock())
    failures: list[Exception] = []

    def up() -> None:
        try:
            driver.up(quiet)
        except PlatformError as error:
            failures.append(error)

    thread = threading.Thread(target=up)
    thread.start()
    started.read_text()  # it has begun
    driver.down()
    thread.join(20)
    assert not thread.is_alive()
    assert len(failures) == 1


def test_nothing_starts_after_down(double: Double) -> None:
    driver = VagrantDriver(double.machine(), threading.Lock())
    driver.down()
    with pytest.raises(PlatformError, match="the platform is down"):
        driver.up(quiet)
    assert double.verbs() == []


def test_each_of_the_three_that_may_be_missing_is_named(
    double: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Box("some/own", hint="make it so", providers=("libvirt",))
    assert double.machine().reason() is None
    assert double.machine(own).reason() == "the box some/own is not here: make it so"
    assert double.machine(replace(own, url="https://example.org/own.box")).reason() is None
    double.program("virsh", "#!/bin/sh\nexit 1\n")
    assert str(double.machine().reason()).startswith("no provider for its virtual machine (libvirt) answers here: ")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert str(double.machine().reason()).startswith("no vagrant on PATH: install")


def test_a_box_is_named_by_the_environment(tmp_path: Path) -> None:
    box = Box("a/b", "1", "https://example.org", "hint")
    assert overridden(box, "free-bsd", {"ANYUNIX_BOX_FREE_BSD": "c/d"}) == Box("c/d", "", "", "")
    assert overridden(box, "free-bsd", {"ANYUNIX_BOX_VERSION_FREE_BSD": "2"}) == replace(box, version="2")
    file = tmp_path / "own.box"
    file.touch()
    assert overridden(box, "x", {"ANYUNIX_BOX_X": str(file)}).is_file


def test_box_on_the_command_line_reaches_vagrant(double: Double, tmp_path: Path) -> None:
    (tmp_path / "guest.yaml").write_text("title: x\ndriver: vagrant\nbox: a/b\nproviders: [libvirt]\n")
    double.write("exit 1")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "anyunix",
            "run",
            "--platform",
            "./guest.yaml",
            "--box",
            "guest=c/d",
            "--box-version",
            "guest=7",
            "--subject",
            "python",
            "--require",
            "./guest.yaml",
        ],
        cwd=tmp_path,
        env={**os.environ, "XDG_STATE_HOME": str(double.state)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert "up guest --provider=libvirt box=c/d version=7" in double.calls.read_text()


def test_a_box_file_is_found_from_any_folder(double: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.box").touch()
    monkeypatch.chdir(tmp_path)
    double.machine(Box("./own.box", providers=("libvirt",))).start(quiet)
    assert f"up guest --provider=libvirt box={tmp_path}/own.box " in double.calls.read_text()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("driver: vagrant", "key 'box': missing: driver vagrant needs it"),
        ("driver: local\nbox: a/b", "key 'box': for driver vagrant only"),
        ("driver: vagrant\nbox: a/b\nproviders: [libvrit]", r"unknown 'libvrit' \(did you mean 'libvirt'\?\)"),
        ("driver: vagrant\nbox: a/b\nsysctls: {a: 1}", "vagrant changes nothing on its machine"),
    ],
)
def test_a_platform_file_that_is_wrong_is_a_configuration_error(
    catalog: Catalog, tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(f"title: x\n{text}\n")
    with pytest.raises(ConfigurationError, match=said):
        catalog.platform(str(file))


def test_down_without_machines_has_nothing_to_say(double: Double, tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "nothing")}
    done = subprocess.run(
        [sys.executable, "-m", "anyunix", "down"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, double.verbs()) == (0, "", [])
    wrong = subprocess.run(
        [sys.executable, "-m", "anyunix", "down", "local"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert wrong.returncode == 2
    assert "driver local leaves nothing behind" in wrong.stderr


@needs_vagrant
def test_vagrant_itself_takes_the_vagrantfile(catalog: Catalog, tmp_path: Path) -> None:
    """Every machine of the catalog is in it, with the box of its platform or the one that the environment names."""
    own = tmp_path / "own.box"
    own.touch()
    environment = {
        **os.environ,
        "VAGRANT_CWD": str(ROOT),
        "VAGRANT_DOTFILE_PATH": str(tmp_path / "state"),
        "VAGRANT_HOME": str(tmp_path / "home"),
        "ANYUNIX_BOX_FREEBSD": str(own),
    }
    valid = subprocess.run(
        ["vagrant", "validate", "--ignore-provider"], env=environment, capture_output=True, text=True, timeout=120
    )
    assert "validated successfully" in valid.stdout, valid.stdout + valid.stderr
    status = subprocess.run(
        ["vagrant", "status", "--machine-readable"], env=environment, capture_output=True, text=True, timeout=120
    )
    named = {line.split(",")[1] for line in status.stdout.splitlines() if line.count(",") > 1} - {""}
    assert named == {name for name in catalog.platform_names() if catalog.platform(name).driver == "vagrant"}


@pytest.fixture
def bsd(tmp_path: Path) -> Path:
    """A PATH on which uname says FreeBSD, without python3, with a pkg that installs one under its version's name."""
    folder = tmp_path / "bin"
    folder.mkdir()
    programs = {
        "uname": "echo FreeBSD",
        "sysctl": "echo 1",
        "pkg": f"echo pkg \"$@\"; printf '#!/bin/sh\\necho Python 3.11.9\\n' > {folder}/python3; "
        f"chmod +x {folder}/python3",
    }
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    for name in ("env", "chmod", "mkdir", "ln"):
        (folder / name).symlink_to(str(shutil.which(name)))
    return folder


def test_provisioning_installs_once(bsd: Path) -> None:
    said = [
        subprocess.run(
            ["/bin/sh", str(ROOT / "boxes" / "provision.sh")],
            env={"PATH": str(bsd)},
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        ).stdout
        for _ in range(2)
    ]
    assert "pkg install -y python3" in said[0]
    assert "no cc here" in said[0]
    assert "IPV6_V6ONLY by default: 1" in said[0]
    assert "pkg" not in said[1]
    assert "python3 is there: Python 3.11.9" in said[1]


def test_provisioning_an_unknown_system_says_so(bsd: Path) -> None:
    (bsd / "uname").write_text("#!/bin/sh\necho Plan9\n")
    done = subprocess.run(
        ["/bin/sh", str(ROOT / "boxes" / "provision.sh")],
        env={"PATH": str(bsd)},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stderr.strip()) == (1, "no way to install python3 on Plan9 is known here")


def test_machines_are_made_once_a_platform(catalog: Catalog, tmp_path: Path) -> None:
    machines = Machines({"XDG_STATE_HOME": str(tmp_path)})
    drivers, platform = Drivers(machines), catalog.platform("debian-vm-i386")
    assert drivers.remains(platform) is drivers.remains(platform)
