"""The typed results of a run: what verdicts and reports are made from, and all they are made from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta

from anyunix.results.cause_model import Cause
from anyunix.results.likeness_model import Likeness
from anyunix.results.trace_model import Trace

Kind = Literal["fact", "contract"]
Outcome = Literal["passed", "failed", "error", "skipped", "flaky"]
"""`flaky`: repeats of one probe in one cell did not agree."""
Status = Literal["ran", "not-run", "error"]
PART_OF_A_NAME = re.compile(r"[^/\x00-\x1f\x7f]{1,64}")
"""What a subject, a platform, a bind mode and a build may be called: a cell's folder is named after them."""
DOCUMENTED = "documented"
"""The driver of platforms that cannot run: known from their manuals only."""
PLAIN = "plain"
"""The build as the subject makes it itself."""
BUILDS, STARTS = "build/subject::builds", "start/subject::starts"
ONLY_WHEN_BROKEN = (BUILDS, STARTS)
"""The contracts that the subject builds and starts: a cell holds one only where it failed, and then no other."""
GROUPS = ("binding", "locking", "signals", "processes", "chat")
"""The probe groups, in the order that reports show them."""
Again = Literal["", "repeated", "did not repeat", "not a difference"]
"""What a failure did when it was run again under a tracer, here and on the reference: it `repeated` (failed here,
passed there), `did not repeat` (passed here), or is `not a difference` (failed on both); empty where it was not run
again on both. A tracer changes how long things take: this is evidence and no result."""
Answer = Literal[
    "portable",
    "portable with known differences",
    "nothing to compare with",
    "not answered",
    "promises broken",
    "flaky",
    "not portable",
]
"""From the best to the worst: a verdict is the worst that holds.

`not answered`: too little was tried, or a required platform did not run. `promises broken`: it behaves the same
everywhere, and some contracts are kept nowhere. `flaky`: what failed did not fail each time.
"""
FailureKind = Literal["", "platform difference", "broken promise", "flaky"]
"""`platform difference`: kept on one platform, broken on another. `broken promise`: kept on none that tried it."""
FAILURE_KINDS: tuple[FailureKind, ...] = get_args(FailureKind)
"""In the order that reports show them."""
ANSWERS: tuple[Answer, ...] = get_args(Answer)


@dataclass(frozen=True)
class Probe:
    """One probe's outcome on one platform."""

    id: str
    """`binding/test_served_contracts.py::test_ipv4_client_is_served`"""
    kind: Kind
    outcome: Outcome
    message: str = ""
    seconds: float = 0.0
    line: int = 0
    """The line of the probe in its file, 0 when unknown."""
    explained_by: tuple[str, ...] = ()
    """The facts whose difference from the reference can explain a failure."""
    failing: str = ""
    """What a failure means, as the start of a sentence: `IPv4 clients are refused`."""
    fix: str = ""
    bound: tuple[str, ...] = ()
    """The addresses that the server said it bound, without ports."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    phrases: Mapping[str, str] = field(default_factory=dict)
    """Fact -> how to say its value: `IPV6_V6ONLY is {value} by default`."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Outcome -> how often, when the suite ran more than once in this cell."""
    unstable: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """Facts that varied between repeats, with their values; they are not in `facts`."""
    explanation: str = ""
    """Why it fails here and not on the reference, from the facts that differ."""
    expected: str = ""
    """The reason for which this failure is accepted; empty when it is not."""
    trace: Trace | None = None
    failure_kind: FailureKind = ""
    """Set by the verdict, which sees all platforms; empty for what was kept."""
    promises: tuple[str, ...] = ()
    """The words of the subject file that take the contract back."""
    again: Again = ""
    culprit: str = ""
    """Where a memory checker saw what was used before it was set: `wakeup.c:27 in dispose: …`."""
    answered: tuple[str, ...] = ()
    """Those that answered, of a server that does not say what it bound; a wildcard may be known by one of them."""
    error: str = ""
    """The name of the exception that failed it: `NotReady` when the server did not come to listen."""
    consequence_of: tuple[str, ...] = ()
    """The contracts whose failure makes this one fail too, as the suite says."""
    follows_from: str = ""
    """The one of them that failed in the same cell; empty for a failure that stands for itself."""
    cause: Cause | None = None
    """What experiments say of a contract that fails here and not on the reference; None where there were none."""

    @property
    def group(self) -> str:
        return self.id.partition("/")[0]

    @property
    def file(self) -> str:
        return self.id.partition("::")[0]

    @property
    def name(self) -> str:
        return self.id.partition("::")[2]

    @property
    def bad(self) -> bool:
        return self.outcome in ("failed", "error", "flaky")

    @property
    def tried(self) -> bool:
        return self.outcome != "skipped"

    @property
    def kept(self) -> bool:
        """Of a contract: the subject kept it each time."""
        return self.outcome == "passed"


