"""Containers: hardened by default, images built once, nothing left behind, an absent engine said plainly."""

import contextlib
import dataclasses
import io
import json
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import docker.errors
import pytest
from msgspec.structs import replace

from anyunix.catalog.lookup import Catalog
from anyunix.drivers.docker.docker_driver import DockerDriver
from anyunix.drivers.docker.docker_options import DockerOptions
from anyunix.drivers.docker.engine import Engine
from anyunix.drivers.docker.owned import DEADLINE_LABEL, OWNER_LABEL, is_left_behind, remove_left_behind, things
from anyunix.drivers.registry import Drivers
from anyunix.errors import PlatformError
from anyunix.host.owner import own

LOOK = """\
import json, os, socket
def attempt(action):
    try:
        action()
    except OSError as error:
        return str(error.strerror or error)
    return "done"
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
print(json.dumps({
    "uid": os.getuid(), "capabilities": int(status["CapBnd"], 16), "no_new_privileges": status["NoNewPrivs"].strip(),
    "root": attempt(lambda: open("/root-file", "w")), "work": attempt(lambda: open("/work/file", "w")),
    "init": open("/proc/1/cmdline").read().split("\\0")[0],
    "families": sorted({len(a.split(":")) > 1 for a in os.popen("cat /proc/net/if_inet6; hostname -i").read().split()}),
    "way_out": attempt(lambda: socket.create_connection(("192.0.2.1", 9), timeout=1)),
    "lo6": attempt(lambda: socket.socket(socket.AF_INET6).bind(("::1", 0))),
}))
"""


def quiet(text: str) -> None:
    """Nobody listens."""


@pytest.fixture
def driver(engine: Engine, catalog: Catalog) -> Iterator[DockerDriver]:
    driver = DockerDriver(catalog.platform("debian").options, engine)
    driver.up(quiet)
    yield driver
    driver.down()


def resources(engine: Engine, kind: str = "") -> set[str]:
    """The names of what runs made in the engine: other runs' too."""
    api, only = engine.client().api, {"label": OWNER_LABEL}
    containers = {c["Names"][0].lstrip("/") for c in api.containers(all=True, filters=only)}
    networks = {n["Name"] for n in api.networks(filters=only)}
    return {"container": containers, "network": networks}.get(kind, containers | networks)


def test_hardened_by_default(driver: DockerDriver) -> None:
    found = json.loads(driver.run(["python3", "-c", LOOK], env={}, timeout=20).stdout)
    assert found["uid"] == 1000
    assert found["capabilities"] == 0
    assert found["no_new_privileges"] == "1"
    assert found["root"] == "Read-only file system"
    assert found["work"] == "done"
    assert "init" in found["init"]
    assert found["way_out"] != "done"
    assert found["lo6"] == "done"


def test_the_gateway_is_this_machine_as_the_readme_says(driver: DockerDriver, engine: Engine) -> None:
    if not engine.connection().where.is_here:
        pytest.skip("the engine is on another machine")
    with socket.create_server(("0.0.0.0", 0)) as listener:
        program = (
            "import socket, struct, sys; routes = [line.split() for line in open('/proc/net/route')];"
            "gateway = next(struct.pack('<L', int(r[2], 16)) for r in routes if r[1] == '00000000');"
            "socket.create_connection((socket.inet_ntoa(gateway), int(sys.argv[1])), timeout=5)"
        )
        done = driver.run(["python3", "-c", program, str(listener.getsockname()[1])], env={}, timeout=20)
    assert done.status == 0, done.stderr


def test_a_platform_file_can_ask_for_no_init(engine: Engine, catalog: Catalog) -> None:
    driver = DockerDriver(replace(catalog.platform("debian").options, init=False), engine)
    driver.up(quiet)
    try:
        assert driver.run(["cat", "/proc/1/comm"], env={}, timeout=10).stdout == "cat\n"
    finally:
        driver.down()


def test_v6only_platform_has_freebsds_defaults(engine: Engine, catalog: Catalog) -> None:
    driver = DockerDriver(catalog.platform("debian-v6only").options, engine)
    driver.up(quiet)
    ask = (
        "import socket; print([a[4][0] for a in socket.getaddrinfo(None, 0, type=socket.SOCK_STREAM, "
        "flags=socket.AI_PASSIVE)], open('/proc/sys/net/ipv6/bindv6only').read().strip())"
    )
    try:
        assert driver.run(["python3", "-c", ask], env={}, timeout=20).stdout == "['::', '0.0.0.0'] 1\n"
    finally:
        driver.down()


