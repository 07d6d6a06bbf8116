"""The paper's first bug: the server binds the first address it is offered, and FreeBSD then refuses IPv4."""

import time
from contextlib import ExitStack
from dataclasses import dataclass

from anyunix.analysis.explain import explain
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.registry import Drivers
from anyunix.errors import ConfigurationError, NotRun
from anyunix.host.scratch import scratch
from anyunix.repro.answers import Families, Run
from anyunix.repro.stage import built_here, lacking_here, staged
from anyunix.results.model import CellResult, Matrix, PlatformResult, Probe

PLATFORM = "local-v6only"
WROTE, FIXES = "first", ("ipv4", "dual")
"""The bind mode as in the paper; its own fix, and the portable one."""
PROBE = "binding/ipv4_client_is_served"
ORDER, V6ONLY = "getaddrinfo.passive_order", "ipv6.v6only_default"
PHRASES = {ORDER: "getaddrinfo offers {first} first", V6ONLY: "IPV6_V6ONLY is {value} by default"}
FIX = "bind both families, or set IPV6_V6ONLY explicitly"


@dataclass(frozen=True)
class Ipv6OnlyResult:
    """How it went on the reference, and beside it on the platform."""

    subject: Subject
    reference: str
    platform: Platform
    there: Families
    """On the reference."""
    here: Families
    """On the platform."""
    seconds: float
    note: str = ""

    @property
    def reproduced(self) -> bool:
        """IPv6 is served and IPv4 is not, as the paper wrote it."""
        return self.here.runs[0].refuses_ipv4_alone

    @property
    def fixing(self) -> tuple[str, ...]:
        """The other bind modes that do serve IPv4 there."""
        return tuple(run.bind for run in self.here.runs[1:] if run.served("127.0.0.1"))

    @property
    def as_expected(self) -> bool:
        """The bug is there exactly where the platform's two defaults breed it, and the fixes take it away."""
        return (
            self.reproduced == self.here.breeds_the_bug
            and all(run.served("127.0.0.1") for run in self.here.runs[1:])
            and self.there.runs[0].refuses_ipv4_alone == self.there.breeds_the_bug
        )

    @property
    def sentence(self) -> str:
        """Why, from the two facts, measured on both; what `anyunix run` would say. Empty when nothing failed."""
        matrix = explain(
            Matrix(
                platforms=(_platform(self.reference, self.there), _platform(self.platform.name, self.here)),
                cells=(
                    self._cell(self.reference, self.there.runs[0]),
                    self._cell(self.platform.name, self.here.runs[0]),
                ),
                reference=self.reference,
            )
        )
        return matrix.cells[1].probes[0].explanation

    def _cell(self, platform: str, run: Run) -> CellResult:
        probe = Probe(
            PROBE,
            "contract",
            "passed" if run.served("127.0.0.1") else "failed",
            phrases=PHRASES,
            fix=FIX,
            explained_by=(ORDER, V6ONLY),
            failing="IPv4 clients are refused",
            bound=tuple(word.rpartition(":")[0].strip("[]") for word in run.bound),
        )
        return CellResult(self.subject.name, platform, run.bind, "ran", probes=(probe,))


def reproduce(catalog: Catalog, subject_name: str | None, platform_name: str | None) -> Ipv6OnlyResult:
    """Run it. Raises ConfigurationError, NotRun, PlatformError."""
    started = time.monotonic()
    platform = catalog.platform(platform_name or PLATFORM)
    subject, note = _choose(catalog, subject_name)
    wrote, fixes = modes(subject)
    drivers = Drivers()
    _need(drivers, platform)
    reference = counterpart(catalog, platform)
    _need(drivers, reference)
    with ExitStack() as stack:
        carried = subject
        if subject.build and any(place.options.is_this_machine for place in (platform, reference)):
            carried = built_here(subject, stack.enter_context(scratch()))
        found = []
        for place, binds in ((reference, (wrote,)), (platform, (wrote, *fixes))):
            sent = carried if place.options.is_this_machine else subject
            stage = stack.enter_context(staged(place, sent, drivers.for_platform(place), catalog.suite))
            found.append(stage.ask(Families, "families", *binds))
    return Ipv6OnlyResult(subject, reference.name, platform, found[0], found[1], time.monotonic() - started, note)


def _need(drivers: Drivers, platform: Platform) -> None:
    if reason := drivers.for_platform(platform).available():
        raise NotRun(f"{platform.name}: {reason}")


def counterpart(catalog: Catalog, platform: Platform) -> Platform:
    """The same platform with its system's own defaults: local, or the image without sysctls and files of ours.
    Another machine is compared with this one.

    Raises ConfigurationError if its only counterpart is itself.
    """
    if (origin := platform.options.origin) is None:
        plain = catalog.platform("local")
    else:
        others = (each for each in map(catalog.platform, catalog.platform_names()) if each.options.origin == origin)
        plain = next((each for each in others if not each.options.altered), catalog.platform("debian"))
        if plain.name == platform.name:
            plain = catalog.platform("debian" if platform.name != "debian" else "local")
    if plain.name == platform.name:
        raise ConfigurationError(
            f"--platform {platform.name}: that is what the others are compared with; "
            f"name another, such as {PLATFORM} or debian-v6only"
        )
    return plain


def modes(subject: Subject) -> tuple[str, tuple[str, ...]]:
    """The bind mode that has the bug, and those that should not; a server of one's own may have neither name."""
    wrote = WROTE if WROTE in subject.binds else next(iter(subject.binds))
    return wrote, tuple(mode for mode in FIXES if mode in subject.binds and mode != wrote)


def _choose(catalog: Catalog, name: str | None) -> tuple[Subject, str]:
    """The subject, with a note when it is not the first choice: the C server, where it can be built."""
    if name is not None:
        return catalog.subject(name), ""
    subject = catalog.subject("c")
    if lacking := lacking_here(subject):
        return catalog.subject("python"), f"no {' and no '.join(lacking)} on PATH: the server in Python instead of C"
    return subject, ""


def _platform(name: str, families: Families) -> PlatformResult:
    facts: dict[str, object] = {ORDER: list(families.order)}
    if families.v6only is not None:
        facts[V6ONLY] = families.v6only
    return PlatformResult(name, name, "", "ran", facts=facts)
