"""A platform with the servers and the load on it: points go in, typed runs come back."""

import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePath, PurePosixPath

from anyunix.bench.go import build_go
from anyunix.bench.journal import AnyRun
from anyunix.bench.remote import programs as building
from anyunix.bench.remote.chat_run import BARE, CHAT, BareCosts, ChatMeasured, ChatPoint
from anyunix.bench.remote.experiment import END_SECONDS, READY_SECONDS, WARM_UP_SECONDS, Measured, Point
from anyunix.bench.remote.programs import LOAD, PROGRAMS, SOURCES, BuiltProgram, Inventory, NotBuilt, Source
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.cross.shared_builds import CrossBuilds
from anyunix.cross.targets import cannot_start
from anyunix.cross.zig import build_program, compiler_name
from anyunix.drivers.base import Driver
from anyunix.errors import NotRun, PlatformError
from anyunix.host.scratch import scratch
from anyunix.payload.archive import SUITE, add_differences, add_file, add_suite, files_below
from anyunix.payload.supervised import ask
from anyunix.run.building import Toolchain, cross_objects
from anyunix.run.switch_on import switch_on
from anyunix.text import first_line

HERE = Path(__file__).with_name("remote")
REMOTE, PYTHON_PATH = ("python3", "-m", f"{HERE.name}.task"), (PurePosixPath("."), SUITE)
"""How it is started there, in the payload's top folder."""
LOOK = "uname -s; uname -r; uname -m; getconf LONG_BIT 2>/dev/null || echo 64; command -v cc || echo"
SLACK_SECONDS = 30.0


@dataclass(frozen=True)
class Testbed:
    """Measures there, one run at a time."""

    name: str
    inventory: Inventory
    _driver: Driver
    _cpus: int

    def command(self, name: str) -> tuple[str, ...] | None:
        """How a program is started there; None when it is not available."""
        return next((built.command for built in self.inventory.built if built.name == name), None)

    def measure(self, point: Point) -> Measured:
        """Raises PlatformError when the platform is lost, or measured another point."""
        return self._run(Measured, "run", point, point.seconds + WARM_UP_SECONDS, LOAD)

    def measure_chat(self, point: ChatPoint) -> ChatMeasured:
        """As `measure`."""
        return self._run(ChatMeasured, "chat", point, point.seconds, CHAT)

    def bare_costs(self) -> BareCosts:
        """What a message's system calls cost there. Raises PlatformError."""
        words = *(self.command(BARE) or ()), str(self._cpus)
        return ask(self._driver, self.name, BareCosts, [*REMOTE, "bare", *words], END_SECONDS, PYTHON_PATH)

    def _run(self, answer: type[AnyRun], task: str, point: Point | ChatPoint, seconds: float, load: str) -> AnyRun:
        order = {
            "point": asdict(point),
            "command": self.command(point.server),
            "load": (self.command(load) or ("",))[0],
            "cpus": self._cpus,
        }
        found = ask(
            self._driver,
            self.name,
            answer,
            [*REMOTE, task, json.dumps(order)],
            READY_SECONDS + seconds + END_SECONDS + SLACK_SECONDS,
            PYTHON_PATH,
        )
        if found.point != point:
            raise PlatformError(f"{self.name}: it measured something else than it was asked for")
        return replace(found, differences=self.inventory.differences)


@dataclass(frozen=True)
class _There:
    """What the platform says of itself."""

    system: str
    release: str
    cpu: str
    bits: str
    compiler: str
    """Where it is; empty when there is none."""

    @property
    def name(self) -> str:
        """As `uname -sr` tells it."""
        return f"{self.system} {self.release}"


@dataclass(frozen=True)
class _Carried:
    """What is built here, because the platform has no compiler for it; and by name, why others were not built."""

    built: list[BuiltProgram] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


