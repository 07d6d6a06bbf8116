"""What the answers of all addresses amount to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from anyunix.check.exchange import Reply
from anyunix.check.intrusive import Rude
from anyunix.check.reach import FAMILIES, Family, HostPort, Reach
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


@dataclass(frozen=True)
class Check:
    """Everything that was seen of one server."""

    server: HostPort
    served: tuple[Served, ...]
    proves: bool
    """Whether an exchange showed that clients are served, and not only that connections are taken."""
    across: Reply | None = None
    """A message between clients of the two families."""
    rude: tuple[Rude, ...] = ()
    expected: Expected | None = None

    def addresses(self, family: Family) -> list[Served]:
        return [each for each in self.served if each.reach.family == family]

    def answering(self, family: Family) -> list[Served]:
        """The addresses whose clients are served."""
        return [each for each in self.addresses(family) if each.reach.answered and each.answer.served]

    @property
    def found(self) -> str:
        """`dual`, `ipv4`, `ipv6` or `closed`."""
        there = [family for family in FAMILIES if self.answering(family)]
        return "dual" if len(there) == 2 else there[0].lower() if there else "closed"

    @property
    def problems(self) -> tuple[str, ...]:
        """Sentences: why the exit status is 1."""
        found = [*self._not_as_expected(), *self._unserved(), *self._different()]
        if self.across is not None and not self.across.served:
            found.append(f"a message does not get from a client of one family to one of the other: {self.across.said}")
        found += [
            f"{each.address}: after a bad client ({each.client.partition(':')[0]}) the next one is not served: "
            f"{each.next_one.said}"
            for each in self.rude
            if not each.next_one.served
        ]
        return tuple(found)

    @property
    def exit_status(self) -> int:
        return EXIT_FAILED if self.problems else EXIT_DONE

    def _not_as_expected(self) -> list[str]:
        if self.expected is None:
            return [f"nothing answers at {self.server}"] if self.found == "closed" else []
        if self.expected != self.found:
            return [f"{self.expected} was expected, {self.found} was found{_cause(self)}"]
        if self.expected == "dual":
            return [
                f"{each.reach.address} does not answer, though others of its family do: {each.reach.outcome}"
                for each in self.served
                if not each.reach.answered
            ]
        return []

    def _unserved(self) -> list[str]:
        return [
            f"{each.reach.address} takes connections and does not serve: {each.answer.said}"
            for each in self.served
            if each.reach.answered and not each.answer.served
        ]

    def _different(self) -> list[str]:
        said = {family: {each.answer.said for each in self.answering(family)} for family in FAMILIES}
        if self.found != "dual" or said["IPv4"] == said["IPv6"]:
            return []
        return [
            "IPv4 and IPv6 do not lead to the same service: "
            + ", ".join(f"{' and '.join(map(repr, sorted(words)))} by {family}" for family, words in said.items())
        ]


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
