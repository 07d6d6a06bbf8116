"""What suite/watch_once.py saw of a command: the types of its answer, and how it is asked."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import msgspec

from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.discover.openers import Opener
from anyunix.drivers.base import Driver
from anyunix.errors import NotRun, PlatformError
from anyunix.host.scratch import scratch
from anyunix.payload.archive import SITE, SUITE, write_payload
from anyunix.payload.supervised import last_words, run_supervised

SCRIPT = SUITE / "watch_once.py"
SECONDS = 200.0
SLOW_SECONDS, OTHER_SECONDS = 15.0, 5.0
"""For an end at SIGTERM, as `slow` promises it, and at other signals."""
LISTEN_SECONDS = 10.0
"""Until a server listens; more on a busy machine."""


class SeenPlace(msgspec.Struct, frozen=True, order=True):
    """A socket that clients can come by: `tcp`, `udp` or `unix`; an address, or a path."""

    transport: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host and self.port else self.host
        return f"{self.transport} {host}:{self.port}" if self.port else f"{self.transport} {host}"


class SeenReply(msgspec.Struct, frozen=True):
    """What an opener brought, a character a byte."""

    name: str
    reply: str
    again: str
    """What the same brought once more on the same connection."""
    ended: bool
    """Whether the server ended of it."""


class SeenStop(msgspec.Struct, frozen=True):
    """What a signal brought about, with a client connected."""

    status: int | None
    first: float | None
    """Seconds until its first process had ended; None where that went on."""
    all: float | None
    """The same of all its processes."""
    survives: bool
    within: float
    """Seconds that were waited at most, more on a busy machine."""
    listening: tuple[str, ...]
    quick: bool

    @property
    def promise(self) -> str:
        """The word of `promises` for it."""
        if self.all is not None:
            return "quick" if self.quick else "slow"
        if self.survives:
            return "survives"
        return "alone" if self.first is not None and not self.listening else "false"


class Seen(msgspec.Struct, frozen=True):
    """One start of a command."""

    error: str
    """Why it could not be run at all."""
    port: int
    """That it was told."""
    seconds: float = 0.0
    """For how long it was waited for until it listened, and settled."""
    listened: float | None = None
    """Seconds until its first listener."""
    sockets: tuple[SeenPlace, ...] = ()
    processes: tuple[str, ...] = ()
    command_status: int | None = None
    """Of the process that was started, where that has ended: exit status, or negative number of a signal."""
    work: str = ""
    socket: str = ""
    stdout: str = ""
    stderr: str = ""
    place: SeenPlace | None = None
    """Where it was spoken to."""
    answers: dict[str, bool] = {}
    """Loopback address -> whether its port answers there."""
    greetings: tuple[str, ...] = ()
    ended_by_silence: bool = False
    """Whether it was gone after clients that said nothing and left."""
    replies: tuple[SeenReply, ...] = ()
    pid_files: tuple[str, ...] = ()
    ending: SeenStop | None = None

    @property
    def listens(self) -> bool:
        """Whether it did, and was still there then."""
        return self.place is not None

    @property
    def honours_port(self) -> bool:
        """Whether it listens where it was told to."""
        return self.place is not None and (self.place.port == self.port or self.place.host == self.socket != "")


class Lookout:
    """A platform that is up, where commands are started one after the other. A context manager."""

    def __init__(self, platform: Platform, driver: Driver, suite: Path) -> None:
        self._platform, self._driver, self._suite = platform, driver, suite
        self._sent = False
        self.starts = 0
        """How many there were."""

    def __enter__(self) -> "Lookout":
        """Raises NotRun, PlatformError."""
        if reason := self._driver.available():
            raise NotRun(reason)
        try:
            self._driver.up(lambda text: None)
        except BaseException:
            self._driver.down()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._driver.down()

    def see(
        self, subject: Subject, signal: str = "", openers: Sequence[Opener] = (), *, greet: bool = True, stay: str = ""
    ) -> Seen:
        """Start it once, ask it, and end it by a signal, or SIGKILL.

        With openers, clients that say nothing `greet` it first. `stay` is what a client says that is connected at its
        end, where no opener has found that out, a character a byte. Raises PlatformError.
        """
        with scratch() as folder:
            archive = folder / "payload.tar"
            write_payload(archive, None if self._sent else self._suite, subject, {})
            self._driver.put(archive)
        self._sent = True
        self.starts += 1
        asked = {
            "signal": signal,
            "end_seconds": SLOW_SECONDS if signal == "SIGTERM" else OTHER_SECONDS,
            "stay": stay,
            "greet": greet,
            "openers": [each.described() for each in openers],
            "seconds": LISTEN_SECONDS,
        }
        done = run_supervised(
            self._driver, ["python3", str(SCRIPT), json.dumps(asked)], SECONDS, python_path=(SUITE, SITE)
        )
        lines = done.stdout.splitlines()
        if done.timed_out or done.status or not lines:
            raise PlatformError(
                f"it could not be watched: {'it took too long' if done.timed_out else last_words(done)}"
            )
        try:
            return msgspec.json.decode(lines[-1], type=Seen)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise PlatformError(f"it could not be watched: what came back is no answer: {error}") from error
