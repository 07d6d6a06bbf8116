"""Podman's service, with root and without: its answers to the same driver, and what it cannot do."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest
from msgspec.structs import replace

import podman
from anyunix.catalog.lookup import Catalog
from anyunix.cli import main
from anyunix.drivers.docker.docker_driver import DockerDriver
from anyunix.drivers.docker.docker_options import DockerOptions
from anyunix.drivers.docker.engine import Engine
from anyunix.drivers.docker.owned import OWNER_LABEL
from anyunix.errors import PlatformError
from short_cell import Run

ASK = """\
cat /proc/sys/net/ipv6/bindv6only /etc/mark; echo; id -u; grep CapBnd /proc/self/status; cat /proc/1/comm
grep -c ^00000000.*0003 /proc/net/route; touch /etc/more 2>/dev/null || echo read-only
python3 -c 'import os, errno
try: os.pidfd_open(os.getpid())
except OSError as error: print(errno.errorcode[error.errno])'
"""
GONE_SECONDS = 120.0
KILLED = """\
import os, signal, sys
from anyunix.catalog.lookup import find_catalog
from anyunix.drivers.registry import Drivers
driver = Drivers().for_platform(find_catalog().platform(sys.argv[1]))
assert driver.available() is None
driver.up(lambda text: None)
os.kill(os.getpid(), signal.SIGKILL)
"""


def quiet(text: str) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module", params=["with root", "without root"])
def address(request: pytest.FixtureRequest, engine: Engine, image: str) -> Iterator[str]:
    """A service that has the image. Where ANYUNIX_REQUIRE_PODMAN is set, as in CI, its absence is a failure."""
    rootless = request.param == "without root"
    if reason := podman.missing(rootless=rootless):
        if os.environ.get("ANYUNIX_REQUIRE_PODMAN"):
            pytest.fail(reason)
        pytest.skip(reason)
    with podman.service(rootless=rootless) as url, closing(docker.DockerClient(base_url=url, timeout=300)) as client:
        client.api.load_image(engine.client().api.get_image(image))
        yield url


@pytest.fixture
def other(address: str, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The service, as cells reach it."""
    monkeypatch.setenv("DOCKER_HOST", address)
    found = Engine()
    assert found.available() is None
    return found


@pytest.fixture
def options(platform_file: Path, catalog: Catalog) -> DockerOptions:
    """Of the short cell's platform."""
    found = catalog.platform(str(platform_file)).options
    assert isinstance(found, DockerOptions)
    return found


def test_a_cell_runs(address: str, run: Run) -> None:
    done = run(DOCKER_HOST=address)
    assert done.ran, done.said


def test_what_a_platform_file_asks_for_is_there(options: DockerOptions, other: Engine, catalog: Catalog) -> None:
    seccomp = catalog.platform("hostile-seccomp-enosys").options
    assert isinstance(seccomp, DockerOptions)
    driver = DockerDriver(replace(options, seccomp=seccomp.seccomp), other)
    assert driver.available() is None
    driver.up(quiet)
    try:
        said = driver.run(["sh", "-c", ASK], env={}, timeout=60)
    finally:
        driver.down()
    assert said.stdout.split() == [
        *("1", "here", "1000", "CapBnd:", "0000000000001000", "podman-init"),
        *("0", "read-only", "ENOSYS"),
    ], said


def test_it_is_named_where_platforms_are_listed(
    address: str, other: Engine, platform_file: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    product, without = other.connection().product, "without root" in request.node.name
    assert product.startswith("Podman ")
    engine = f"{product}{', without root,' if without else ''} at {address}"
    assert main(["list", "platforms", "local", str(platform_file)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"containers run in {engine}"
    assert main(["list", "platforms", "local", str(platform_file), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["platforms"]
    assert [each["engine"] for each in listed] == ["", engine]


def test_what_it_cannot_do_is_a_reason_that_names_it(options: DockerOptions, other: Engine) -> None:
    product, info = other.connection().product, other.client().api.info()
    reason = DockerDriver(replace(options, runtime="runsc"), other).available()
    assert reason is not None
    assert reason.startswith(f"{product} runs all containers of its Docker API by one runtime")
    reason = DockerDriver(replace(options, memory="512m"), other).available()
    if info["Rootless"] and info["CgroupVersion"] == "1":
        assert reason is not None
        assert reason.startswith(f"{product} limits neither memory nor processes here")
    else:
        assert reason is None


def test_an_image_that_cannot_be_pulled_says_what_to_type(options: DockerOptions, other: Engine) -> None:
    absent = replace(options, base="localhost:1/no-such-image:1").image
    with pytest.raises(PlatformError, match=r"no-such-image:1 is not here and cannot be pulled .*anyunix images build"):
        other.image(absent, quiet)


def test_what_a_killed_run_leaves_is_removed_by_the_next(platform_file: Path, other: Engine) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(platform_file)], timeout=300, check=False)
    assert done.returncode == -signal.SIGKILL
    api, owned, end = other.client().api, {"label": OWNER_LABEL}, time.monotonic() + GONE_SECONDS
    assert api.networks(filters=owned)
    while api.networks(filters=owned) or api.containers(all=True, filters=owned):
        assert time.monotonic() < end
        assert Engine().available() is None