@dataclass(frozen=True, order=True)
class CellId:
    """What tells one cell of a run from the others."""

    subject: str
    bind: str
    platform: str
    build: str = PLAIN

    @property
    def key(self) -> str:
        """`local-c-dual`; with the build, unless that is the plain one."""
        return "-".join(self._words())

    @property
    def name(self) -> str:
        """As `key`, for people."""
        return " ".join(self._words())

    def _words(self) -> list[str]:
        return [self.platform, self.subject, self.bind, *([] if self.build == PLAIN else [self.build])]


@dataclass(frozen=True)
class CellResult:
    """One subject on one platform in one bind mode, start to finish."""

    subject: str
    platform: str
    bind: str
    status: Status
    reason: str = ""
    """Why it did not run, or what broke; empty when it ran."""
    build: str = PLAIN
    compiler: str = ""
    probes: tuple[Probe, ...] = ()
    seconds: float = 0.0
    findings: tuple[str, ...] = ()
    """What a memory checker saw used before it was set in a poisoned build, whether or not a contract fails."""
    unchecked: str = ""
    """Why no memory checker looked at a poisoned build."""
    left_behind: tuple[str, ...] = ()
    """Processes that outlived a command there, such as daemons that nobody ended: `pid 7 nginx`. They were killed."""
    worker: str = ""
    """The cluster's worker that ran it; empty without a cluster."""

    @property
    def id(self) -> CellId:
        return CellId(self.subject, self.bind, self.platform, self.build)

    @property
    def key(self) -> str:
        return self.id.key

    @property
    def name(self) -> str:
        return self.id.name

    @property
    def contracts(self) -> tuple[Probe, ...]:
        return tuple(probe for probe in self.probes if probe.kind == "contract")

    @property
    def failures(self) -> tuple[Probe, ...]:
        """Contracts that the subject did not keep, or not each time."""
        return tuple(probe for probe in self.contracts if probe.bad)

    def tried(self, group: str = "") -> tuple[Probe, ...]:
        """The contracts, of one group or of all, that were not left out."""
        return tuple(probe for probe in self.contracts if probe.tried and group in ("", probe.group))

    def kept(self, group: str = "") -> tuple[Probe, ...]:
        """Those of them that the subject kept."""
        return tuple(probe for probe in self.tried(group) if probe.kept)

    @property
    def left_out(self) -> int:
        """How many contracts were."""
        return len(self.contracts) - len(self.tried())

    @property
    def facts(self) -> dict[str, Any]:
        return {name: value for probe in self.probes for name, value in probe.facts.items()}


@dataclass(frozen=True)
class Artifacts:
    """What came back from a cell beside its typed results."""

    junit: tuple[bytes, ...] = ()
    """One file a repeat."""
    log: str = ""
    records: bytes = b""
    """What the tool wrote down, as JSON; empty without one."""


@dataclass(frozen=True)
class Documented:
    """A fact that a manual states and nobody measured here."""

    value: Any
    source: str


@dataclass(frozen=True)
class PlatformResult:
    """A platform in a run, whatever came of it."""

    name: str
    title: str
    driver: str
    status: Status
    reason: str = ""
    emulates: str = ""
    emulator: str = ""
    """What imitates the CPU; empty where it is real."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What was measured, the same in every cell and every repeat."""
    unstable: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """What varied between cells or repeats on this one platform, with its values."""
    documented: Mapping[str, Documented] = field(default_factory=dict)
    probes: tuple[Probe, ...] = ()
    """Those of the facts, which one cell measures for all that have none of their own."""
    like: str = ""
    """The system whose differences are switched on here, such as `freebsd`; empty for a platform that is itself."""
    differences: tuple[str, ...] = ()
    """All that are switched on here, by name."""

    @property
    def is_likeness(self) -> bool:
        """Whether another system's behaviour is switched on here: it is never counted as that system."""
        return bool(self.like or self.differences)


@dataclass(frozen=True)
class ProbeText:
    """A probe as its source describes it."""

    id: str
    """`binding/test_ipv6_facts.py::test_ipv6_wildcard_and_ipv4`, without parameters."""
    kind: str
    behaviour: str
    """The docstring's first line."""
    rule: str
    """The rest of the docstring: the rule, who differs, the source."""
    line: int

    @property
    def group(self) -> str:
        return self.id.partition("/")[0]


