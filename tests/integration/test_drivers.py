"""What every driver promises, asked of the real thing: this machine, namespaces, containers."""

import io
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import msgspec
import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platform_file import PLATFORM_FILE
from anyunix.catalog.platforms import Platform
from anyunix.drivers.base import Driver
from anyunix.drivers.docker.docker_driver import DockerDriver
from anyunix.drivers.registry import DRIVERS, Drivers
from anyunix.errors import PlatformError

LIMITED = ("process", "docker.docker_driver", "ssh.ssh_driver")


def quiet(text: str) -> None:
    """Nobody listens."""


MADE = {"local": ("local",), "netns": ("local-v6only",), "docker": ("debian", "alpine"), "ssh": ("sshd",)}
"""Driver -> platforms of the project on which all of the promises are asked for; `sshd` is one of the tests' own."""
NOT_ASKED = {
    "vagrant": "a guest takes minutes to start; test_vagrant.py has a double of Vagrant in front of a real sshd",
    "documented": "nothing runs there; test_documented.py",
}


@pytest.fixture(
    params=[(name, place) for name in DRIVERS if name not in NOT_ASKED for place in MADE.get(name, ("",))], ids="-".join
)
def driver(request: pytest.FixtureRequest, catalog: Catalog) -> Iterator[Driver]:
    name, place = request.param
    assert place, f"driver {name} promises nothing yet: MADE has to name a platform, or NOT_ASKED the reason"
    if place == "sshd":
        platform = Platform("there", "there", request.getfixturevalue("sshd").options)
    else:
        platform = catalog.platform(place)
    if platform.options.base_image:
        request.getfixturevalue("engine")
    driver = Drivers().for_platform(platform)
    if reason := driver.available():
        pytest.skip(reason)
    driver.up(quiet)
    yield driver
    driver.down()


def test_a_driver_is_called_what_its_options_are_tagged_with() -> None:
    assert {name: options.__struct_config__.tag for name, options in DRIVERS.items()} == {
        name: name for name in DRIVERS
    }
    assert not MADE.keys() & NOT_ASKED.keys()
    assert MADE.keys() | NOT_ASKED.keys() <= DRIVERS.keys()


@pytest.mark.parametrize("name", DRIVERS)
def test_every_key_of_a_platform_file_is_described(name: str) -> None:
    (schema,), components = msgspec.json.schema_components([PLATFORM_FILE])
    assert schema["discriminator"]["propertyName"] == "driver"
    found = components[schema["discriminator"]["mapping"][name].rpartition("/")[2]]
    assert {key for key, said in found["properties"].items() if not said.get("description")} == {"driver"}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive.tar"
    with tarfile.open(path, "w") as tar:
        member = tarfile.TarInfo("folder/hello.txt")
        member.size = 6
        tar.addfile(member, io.BytesIO(b"hello\n"))
    return path


def test_put_run_get(driver: Driver, archive: Path) -> None:
    driver.put(archive)
    lines: list[str] = []
    done = driver.run(
        ["sh", "-c", 'cat folder/hello.txt; echo "$GREETING"; echo bad >&2; echo back > file; exit 3'],
        env={"GREETING": "hi there"},
        timeout=20,
        say=lines.append,
    )
    assert (done.status, done.stdout, done.stderr, done.timed_out) == (3, "hello\nhi there\n", "bad\n", False)
    assert lines == ["hello", "hi there"]
    assert driver.get(PurePosixPath("file"), limit=100) == b"back\n"


def test_get_says_what_is_missing_and_refuses_what_is_large(driver: Driver) -> None:
    with pytest.raises(PlatformError, match=r"nowhere\.xml: not there"):
        driver.get(PurePosixPath("nowhere.xml"), limit=10)
    driver.run(["sh", "-c", "echo 12345678901 > large"], env={}, timeout=20)
    with pytest.raises(PlatformError, match="larger than the 10 bytes"):
        driver.get(PurePosixPath("large"), limit=10)


def test_get_waits_for_no_pipe(driver: Driver) -> None:
    if isinstance(driver, DockerDriver):
        driver._transfer_seconds = 1.0
    driver.run(["mkfifo", "pipe"], env={}, timeout=20)
    with pytest.raises(PlatformError, match="pipe: "):
        driver.get(PurePosixPath("pipe"), limit=10)


def test_get_is_not_cut_as_output_is(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in LIMITED:
        monkeypatch.setattr(f"anyunix.drivers.{module}.OUTPUT_LIMIT", 1000)
    driver.run(["sh", "-c", "head -c 5000 /dev/zero > large"], env={}, timeout=20)
    assert driver.get(PurePosixPath("large"), limit=10_000) == bytes(5000)


def test_output_without_end_is_cut(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in LIMITED:
        monkeypatch.setattr(f"anyunix.drivers.{module}.OUTPUT_LIMIT", 1000)
    done = driver.run(
        ["sh", "-c", "i=0; while [ $i -lt 500 ]; do echo 0123456789; i=$((i+1)); done"], env={}, timeout=20
    )
    assert (done.status, len(done.stdout)) == (0, 1000)


def test_down_ends_a_run_from_another_thread_and_is_idempotent(driver: Driver) -> None:
    begun = threading.Event()
    ended: list[object] = []

    def run() -> None:
        try:
            ended.append(
                driver.run(["sh", "-c", "echo begun; exec sleep 60"], env={}, timeout=60, say=lambda line: begun.set())
            )
        except PlatformError as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(10)
    started = time.monotonic()
    driver.down()
    thread.join(10)
    assert not thread.is_alive()
    assert ended
    assert time.monotonic() - started < 8
    driver.down()
    with pytest.raises(PlatformError, match="is down"):
        driver.run(["true"], env={}, timeout=5)