def test_down_removes_container_and_network(engine: Engine, catalog: Catalog) -> None:
    before = resources(engine)
    driver = DockerDriver(catalog.platform("alpine").options, engine)
    driver.up(quiet)
    assert len(resources(engine) - before) == 2
    driver.down()
    assert resources(engine) <= before


def test_a_command_over_its_time_ends_with_its_container(engine: Engine, catalog: Catalog) -> None:
    driver = DockerDriver(catalog.platform("debian").options, engine, grace_seconds=0.5)
    driver.up(quiet)
    started = time.monotonic()
    done = driver.run(["sleep", "60"], env={}, timeout=0.5)
    assert done.timed_out
    assert time.monotonic() - started < 15


def test_a_container_that_dies_under_a_command_is_an_error(driver: DockerDriver, engine: Engine) -> None:
    def kill(line: str) -> None:
        engine.client().containers.get(driver._id()).kill()

    with contextlib.suppress(PlatformError):  # the engine tells either the loss or the kill, whichever it sees first
        assert driver.run(["sh", "-c", "echo begun; exec sleep 60"], env={}, timeout=30, say=kill).status == 137
    with pytest.raises(PlatformError, match="the container is lost"):
        driver.run(["true"], env={}, timeout=30)


def test_image_is_built_once_for_its_content(engine: Engine, catalog: Catalog, tmp_path: Path) -> None:
    dockerfile = tmp_path / "t.Dockerfile"
    dockerfile.write_text(f"ARG BASE\nFROM ${{BASE}}\nLABEL made={time.time_ns()}\n")
    options = replace(catalog.platform("debian").options, dockerfile=str(dockerfile))
    said: list[str] = []
    first = engine.image(options.image, said.append)
    assert any("building" in line for line in said)
    said.clear()
    assert engine.image(options.image, said.append) == first
    assert said == []
    other = engine.image(replace(options, files={"/etc/x": "y"}).image, said.append)
    assert other != first
    for tag in (first, other):
        engine.client().images.remove(tag)


def test_dockerfile_that_fails_says_the_command(engine: Engine, catalog: Catalog, tmp_path: Path) -> None:
    dockerfile = tmp_path / "bad.Dockerfile"
    dockerfile.write_text("ARG BASE\nFROM ${BASE}\nRUN echo the reason; false\n")
    with pytest.raises(PlatformError, match=r"bad\.Dockerfile.*the reason"):
        engine.image(replace(catalog.platform("debian").options, dockerfile=str(dockerfile)).image, quiet)


def test_image_that_cannot_be_pulled_says_what_to_do(engine: Engine, catalog: Catalog) -> None:
    options = replace(catalog.platform("debian").options, base="localhost:1/no-such-image:1")
    with pytest.raises(PlatformError, match="no-such-image:1 is not here and cannot be pulled"):
        engine.image(options.image, quiet)


