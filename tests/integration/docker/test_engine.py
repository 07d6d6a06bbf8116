"""Where the engine is, what is said when it is not there, and that no call to it waits for ever."""

import hashlib
import json
import os
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

import docker.errors
import pytest
from msgspec.structs import replace

from anyunix.catalog.lookup import Catalog
from anyunix.drivers.docker.docker_driver import DockerDriver
from anyunix.drivers.docker.endpoint import find_address
from anyunix.drivers.docker.engine import Engine
from anyunix.drivers.docker.image_build import start_hint
from anyunix.errors import PlatformError
from relay import Relay, relay

DEAF = """\
ARG BASE
FROM ${BASE}
RUN printf '#!/bin/sh\\nexec sleep 600\\n' > /usr/local/bin/python3 && chmod 755 /usr/local/bin/python3
"""

USE = """\
from pathlib import PurePosixPath
from anyunix.catalog.lookup import find_catalog
from anyunix.drivers.registry import Drivers
driver = Drivers().for_platform(find_catalog().platform("alpine"))
assert driver.available() is None
driver.up(lambda text: None)
try:
    print(driver.run(["sh", "-c", "echo hello | tee file"], env={}, timeout=20).stdout, end="")
    assert driver.get(PurePosixPath("file"), limit=100)
finally:
    driver.down()
"""


def quiet(text: str) -> None:
    """Nobody listens."""


@pytest.fixture
def relayed(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    """The engine behind a relay, for whoever makes an Engine now."""
    socket_path = find_address(os.environ).url.removeprefix("unix://")
    with relay(tmp_path / "relay.sock", socket_path) as between:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/relay.sock")
        yield between


def context(folder: Path, name: str, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Docker's configuration with one context that is not used yet."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    meta = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    meta.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (meta / "meta.json").write_text(
        json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": False}}})
    )


def test_the_engine_is_the_one_that_the_command_docker_would_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context(tmp_path, "desktop", "unix:///run/desktop.sock", monkeypatch)
    assert str(find_address(os.environ)) == "unix:///var/run/docker.sock"
    monkeypatch.setenv("DOCKER_CONTEXT", "desktop")
    assert str(find_address(os.environ)) == "unix:///run/desktop.sock (docker context 'desktop')"
    monkeypatch.delenv("DOCKER_CONTEXT")
    (tmp_path / "config.json").write_text('{"currentContext": "desktop"}')
    assert find_address(os.environ).url == "unix:///run/desktop.sock"
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/other.sock")
    assert find_address(os.environ).url == "unix:///run/other.sock"


def test_a_context_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context(tmp_path, "desktop", "unix:///run/desktop.sock", monkeypatch)
    monkeypatch.setenv("DOCKER_CONTEXT", "desktpo")
    assert Engine().available() == (
        "the Docker context 'desktpo' (DOCKER_CONTEXT) is not there (did you mean 'desktop'?): there are default, "
        f"desktop in {tmp_path}; `docker context use NAME` or DOCKER_CONTEXT=NAME chooses one"
    )


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("docker.sock", "`docker info` answers, or restart it (`systemctl restart docker`)"),
        ("podman.sock", "`podman info` answers, or restart it (`systemctl --user restart podman.socket`)"),
    ],
)
def test_an_engine_that_does_not_answer_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, hint: str
) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(f"{tmp_path}/{name}")
        silent.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/{name}")
        reason = Engine(answer_seconds=1).available()
    assert reason is not None
    assert "does not answer within 1 s" in reason
    assert reason.endswith(hint)


def test_no_podman_is_said_with_how_to_start_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/podman.sock")
    assert "`systemctl --user start podman.socket`" in str(Engine().available())


def test_a_podman_without_an_init_says_what_to_install() -> None:
    said = "container create: container-init binary not found on the host: stat /usr/libexec/podman/catatonit: no such"
    assert "install catatonit" in start_hint(said)


