"""What containers are run by and held in, asked of a real engine: a runtime, a seccomp profile, an AppArmor profile."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from anyunix.catalog.lookup import Catalog
from anyunix.drivers.docker.docker_driver import DockerDriver
from anyunix.drivers.docker.docker_options import DockerOptions
from anyunix.drivers.docker.engine import Engine
from anyunix.drivers.registry import Drivers

ASK = """\
import ctypes, errno, os, threading
libc, found = ctypes.CDLL(None, use_errno=True), []
for number in (425, 434):  # io_uring_setup, pidfd_open: numbered alike on every CPU
    libc.syscall(number, -1, 0)
    found.append(errno.errorcode[ctypes.get_errno()])
try:
    threading.Thread(target=lambda: None).start()
except RuntimeError as error:
    found.append(str(error))
print(*found, sep=", ")
"""


def quiet(text: str) -> None:
    """Nobody listens."""


def said(options: DockerOptions, engine: Engine) -> str:
    """By the program, in a container with these options."""
    driver = DockerDriver(options, engine)
    assert driver.available() is None
    driver.up(quiet)
    try:
        return driver.run(["python3", "-c", ASK], env={}, timeout=60).stdout.strip()
    finally:
        driver.down()


@pytest.mark.parametrize(
    ("platform", "answers"),
    [
        ("hostile-seccomp-enosys", "ENOSYS, ENOSYS"),
        ("hostile-seccomp-eperm", "EPERM, EPERM"),  # a thread starts: glibc does without clone3 after ENOSYS
    ],
)
def test_a_seccomp_profile_holds_in_the_container(
    engine: Engine, catalog: Catalog, platform: str, answers: str
) -> None:
    assert said(catalog.platform(platform).options, engine) == answers


def test_without_a_profile_no_filter_is_there(engine: Engine, catalog: Catalog) -> None:
    driver = DockerDriver(replace(catalog.platform("debian").options, seccomp="unconfined"), engine)
    driver.up(quiet)
    try:
        done = driver.run(["grep", "^Seccomp:", "/proc/self/status"], env={}, timeout=60)
    finally:
        driver.down()
    assert done.stdout.split() == ["Seccomp:", "0"]


def test_the_engines_own_runtime_can_be_named(engine: Engine, catalog: Catalog) -> None:
    runtime = engine.client().info()["DefaultRuntime"]
    assert "EINVAL" in said(replace(catalog.platform("debian").options, runtime=runtime), engine)


def test_a_runtime_that_the_engine_has_not_is_not_available(engine: Engine, catalog: Catalog) -> None:
    platform = catalog.platform("debian")
    reason = DockerDriver(replace(platform.options, runtime="runcs"), engine).available()
    assert reason is not None
    assert "has no runtime 'runcs': `docker info` lists " in reason
    assert "\n" not in reason
    assert Drivers(engine).for_platform(platform).available() is None


def test_a_profile_of_apparmor_is_no_claim_where_the_engine_has_no_apparmor(engine: Engine, catalog: Catalog) -> None:
    has = any("name=apparmor" in each for each in engine.client().info()["SecurityOptions"])
    name = "docker-default" if has else "anyunix-test"
    reason = DockerDriver(replace(catalog.platform("debian").options, apparmor=name), engine).available()
    assert (reason is None) == has
    assert has or "has no AppArmor" in str(reason)


def test_a_profile_of_ones_own_lies_beside_the_platform_file(engine: Engine, tmp_path: Path, catalog: Catalog) -> None:
    rule = {"names": ["pidfd_open"], "action": "SCMP_ACT_ERRNO", "errnoRet": 12}
    (tmp_path / "mine.json").write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}))
    (tmp_path / "mine.yaml").write_text("extends: debian\ntitle: mine\nseccomp: mine.json\n")
    assert said(catalog.platform(str(tmp_path / "mine.yaml")).options, engine).endswith("ENOMEM")
