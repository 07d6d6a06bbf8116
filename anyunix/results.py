"""JUnit XML in, typed results out. What a platform sends is untrusted: hostile XML is an error, never a hang."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

Kind = Literal["fact", "contract"]
Outcome = Literal["passed", "failed", "error", "skipped"]
Status = Literal["ran", "not-run", "error"]

XML_LIMIT = 32 * 1024 * 1024
"""Bytes of JUnit XML that are read at most."""
TEXT_LIMIT = 20_000
"""Characters of one message that are kept."""
FACT_LIMIT = 2_000
"""Characters of one fact's value, as JSON."""


class BadResults(Exception):
    """The XML is not what a run of the suite writes: the text says what and where."""


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
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def group(self) -> str:
        return self.id.partition("/")[0]

    @property
    def file(self) -> str:
        return self.id.partition("::")[0]

    @property
    def bad(self) -> bool:
        return self.outcome in ("failed", "error")


@dataclass(frozen=True)
class CellResult:
    """One subject on one platform in one bind mode, start to finish."""

    subject: str
    platform: str
    bind: str
    status: Status
    reason: str = ""
    """Why it did not run, or what broke; empty when it ran."""
    build: str = "plain"
    compiler: str = ""
    probes: tuple[Probe, ...] = ()
    seconds: float = 0.0

    @property
    def contracts(self) -> tuple[Probe, ...]:
        return tuple(probe for probe in self.probes if probe.kind == "contract")

    @property
    def failures(self) -> tuple[Probe, ...]:
        """Contracts that the subject did not keep."""
        return tuple(probe for probe in self.contracts if probe.bad)

    @property
    def facts(self) -> dict[str, Any]:
        return {name: value for probe in self.probes for name, value in probe.facts.items()}


def read_junit(data: bytes) -> tuple[Probe, ...]:
    """The probes in a JUnit file that pytest wrote (junit_family=xunit1). Raises BadResults."""
    if len(data) > XML_LIMIT:
        raise BadResults(f"{len(data)} bytes of XML; at most {XML_LIMIT} are read")
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise BadResults(f"XML with a document type or entities, which pytest never writes ({error})") from None
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise BadResults(f"not well-formed XML: {error}") from None
    if root.tag not in ("testsuites", "testsuite"):
        raise BadResults(f"expected <testsuites> at the top, found <{root.tag:.40}>")
    return tuple(_probe(case) for case in root.iter("testcase"))


def _probe(case: Element) -> Probe:
    name, file = case.get("name", ""), case.get("file") or case.get("classname", "").replace(".", "/") + ".py"
    properties = list(_properties(case))
    kinds = [value for key, value in properties if key == "kind"]
    outcome, message = _outcome(case)
    return Probe(
        id=f"{file}::{name}"[:500],
        # a file that could not even be imported has no kind; it counts, as a contract that failed
        kind="fact" if kinds[:1] == ["fact"] else "contract",
        outcome=outcome,
        message=message[:TEXT_LIMIT],
        seconds=_number(case.get("time", "0")),
        line=int(_number(case.get("line", "-1"))) + 1,
        explained_by=tuple(word for key, value in properties if key == "explained_by" for word in value.split()),
        facts={key[5:]: _fact(key, value) for key, value in properties if key.startswith("fact:")},
    )


def _properties(case: Element) -> Iterator[tuple[str, str]]:
    for entry in case.iter("property"):
        yield entry.get("name", "")[:200], entry.get("value", "")


def _outcome(case: Element) -> tuple[Outcome, str]:
    order: tuple[tuple[str, Outcome], ...] = (("failure", "failed"), ("error", "error"), ("skipped", "skipped"))
    for tag, outcome in order:
        found = case.find(tag)
        if found is not None:
            message = found.get("message", "")
            return outcome, message if outcome == "skipped" else f"{message}\n{found.text or ''}".strip()
    return "passed", ""


def _fact(name: str, value: str) -> Any:
    if len(value) > FACT_LIMIT:
        raise BadResults(f"{name}: a value of {len(value)} characters; at most {FACT_LIMIT} are read")
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise BadResults(f"{name}: {value!r:.80} is not JSON") from None


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise BadResults(f"{text!r:.40} is not a number") from None
    if not 0 <= value < 1e9 and value != -1:
        raise BadResults(f"{text!r:.40} is not a duration or a line")
    return value