def killed_with_a_platform_up() -> set[str]:
    """A process that brings a platform up and is killed; the names of its container and its network."""
    code = (
        "import os\nfrom anyunix.catalog.lookup import find_catalog\nfrom anyunix.drivers.registry import Drivers\n"
        "driver = Drivers().for_platform(find_catalog().platform('alpine'))\n"
        "assert driver.available() is None\ndriver.up(lambda text: None)\n"
        "print(driver._container.name, driver._network.name, flush=True)\nos.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert len(killed.stdout.split()) == 2, killed.stderr
    return set(killed.stdout.split())


def test_a_container_ends_with_its_run_however_that_ends(engine: Engine) -> None:
    container = killed_with_a_platform_up() - resources(engine, "network")
    end = time.monotonic() + 10
    while container & resources(engine, "container") and time.monotonic() < end:
        time.sleep(0.1)
    assert not container & resources(engine, "container")


def test_what_a_killed_run_left_is_removed_by_the_next(engine: Engine, catalog: Catalog) -> None:
    left = killed_with_a_platform_up()
    assert left & resources(engine, "network")
    assert Engine().available() is None
    assert not left & resources(engine)


def test_what_is_past_its_deadline_is_removed_and_a_live_runs_stays(driver: DockerDriver, engine: Engine) -> None:
    client = engine.client()
    old = client.networks.create("anyunix-test-old", labels={OWNER_LABEL: "elsewhere/1", DEADLINE_LABEL: "1"})
    mine = resources(engine) - {old.name}
    assert f"network {old.name}" in remove_left_behind(client.api)
    assert mine <= resources(engine)


@pytest.mark.parametrize(
    ("owner", "deadline", "stays"),
    [
        ("elsewhere/1", 60, True),
        ("elsewhere/1", -60, False),  # as earlier versions wrote them
        ("boot/4026531836/1/1", 60, True),
        ("boot/4026531836/1/1", -60, False),
        ("//1/1", 60, True),
        ("boot/1/2/99999999999999", -60, False),
        ("", -60, False),
    ],
)
def test_an_owner_that_cannot_be_seen_has_until_its_deadline(
    engine: Engine, owner: str, deadline: int, stays: bool
) -> None:
    client = engine.client()
    labels = {OWNER_LABEL: owner, DEADLINE_LABEL: str(int(time.time()) + deadline)}
    network = client.networks.create(f"anyunix-test-{time.monotonic_ns()}", labels=labels)
    try:
        assert (f"network {network.name}" not in remove_left_behind(client.api)) == stays
    finally:
        with contextlib.suppress(docker.errors.NotFound):
            network.remove()


def test_a_live_run_in_another_pid_namespace_keeps_what_it_has(driver: DockerDriver, engine: Engine) -> None:
    """Its pid says nothing here, but its container runs, and that is a sign of life beyond a deadline."""
    api, names = engine.client().api, {driver._container.name, driver._network.name}
    elsewhere, over = str(dataclasses.replace(own(), namespace="1")), str(int(time.time()) - 60)
    mine = [
        dataclasses.replace(thing, labels={OWNER_LABEL: elsewhere, DEADLINE_LABEL: over})
        for thing in things(api)
        if thing.name in names
    ]
    assert len(mine) == 2
    assert not any(is_left_behind(api, thing) for thing in mine)
    driver._container.kill()
    with contextlib.suppress(docker.errors.NotFound):
        driver._container.wait(condition="removed")
    assert all(is_left_behind(api, thing) for thing in mine if thing.kind == "network")


def test_no_engine_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    reason = Engine().available()
    assert reason is not None
    assert "no.sock" in reason
    assert "start it" in reason


def test_a_missing_limit_key_keeps_the_default() -> None:
    options = DockerOptions(dockerfile="a.Dockerfile", base="a:1")
    assert (options.user, options.capabilities) == ("1000:1000", ())


def test_a_cpu_that_the_kernel_cannot_start_is_said_with_what_to_type(
    engine: Engine, catalog: Catalog, tmp_path: Path
) -> None:
    """An image whose shell is for a machine that nobody has: what the engine says of it is `exec format error`."""
    shell = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\x99\x99" + bytes(100)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        member = tarfile.TarInfo("bin/sh")
        member.size, member.mode = len(shell), 0o755
        tar.addfile(member, io.BytesIO(shell))
    client, name = engine.client(), "anyunix-test/no-such-cpu"
    client.api.import_image_from_data(buffer.getvalue(), repository=name, tag="1")
    try:
        options = replace(catalog.platform("debian").options, base=f"{name}:1")
        with pytest.raises(PlatformError) as error:
            DockerDriver(options, engine).up(quiet)
    finally:
        client.images.remove(f"{name}:1", force=True)
    assert "its kernel has no emulator for this CPU: apt-get install qemu-user-static" in str(error.value)
    assert "\n" not in str(error.value)


def test_an_emulated_platform_without_a_handler_is_not_available(
    engine: Engine, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anyunix.drivers.docker.engine.no_handler", lambda cpu: f"no handler for {cpu}")
    assert Drivers(engine).for_platform(catalog.platform("debian-s390x")).available() == "no handler for linux/s390x"
    assert Drivers(engine).for_platform(catalog.platform("debian")).available() is None
