"""FreeBSD's network defaults on this machine, for one process and nobody else."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from anyunix.catalog import Catalog, Platform
from anyunix.drivers.netns import NetnsDriver
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
    driver = NetnsDriver(catalog.platform("local-v6only"))
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
    platform = Platform("bad", "bad", "netns", sysctls={"net.ipv6.no_such": "1"})
    driver = NetnsDriver(platform)
    if reason := driver.available():
        pytest.skip(reason)
    with pytest.raises(PlatformError, match=r"sysctl net\.ipv6\.no_such=1"):
        driver.up(quiet)


def test_a_file_that_the_system_lacks_is_put_there_too() -> None:
    platform = Platform("new", "new", "netns", files={"/etc/anyunix-test-file": "content\n"})
    driver = NetnsDriver(platform)
    if reason := driver.available():
        pytest.skip(reason)
    driver.up(quiet)
    try:
        assert driver.run(["cat", "/etc/anyunix-test-file"], env={}, timeout=10).stdout == "content\n"
        assert not Path("/etc/anyunix-test-file").exists()
    finally:
        driver.down()


def test_forbidden_user_namespaces_are_said_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                            catalog: Catalog) -> None:
    for name in ("nsenter", "python3"):
        (tmp_path / name).symlink_to(shutil.which(name) or "/bin/false")
    (tmp_path / "unshare").write_text("#!/bin/sh\necho 'unshare failed: Operation not permitted' >&2\nexit 1\n")
    (tmp_path / "unshare").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path) + ":/bin")
    reason = NetnsDriver(catalog.platform("local-v6only")).available()
    assert reason is not None
    assert "Operation not permitted" in reason
    assert "kernel.unprivileged_userns_clone=1" in reason


def test_a_killed_owner_leaves_no_namespace(catalog: Catalog) -> None:
    driver = NetnsDriver(catalog.platform("local-v6only"))
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