@contextmanager
def staged(
    platform: Platform, driver: Driver, catalog: Catalog, sources: Sequence[Source], cpus: int
) -> Iterator[Testbed]:
    """The platform with these programs on it, and its differences ready to be switched on for each server; taken down
    whatever happens. Raises NotRun, PlatformError, ConfigurationError.
    """
    if reason := driver.available():
        raise NotRun(reason)
    try:
        driver.up(lambda text: None)
        with scratch() as folder, CrossBuilds() as builds:
            there = _look(driver, platform)
            carried = _carried(there, platform, catalog.root / "bench", sources, folder)
            files = {PurePosixPath(PROGRAMS / built.name): folder / built.name for built in carried.built}
            files |= cross_objects(Toolchain((), there.compiler, there.name), platform, builds, lambda text: None)
            archive = folder / "payload.tar"
            _write(archive, catalog, platform, files)
            driver.put(archive)
        if platform.switched_on:
            switch_on(driver, platform.slowness)
        wanted = [source.name for source in sources if source.name not in carried.left_out]
        order = [*REMOTE, "build", str(cpus), *wanted]
        inventory = ask(
            driver, platform.name, Inventory, order, building.BUILD_SECONDS * platform.slowness, PYTHON_PATH
        )
        made_by = {built.name: built.made_by for built in carried.built}
        inventory = replace(
            inventory,
            left_out=(*carried.left_out.values(), *inventory.left_out),
            built=tuple(
                replace(built, made_by=built.made_by or made_by.get(built.name, "")) for built in inventory.built
            ),
            differences=tuple(each.name for each in platform.switched_on),
        )
        yield Testbed(platform.name, inventory, driver, cpus)
    finally:
        driver.down()


def _look(driver: Driver, platform: Platform) -> _There:
    """Raises PlatformError."""
    done = driver.run(["sh", "-c", LOOK], env={}, timeout=SLACK_SECONDS * platform.slowness)
    said = done.stdout.splitlines()
    if done.status or len(said) != 5:
        raise PlatformError(f"{platform.name} does not say what it is: {first_line(done.stderr) or said}")
    return _There(*said)


def _carried(there: _There, platform: Platform, folder: Path, sources: Sequence[Source], into: Path) -> _Carried:
    """Raises NotRun, PlatformError."""
    found = _Carried()
    for source in sources:
        files = [str(folder / file) for file in source.files]
        if source.compiler == "go":
            try:
                found.built.append(build_go(source.name, files, into, there.system, there.cpu, there.bits))
            except NotBuilt as error:
                found.left_out[source.name] = str(error)
        elif source.compiler == "cc" and not there.compiler and platform.cross:
            if reason := cannot_start(platform.cross, there.name):
                raise NotRun(f"no cc on {platform.name}, and {reason}; it is {first_line(there.name)}")
            build_program(files, platform.cross, into / source.name, building.CFLAGS)
            found.built.append(BuiltProgram(source.name, (), compiler_name(platform.cross)))
    return found


def _write(archive: Path, catalog: Catalog, platform: Platform, built: Mapping[PurePosixPath, Path]) -> None:
    """The one archive that the platform receives; of the suite, what is used there. Raises ConfigurationError."""
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        if platform.switched_on:
            add_suite(tar, catalog.suite)
            add_differences(tar, platform.switched_on)
        else:
            add_file(tar, catalog.suite / "supervise.py", SUITE / "supervise.py")
            _add_folder(tar, catalog.suite / "support", SUITE / "support")
        _add_folder(tar, HERE, PurePosixPath(HERE.name))
        for name in ("servers", "load"):
            _add_folder(tar, catalog.root / "bench" / name, SOURCES / name)
        _add_folder(tar, catalog.root / "chat", SOURCES / "chat")
        for place, file in built.items():
            add_file(tar, file, place, mode=0o755)


def _add_folder(tar: tarfile.TarFile, folder: Path, place: PurePath) -> None:
    for file in files_below(folder):
        add_file(tar, file, PurePosixPath(place / file.relative_to(folder).as_posix()))