@dataclass(frozen=True)
class Tried:
    """How much of what can be compared was tried on one platform."""

    platform: str
    tried: int
    """Contracts, of `comparable`."""
    comparable: int
    """Contracts that the reference kept; on the reference, those that any platform tried."""


@dataclass(frozen=True)
class Verdict:
    """The answer for one subject in one bind mode."""

    subject: str
    bind: str
    verdict: Answer
    because: tuple[str, ...] = ()
    ran: tuple[str, ...] = ()
    not_run: tuple[str, ...] = ()
    """Platforms without an answer; never counted as a pass."""
    tried: tuple[Tried, ...] = ()
    """One for each platform of `ran`."""
    likenesses: tuple[str, ...] = ()
    """Those of `ran` that are likenesses: no other system ran there."""
    differences: tuple[str, ...] = ()
    """Contracts that are a platform difference, accepted ones apart."""
    broken_promises: tuple[str, ...] = ()
    """Contracts that no platform kept, accepted ones apart."""


@dataclass(frozen=True)
class Identity:
    """What results have to have in common to be put together."""

    version: str = ""
    """Of anyunix."""
    suite: str = ""
    """SHA-256 over the suite's files."""
    subjects: Mapping[str, str] = field(default_factory=dict)
    """Subject -> SHA-256 over its file and all that travels with it."""
    probes: Mapping[str, str] = field(default_factory=dict)
    """Folder of a user's own probes -> SHA-256 over its files."""


@dataclass(frozen=True)
class WorkerResult:
    """One of the workers of a cluster."""

    name: str
    cells: Annotated[int, Meta(ge=0, le=1_000_000_000)]
    """How many results it brought."""
    left: str = ""
    """Why it was lost before all cells had run; empty for one that stayed."""


@dataclass(frozen=True)
class Matrix:
    """The results of a run, in the order that was asked for, and what they amount to."""

    platforms: tuple[PlatformResult, ...]
    cells: tuple[CellResult, ...]
    reference: str
    required: tuple[str, ...] = ()
    texts: tuple[ProbeText, ...] = ()
    started: str = ""
    """ISO 8601, UTC."""
    seconds: float = 0.0
    verdicts: tuple[Verdict, ...] = ()
    problems: tuple[str, ...] = ()
    """Expectations that do not hold (any more); they fail the gate."""
    identity: Identity | None = None
    """None in what earlier versions wrote."""
    shard: str = ""
    """Which part of a plan this is: `2/3`; empty for a whole run."""
    part: str = ""
    """Which part of all that there is was asked for: `23 of 286 probes, -k binding`; empty for all of it."""
    dropped: tuple[str, ...] = ()
    """Platforms that ran in the baseline and not in this run."""
    likenesses: tuple[Likeness, ...] = ()
    """How like their systems the likenesses are."""
    workers: tuple[WorkerResult, ...] = ()
    """Those of the cluster that ran it; empty without one."""

    def cell(self, wanted: CellId) -> CellResult | None:
        return next((cell for cell in self.cells if cell.id == wanted), None)

    def reference_of(self, cell: CellResult) -> CellResult | None:
        """The cell of the reference that this one is compared with."""
        return self.cell(replace(cell.id, platform=self.reference))

    def by_subject(self) -> dict[tuple[str, str], list[CellResult]]:
        """Subject and bind mode -> their cells, in the order they were asked for."""
        found: dict[tuple[str, str], list[CellResult]] = {}
        for cell in self.cells:
            found.setdefault((cell.subject, cell.bind), []).append(cell)
        return found

    def platform(self, name: str) -> PlatformResult | None:
        return next((platform for platform in self.platforms if platform.name == name), None)

    @property
    def documented(self) -> frozenset[str]:
        """Platforms that cannot run: known from their manuals only."""
        return frozenset(platform.name for platform in self.platforms if platform.driver == DOCUMENTED)

    def failures(self) -> list[list[tuple[CellResult, Probe]]]:
        """Each contract that was not kept, by kind and id, with all the cells in which it was not."""
        found: dict[tuple[int, str], list[tuple[CellResult, Probe]]] = {}
        for cell in self.cells:
            for probe in cell.failures:
                found.setdefault((FAILURE_KINDS.index(probe.failure_kind), probe.id), []).append((cell, probe))
        return [cases for _, cases in sorted(found.items())]

    def text(self, probe: str) -> ProbeText | None:
        """The text of a probe, whatever its parameters."""
        plain = probe.partition("[")[0]
        return next((text for text in self.texts if text.id == plain), None)
