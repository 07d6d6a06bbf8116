"""FreeBSD's network defaults on this machine, for one process and nobody else."""

import json
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

import anyunix
from anyunix.catalog.lookup import Catalog
from anyunix.drivers.netns.netns_driver import NetnsDriver, NetnsOptions
from anyunix.errors import PlatformError

ASK = """\
import json, socket
with socket.socket(socket.AF_INET6) as listener:
    v6only = listener.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    listener.bind(("::1", 0))
order = [entry[4][0] for entry in
         socket.getaddrinfo(None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)]
print(json.dumps([v6only, order]))
"""


def quiet(text: str) -> None:
    """Nobody listens."""


@pytest.fixture
def driver(catalog: Catalog) -> Iterator[NetnsDriver]:
    driver = NetnsDriver(catalog.platform("local-v6only").options)
    if reason := driver.available():
        pytest.skip(reason)
    yield driver
    driver.down()


def test_defaults_are_freebsds_inside_and_this_machines_outside(driver: NetnsDriver) -> None:
    def outside() -> str:
        return Path("/proc/sys/net/ipv6/bindv6only").read_text() + Path("/etc/gai.conf").read_text()

    before = outside()
    driver.up(quiet)
    v6only, order = json.loads(driver.run(["python3", "-c", ASK], env={}, timeout=20).stdout)
    assert (v6only, order) == (1, ["::", "0.0.0.0"])
    assert outside() == before


def test_commands_of_a_cell_share_one_namespace(driver: NetnsDriver) -> None:
    driver.up(quiet)
    link = ["readlink", "/proc/self/ns/net"]
    assert driver.run(link, env={}, timeout=10).stdout == driver.run(link, env={}, timeout=10).stdout


def test_nothing_stays_after_down(driver: NetnsDriver) -> None:
    driver.up(quiet)
    folder = driver.run(["pwd"], env={}, timeout=10).stdout.strip()
    assert Path(folder).is_dir()
    driver.down()
    assert not Path(folder).exists()


def test_a_sysctl_that_cannot_be_set_is_named() -> None:
    driver = NetnsDriver(NetnsOptions(sysctls={"net.ipv6.no_such": "1"}))
    if reason := driver.available():
        pytest.skip(reason)
    with pytest.raises(PlatformError, match=r"sysctl net\.ipv6\.no_such=1"):
        driver.up(quiet)


def test_a_file_that_the_system_lacks_is_put_there_too() -> None:
    driver = NetnsDriver(NetnsOptions(files={"/etc/anyunix-test-file": "content\n"}))
    if reason := driver.available():
        pytest.skip(reason)
    driver.up(quiet)
    try:
        assert driver.run(["cat", "/etc/anyunix-test-file"], env={}, timeout=10).stdout == "content\n"
        assert not Path("/etc/anyunix-test-file").exists()
    finally:
        driver.down()


def test_forbidden_user_namespaces_are_said_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, catalog: Catalog
) -> None:
    for name in ("nsenter", "python3"):
        (tmp_path / name).symlink_to(shutil.which(name) or "/bin/false")
    (tmp_path / "unshare").write_text("#!/bin/sh\necho 'unshare failed: Operation not permitted' >&2\nexit 1\n")
    (tmp_path / "unshare").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path) + ":/bin")
    reason = NetnsDriver(catalog.platform("local-v6only").options).available()
    assert reason is not None
    assert "Operation not permitted" in reason
    assert "kernel.unprivileged_userns_clone=1" in reason


def test_a_killed_owner_leaves_no_namespace(catalog: Catalog) -> None:
    driver = NetnsDriver(catalog.platform("local-v6only").options)
    if reason := driver.available():
        pytest.skip(reason)
    driver.up(quiet)
    holder = driver._holder
    assert holder is not None
    assert holder.stdin is not None
    holder.stdin.close()  # as the kernel does when the owner dies
    try:
        assert holder.wait(10) == 0
    except subprocess.TimeoutExpired:
        pytest.fail("the namespace's holder outlives its owner")
    finally:
        driver.down()


DROP = """\
import json, os
said = []
for call, number in ((os.setgid, 65534), (os.setuid, 65534)):
    try:
        call(number)
        said.append(number)
    except OSError as error:
        said.append(error.strerror)
open("left-behind", "w").close()
os.mkdir("also"), open("also/left-behind", "w").close()
print(json.dumps(said))
"""
"""What a server does that gives its rights up."""
CELL = f"""\
import json, os, sys
from pathlib import Path
from anyunix.catalog.lookup import find_catalog
from anyunix.catalog.platforms import Platform
from anyunix.drivers.netns.netns_driver import NetnsDriver, NetnsOptions
driver = NetnsDriver(find_catalog().platform("local-v6only").options)
reason = driver.available()
if reason:
    sys.exit(reason)
driver.up(print)
driver.run(["chmod", "777", "."], env={{}}, timeout=20)
folder = driver.run(["pwd"], env={{}}, timeout=20).stdout.strip()
said = driver.run(["python3", "-c", {DROP!r}], env={{}}, timeout=20).stdout
if "wait" in sys.argv:
    print(folder, driver._holder.pid, flush=True)
    sys.stdin.read()
driver.down()
print(json.dumps([driver._way, json.loads(said), os.path.exists(folder)]))
"""
NOBODY = pwd.getpwnam("nobody")


