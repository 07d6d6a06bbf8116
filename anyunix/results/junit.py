"""JUnit XML from a platform in, probes out. It is untrusted: hostile XML is an error, never a hang."""

import json
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from anyunix.results.json_values import unfit
from anyunix.results.model import Outcome, Probe

XML_LIMIT = 32 * 1024 * 1024
"""Bytes of JUnit XML that are read at most."""
TEXT_LIMIT = 20_000
"""Characters of one message that are kept."""
ID_LIMIT, NAMES_LIMIT = 500, 16
"""Characters of a probe's ID, and IDs that one probe names, that are kept."""
NAME_LIMIT = 80
"""Characters of an exception's name."""
FACT_LIMIT = 2_000
"""Characters of one fact's value, as JSON."""


class BadResults(Exception):
    """The XML is not what a run of the suite writes: the text says what and where."""


def read_junit(data: bytes) -> tuple[Probe, ...]:
    """The probes in a JUnit file that pytest wrote (junit_family=xunit1). Raises BadResults."""
    return tuple(_probe(case) for case in parsed(data).iter("testcase"))


def parsed(data: bytes) -> Element:
    """The top of a JUnit file. Raises BadResults."""
    if len(data) > XML_LIMIT:
        raise BadResults(f"{len(data)} bytes of XML; at most {XML_LIMIT} are read")
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise BadResults(f"XML with a document type or entities, which no test suite writes ({error})") from None
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise BadResults(f"not well-formed XML: {error}") from None
    if root.tag not in ("testsuites", "testsuite"):
        raise BadResults(f"expected <testsuites> at the top, found <{root.tag:.40}>")
    return root


def _probe(case: Element) -> Probe:
    name, file = case.get("name", ""), case.get("file") or case.get("classname", "").replace(".", "/") + ".py"
    properties = list(_properties(case))
    kinds = [value for key, value in properties if key == "kind"]
    outcome, message = _outcome(case)
    return Probe(
        id=f"{file}::{_classes(case, file)}{name}"[:ID_LIMIT],
        # a file that could not even be imported has no kind; it counts, as a contract that failed
        kind="fact" if kinds[:1] == ["fact"] else "contract",
        outcome=outcome,
        message=message[:TEXT_LIMIT],
        error=_first(properties, "failed_by")[:NAME_LIMIT],
        seconds=_number(case.get("time", "0")),
        line=int(_number(case.get("line", "-1"))) + 1,
        explained_by=tuple(word for key, value in properties if key == "explained_by" for word in value.split()),
        failing=_first(properties, "failing"),
        fix=_first(properties, "fix"),
        promises=tuple(word for key, value in properties if key == "promises" for word in value.split()[:8]),
        bound=_addresses(properties, "bound"),
        answered=_addresses(properties, "answered"),
        consequence_of=tuple(value[:ID_LIMIT] for key, value in properties if key == "follows_from")[:NAMES_LIMIT],
        facts={key[5:]: _fact(key, value) for key, value in properties if key.startswith("fact:")},
        phrases={key[7:]: value[:TEXT_LIMIT] for key, value in properties if key.startswith("phrase:")},
    )


def _classes(case: Element, file: str) -> str:
    """`TestPorts::` for a test in a class, which pytest puts behind the file's name as Python imports it."""
    module, name = file.removesuffix(".py").replace("/", ".") + ".", case.get("classname", "")
    return f"{name.removeprefix(module).replace('.', '::')}::" if case.get("file") and name.startswith(module) else ""


def _properties(case: Element) -> Iterator[tuple[str, str]]:
    for entry in case.iter("property"):
        yield entry.get("name", "")[:200], entry.get("value", "")


def _first(properties: list[tuple[str, str]], wanted: str) -> str:
    return next((value[:TEXT_LIMIT] for key, value in properties if key == wanted), "")


def _addresses(properties: list[tuple[str, str]], wanted: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for key, value in properties if key == wanted for word in value.split()[:16]))


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
        fact = json.loads(value)
    except (ValueError, RecursionError):
        raise BadResults(f"{name}: {value!r:.80} is not JSON") from None
    if reason := unfit(fact):
        raise BadResults(f"{name}: {value!r:.80} is {reason}")
    return fact


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise BadResults(f"{text!r:.40} is not a number") from None
    if not 0 <= value < 1e9 and value != -1:
        raise BadResults(f"{text!r:.40} is not a duration or a line")
    return value
