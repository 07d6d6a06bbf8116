"""A platform with the servers and the load on it: points go in, typed runs come back."""

import json
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath

from anyunix.bench.go import build_go
from anyunix.bench.journal import AnyRun
from anyunix.bench.remote import programs as building
from anyunix.bench.remote.chat_run import BARE, CHAT, BareCosts, ChatMeasured, ChatPoint
from anyunix.bench.remote.experiment import END_SECONDS, READY_SECONDS, WARM_UP_SECONDS, Measured, Point
from anyunix.bench.remote.programs import LOAD, PROGRAMS, SOURCES, BuiltProgram, Inventory, NotBuilt, Source
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.cross.targets import cannot_start
from anyunix.cross.zig import build_program, compiler_name
from anyunix.drivers.base import Driver
from anyunix.errors import NotRun, PlatformError
from anyunix.host.scratch import scratch
from anyunix.payload.archive import SUITE, add_file, files_below
from anyunix.payload.supervised import ask
from anyunix.text import first_line

HERE = Path(__file__).with_name("remote")
REMOTE, TOP = ("python3", "-m", f"{HERE.name}.task"), (PurePosixPath("."),)
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
        return ask(self._driver, self.name, BareCosts, [*REMOTE, "bare", *words], END_SECONDS, TOP)

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
            TOP,
        )
        if found.point != point:
            raise PlatformError(f"{self.name}: it measured something else than it was asked for")
        return found


@dataclass(frozen=True)
class _Carried:
    """What is built here, because the platform has no compiler for it; and by name, why others were not built."""

    built: list[BuiltProgram] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


@contextmanager
def staged(
    platform: Platform, driver: Driver, catalog: Catalog, sources: Sequence[Source], cpus: int
) -> Iterator[Testbed]:
    """The platform with these programs on it; taken down whatever happens. Raises NotRun, PlatformError."""
    if reason := driver.available():
        raise NotRun(reason)
    try:
        driver.up(lambda text: None)
        with scratch() as folder:
            carried = _carried(driver, platform, catalog.root / "bench", sources, folder)
            archive = folder / "payload.tar"
            _write(archive, catalog, [built.name for built in carried.built], folder)
            driver.put(archive)
        wanted = [source.name for source in sources if source.name not in carried.left_out]
        order = [*REMOTE, "build", str(cpus), *wanted]
        inventory = ask(driver, platform.name, Inventory, order, building.BUILD_SECONDS * platform.slowness, TOP)
        made_by = {built.name: built.made_by for built in carried.built}
        inventory = replace(
            inventory,
            left_out=(*carried.left_out.values(), *inventory.left_out),
            built=tuple(
                replace(built, made_by=built.made_by or made_by.get(built.name, "")) for built in inventory.built
            ),
        )
        yield Testbed(platform.name, inventory, driver, cpus)
    finally:
        driver.down()


def _carried(driver: Driver, platform: Platform, folder: Path, sources: Sequence[Source], into: Path) -> _Carried:
    """Raises NotRun, PlatformError."""
    done = driver.run(["sh", "-c", LOOK], env={}, timeout=SLACK_SECONDS * platform.slowness)
    said = done.stdout.splitlines()
    if done.status or len(said) != 5:
        raise PlatformError(f"{platform.name} does not say what it is: {first_line(done.stderr) or said}")
    system, release, cpu, bits, compiler = said
    found = _Carried()
    for source in sources:
        files = [str(folder / file) for file in source.files]
        if source.compiler == "go":
            try:
                found.built.append(build_go(source.name, files, into, system, cpu, bits))
            except NotBuilt as error:
                found.left_out[source.name] = str(error)
        elif source.compiler == "cc" and not compiler and platform.cross:
            if reason := cannot_start(platform.cross, f"{system} {release}"):
                raise NotRun(f"no cc on {platform.name}, and {reason}; it is {first_line(f'{system} {release}')}")
            build_program(files, platform.cross, into / source.name, building.CFLAGS)
            found.built.append(BuiltProgram(source.name, (), compiler_name(platform.cross)))
    return found


def _write(archive: Path, catalog: Catalog, programs: Sequence[str], built: Path) -> None:
    """The one archive that the platform receives."""
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        add_file(tar, catalog.suite / "supervise.py", SUITE / "supervise.py")
        sources = catalog.root / "bench"
        for folder, place in (
            (HERE, Path(HERE.name)),
            (sources / "servers", SOURCES / "servers"),
            (sources / "load", SOURCES / "load"),
            (catalog.root / "chat", SOURCES / "chat"),
        ):
            for file in files_below(folder):
                add_file(tar, file, PurePosixPath(place / file.relative_to(folder).as_posix()))
        for name in programs:
            add_file(tar, built / name, PurePosixPath(PROGRAMS / name), mode=0o755)