def mounts() -> str:
    """What this machine has where a namespace of ours mounts: others may mount elsewhere meanwhile."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    ours = [line for line in lines if line.split()[4].startswith("/etc") or "anyunix-" in line]
    return Path("/etc/gai.conf").read_text() + "\n".join(ours)


def as_nobody(tmp_path: Path, ranges: str) -> list[object]:
    """What a cell says when an ordinary user runs it who has these ranges of IDs.

    All in a private mount namespace: the ranges, and Python and this project where that user can read them.
    """
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    (tmp_path / "ranges").write_text(ranges)
    project = Path(anyunix.__file__).parents[1]
    shell = [
        "mount --make-rprivate /",
        "mount --bind ranges /etc/subuid",
        "mount --bind ranges /etc/subgid",
        "mount -t tmpfs -o mode=755 tmpfs /mnt",
        "mkdir /mnt/python /mnt/site /mnt/project /mnt/home",
        'mount --bind "$1" /mnt/python',
        'mount --bind "$2" /mnt/site',
        'mount --bind "$3" /mnt/project',
        "cd /mnt/home",
        'exec setpriv --reuid nobody --regid "$4" --clear-groups python3 -c "$5"',
    ]
    done = subprocess.run(
        [
            "unshare",
            "-m",
            "sh",
            "-ec",
            "\n".join(shell),
            "sh",
            sys.base_prefix,
            sysconfig.get_path("purelib"),
            str(project),
            str(NOBODY.pw_gid),
            CELL,
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={
            "PATH": f"/mnt/python/bin:{os.environ['PATH']}",
            "PYTHONPATH": "/mnt/project:/mnt/site",
            "PYTHONDONTWRITEBYTECODE": "1",
            "LD_LIBRARY_PATH": "/mnt/python/lib",
        },
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout.splitlines()[-1]))


def test_root_has_all_users_inside_and_changes_nothing_outside(driver: NetnsDriver) -> None:
    if os.geteuid() != 0:
        pytest.skip("root alone")
    before = mounts()
    driver.up(quiet)
    driver.run(["chmod", "777", "."], env={}, timeout=20)
    assert driver.run(["python3", "-c", DROP], env={}, timeout=20).stdout == "[65534, 65534]\n"
    assert driver.run(["cat", "/etc/gai.conf"], env={}, timeout=20).stdout.startswith("label ::/128 1\n")
    assert mounts() == before
    driver.down()
    assert mounts() == before


def test_a_users_range_of_ids_is_used_and_its_files_go(tmp_path: Path) -> None:
    if not shutil.which("newuidmap"):
        pytest.skip("no newuidmap (uidmap)")
    assert as_nobody(tmp_path, f"nobody:{NOBODY.pw_uid + 100_000}:65536\n") == ["range", [65534, 65534], False]


def test_a_user_without_a_range_is_the_only_one(tmp_path: Path) -> None:
    assert as_nobody(tmp_path, "") == ["one", ["Invalid argument", "Invalid argument"], False]


@pytest.mark.parametrize(
    ("uid_map", "said"),
    [
        ("         0       1000          1\n", "; setgid to another group is not possible in this user namespace"),
        ("         0          0 4294967295\n", ""),
        ("0 1000 1\n1 100000 65536\n", ""),
        ("", ""),
    ],
)
def test_a_server_that_does_not_start_where_one_user_is_all_says_so(
    tmp_path: Path, catalog: Catalog, uid_map: str, said: str
) -> None:
    (tmp_path / "uid_map").write_text(uid_map)
    program = (
        "import pathlib, sys; from support import userns, ready; userns.UID_MAP = pathlib.Path(sys.argv[1]);"
        "print(ready.NotReady('it ended', 'no', '', 1))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "uid_map")],
        cwd=catalog.suite,
        timeout=20,
        env={"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(f"it ended{said}")
    assert ("user namespace" in done.stdout) == bool(said)


def test_a_killed_run_leaves_the_machine_as_it_was(driver: NetnsDriver, tmp_path: Path) -> None:
    before = mounts()
    program = subprocess.Popen(
        [sys.executable, "-c", CELL, "wait"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert program.stdin is not None
    assert program.stdout is not None
    folder, holder = program.stdout.readline().split()
    assert folder.startswith(str(tmp_path))
    poller, handle = select.poll(), os.pidfd_open(int(holder))
    poller.register(handle, select.POLLIN)
    program.send_signal(signal.SIGKILL)
    program.wait(10)
    assert poller.poll(10_000), "the namespace's holder outlives its owner"
    os.close(handle)
    program.stdin.close()
    program.stdout.close()
    assert mounts() == before


@pytest.mark.parametrize("name", ["kernel.pid_max", "net./etc/anyunix-test", "net", "vm.swappiness"])
def test_a_sysctl_of_the_whole_machine_is_refused(name: str) -> None:
    driver = NetnsDriver(NetnsOptions(sysctls={name: "1"}))
    if reason := driver.available():
        pytest.skip(reason)
    with pytest.raises(PlatformError, match=r"not one of a network namespace"):
        driver.up(quiet)