def test_what_a_command_says_at_once_is_read_from_its_beginning(relayed: Relay, catalog: Catalog) -> None:
    """The HTTP header and the first output in one piece: docker-py reads on below the buffer that has them."""
    driver = DockerDriver(catalog.platform("alpine").options, Engine())
    assert driver.available() is None
    driver.up(quiet)
    relayed.lag = 0.3
    try:
        assert driver.run(["sh", "-c", "echo hello; echo bad >&2"], env={}, timeout=20).stdout == "hello\n"
    finally:
        relayed.lag = 0.0
        driver.down()


def test_nothing_is_left_open_for_the_interpreter_to_complain_about(engine: Engine) -> None:
    """Python 3.13 prints what older ones keep to themselves; in development mode all of them do."""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", USE], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello\n", "")


def test_an_engine_that_dies_while_a_platform_comes_up_is_an_error(relayed: Relay, catalog: Catalog) -> None:
    made = Engine()
    assert made.available() is None
    driver = DockerDriver(catalog.platform("alpine").options, made)
    made.image(catalog.platform("alpine").options.image, quiet)

    def die(text: str) -> None:
        relayed.close()

    with pytest.raises(PlatformError, match="the container does not start: "):
        driver.up(die)


def test_an_engine_that_gets_stuck_holds_up_no_call(relayed: Relay, engine: Engine, catalog: Catalog) -> None:
    driver = DockerDriver(catalog.platform("alpine").options, Engine(call_seconds=4), grace_seconds=0.5)
    assert driver.available() is None
    driver.up(quiet)
    name, network = driver._container.name, driver._network.name
    started = time.monotonic()
    try:
        assert driver.run(
            ["sh", "-c", "echo begun; exec sleep 60"], env={}, timeout=0.5, say=lambda line: relayed.stuck.set()
        ).timed_out
        assert time.monotonic() - started < 40
    finally:
        with suppress(docker.errors.NotFound):  # it ended with the connection that ties it to its run
            engine.client().containers.get(name).remove(force=True, v=True)
        engine.client().networks.get(network).remove()


def test_an_image_whose_python_does_not_read_gets_no_payload(engine: Engine, catalog: Catalog, tmp_path: Path) -> None:
    dockerfile, archive = tmp_path / "deaf.Dockerfile", tmp_path / "payload.tar"
    dockerfile.write_text(DEAF)
    (tmp_path / "large").write_bytes(bytes(8 * 1024 * 1024))
    with tarfile.open(archive, "w") as tar:
        tar.add(tmp_path / "large", "large")
    options = replace(catalog.platform("alpine").options, dockerfile=str(dockerfile))
    driver = DockerDriver(options, engine, transfer_seconds=1.0)
    driver.up(quiet)
    started = time.monotonic()
    try:
        with pytest.raises(PlatformError, match="not taken within 1 s: python3 there does not read its standard input"):
            driver.put(archive)
        assert time.monotonic() - started < 20
    finally:
        driver.down()
        engine.client().images.remove(engine.image(options.image, quiet), force=True)


def test_a_file_is_read_back_whole_up_to_its_own_limit(engine: Engine, catalog: Catalog) -> None:
    driver = DockerDriver(catalog.platform("alpine").options, engine)
    driver.up(quiet)
    try:
        driver.run(["sh", "-c", "head -c 20000000 /dev/zero > large"], env={}, timeout=20)
        assert len(driver.get(PurePosixPath("large"), limit=32 * 1024 * 1024)) == 20_000_000
    finally:
        driver.down()


def test_an_images_name_is_made_of_the_letters_that_it_may_have(
    engine: Engine, catalog: Catalog, tmp_path: Path
) -> None:
    dockerfile = tmp_path / "My_Image.Dockerfile"
    dockerfile.write_text("ARG BASE\nFROM ${BASE}\n")
    tag = engine.image(replace(catalog.platform("alpine").options, dockerfile=str(dockerfile)).image, quiet)
    engine.client().images.remove(tag)
    assert tag.startswith("anyunix/my-image:")
