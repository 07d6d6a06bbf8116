"""What the answers of all addresses amount to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from anyunix.check.exchange import Reply
from anyunix.check.happy_eyeballs import Raced
from anyunix.check.intrusive import Rude
from anyunix.check.name_lookups import Lookup
from anyunix.check.reach import FAMILIES, Family, Reach
from anyunix.check.remark import Remark, Severity
from anyunix.check.tls import Handshake
from anyunix.check.tls_remarks import DAYS_LEFT, DaysLeft, tls_remarks
from anyunix.check.url import Endpoint
from anyunix.errors import EXIT_DONE, EXIT_FAILED

Expected = Literal["dual", "ipv4", "ipv6", "closed"]
EXPECTED: tuple[Expected, ...] = ("dual", "ipv4", "ipv6", "closed")
V6ONLY = (
    "the server may have bound `::` alone with IPV6_V6ONLY on, the default of FreeBSD, OpenBSD and NetBSD "
    "(`anyunix repro ipv6-only` shows it)"
)
V4ONLY = "the server may have bound 0.0.0.0 alone, which getaddrinfo offers first on Linux"


@dataclass(frozen=True)
class Served:
    """What a client of one address got."""

    reach: Reach
    answer: Reply
    handshake: Handshake | None = None
    """Where it speaks TLS."""

    @property
    def served(self) -> bool:
        return self.reach.answered and self.answer.served


@dataclass(frozen=True)
class Check:
    """Everything that was seen of one server."""

    server: Endpoint
    served: tuple[Served, ...]
    proves: bool
    """Whether an exchange showed that clients are served, and not only that connections are taken."""
    across: Reply | None = None
    """A message between clients of the two families."""
    rude: tuple[Rude, ...] = ()
    expected: Expected | None = None
    lookups: tuple[Lookup, ...] = ()
    """Its name in both families."""
    raced: Raced | None = None
    """What a Happy-Eyeballs client would need."""
    days_left: DaysLeft = DAYS_LEFT

    def addresses(self, family: Family) -> list[Served]:
        return [each for each in self.served if each.reach.family == family]

    def answering(self, family: Family) -> list[Served]:
        """The addresses whose clients are served."""
        return [each for each in self.addresses(family) if each.served]

    @property
    def found(self) -> str:
        """`dual`, `ipv4`, `ipv6`, `local` or `closed`."""
        there = [family for family in (*FAMILIES, "local") if self.answering(family)]
        return "dual" if len(there) == 2 else there[0].lower() if there else "closed"

    @property
    def fewest_days_left(self) -> float | None:
        """Of its certificates; None where there is none."""
        certificates = [each.handshake.certificate for each in self.served if each.handshake]
        return min((each.days_left() for each in certificates if each), default=None)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """Everything that is to be said, as sentences."""
        return (*self._not_as_expected(), *self._each(), *self._different(), *self._across(), *self._lookups())

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the exit status is 1."""
        return tuple(remark.text for remark in self.remarks if remark.severity == "problem")

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(remark.text for remark in self.remarks if remark.severity == "warning")

    @property
    def severity(self) -> Severity:
        return "problem" if self.problems else "warning" if self.warnings else "ok"

    @property
    def exit_status(self) -> int:
        return EXIT_FAILED if self.problems else EXIT_DONE

    def _not_as_expected(self) -> Iterator[Remark]:
        if self.expected is None and not any(each.reach.answered for each in self.served):
            yield Remark("problem", f"nothing answers at {self.server}")
        if self.expected is not None and self.expected != self.found:
            yield Remark("problem", f"{self.expected} was expected, {self.found} was found{_cause(self)}")
        elif self.expected == "dual":
            for each in self.served:
                if not each.reach.answered:
                    text = f"{each.reach.address} does not answer, though others of its family do: {each.reach.outcome}"
                    yield Remark("problem", text, each.reach.address)

    def _each(self) -> Iterator[Remark]:
        """Of one address each."""
        for each in self.served:
            address = each.reach.address
            if each.reach.answered and not each.answer.served:
                yield Remark(
                    "problem", f"{address} takes {self._taken} and does not serve: {each.answer.said}", address
                )
            if each.served and each.answer.doubtful:
                yield Remark("warning", f"{address} answers {each.answer.said!r}", address)
            if each.handshake and not each.handshake.error:
                yield from tls_remarks(address, self.server.host, each.handshake, self.days_left)
        for rude in self.rude:
            if not rude.next_one.served:
                yield Remark(
                    "problem",
                    f"{rude.address}: after a bad client ({rude.client.partition(':')[0]}) the next one is not served: "
                    f"{rude.next_one.said}",
                    rude.address,
                )

    @property
    def _taken(self) -> str:
        return "datagrams" if self.server.scheme.transport == "udp" else "connections"

    def _different(self) -> Iterator[Remark]:
        said = {
            family: {each.answer.essence or each.answer.said for each in self.answering(family)} for family in FAMILIES
        }
        if self.found == "dual" and said["IPv4"] != said["IPv6"]:
            words = [f"{' and '.join(map(repr, sorted(words)))} by {family}" for family, words in said.items()]
            yield Remark("problem", f"IPv4 and IPv6 do not lead to the same service: {', '.join(words)}")

    def _across(self) -> Iterator[Remark]:
        if self.across is not None and not self.across.served:
            text = f"a message does not get from a client of one family to one of the other: {self.across.said}"
            yield Remark("problem", text)

    def _lookups(self) -> Iterator[Remark]:
        for lookup in self.lookups:
            if lookup.failed:
                text = f"the resolver fails at {self.server.host}'s addresses of {lookup.family}: {lookup.error}"
                yield Remark("warning", text)


def _cause(check: Check) -> str:
    """What is likely behind it; empty where nothing is."""
    if check.found == "closed":
        return f": {_how(check.served)}"
    missing: Family = "IPv4" if check.found == "ipv6" else "IPv6"
    if check.found == "dual" or not check.addresses(missing):
        return f": {check.server.host} has no address of {missing}" if check.found != "dual" else ""
    outcomes = {each.reach.outcome for each in check.addresses(missing)}
    likely = f": {V6ONLY if missing == 'IPv4' else V4ONLY}" if outcomes == {"refused"} else ""
    return f": {missing} is {' and '.join(sorted(outcomes))}{likely}"


def _how(served: Sequence[Served]) -> str:
    return ", ".join(f"{each.reach.address} is {each.reach.outcome}" for each in served)
