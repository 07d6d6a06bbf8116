"""JUnit files of any test suite: what pytest, googletest, go-junit-report, jest, Surefire and others write.

There is no standard. Common to all of them: a `testcase` has a name and mostly a class name; `failure` and `error` in
it are bad, `skipped` is not tried, none of them is passed. Suites are nested as deep as somebody liked. What is in
doubt is never a pass. Input is untrusted.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from anyunix.results.junit import ID_LIMIT, TEXT_LIMIT, BadResults, parsed
from anyunix.results.model import ONLY_WHEN_BROKEN, Outcome, Probe

FAILED = ("failure", "error")
RETRIED = ("flakyFailure", "flakyError", "rerunFailure", "rerunError", "rerun")
"""Surefire, cargo-nextest and others write one for each try before the last one."""
STATUS: dict[str, Outcome] = {
    **dict.fromkeys(("notrun", "disabled", "skipped", "skip", "pending", "todo", "ignored"), "skipped"),
    **dict.fromkeys(("fail", "failed", "failure", "error", "timeout", "timed out", "crashed"), "failed"),
}
"""What a testcase's `status` or `result` says where nothing in it does: googletest, CTest and others."""
GROUP = "tests"
"""Of tests whose file nobody knows."""
PLACE = re.compile(r"\S+:\d+:?")
NAMELESS, PYTEST = "(no name)", "pytest"
DEPTH = 64
"""Suites within suites, at most: each is counted with all that is in it."""
RESERVED = {name.partition("/")[0] for name in ONLY_WHEN_BROKEN}


@dataclass(frozen=True)
class Suite:
    """What a file holds."""

    name: str
    """As it says; empty where it does not."""
    probes: tuple[Probe, ...]
    """As they stand there: a name may stand twice."""


def read_any_junit(data: bytes) -> Suite:
    """A file's tests as contracts. Raises BadResults for what is no JUnit file, or is not all of one."""
    root = parsed(data)
    probes = tuple(_probe(case, within) for case, within in _cases(root))
    for suite in root.iter():
        if suite.tag in ("testsuite", "testsuites"):
            _check_complete(suite)
    if not probes:
        raise BadResults("no <testcase> in it")
    below = {child.get("name", "").strip() for child in root if child.tag == "testsuite"}
    return Suite(root.get("name", "").strip() or ("" if len(below) != 1 else below.pop()), probes)


def one_each(probes: Iterable[Probe]) -> dict[str, Probe]:
    """By ID. Several results of one name, from repeats or from tests that nobody can tell apart, are one: kept if each
    was, left out if each was, else bad; `counts` has how often each came.
    """
    found: dict[str, list[Probe]] = {}
    for probe in probes:
        found.setdefault(probe.id, []).append(probe)
    return {name: _one(several) for name, several in found.items()}


def results_of(probe: Probe) -> int:
    """How many results of its name came."""
    return sum(probe.counts.values()) or 1


def _one(several: Sequence[Probe]) -> Probe:
    if any(probe.outcome == "failed" for probe in several):  # pytest writes one twice whose clean-up failed as well
        several = [probe for probe in several if probe.outcome != "error"]
    if len(several) == 1:
        return several[0]
    order: list[Outcome] = ["flaky", "failed", "error", "passed", "skipped"]
    outcomes = [probe.outcome for probe in several]
    counts: dict[str, int] = {outcome: outcomes.count(outcome) for outcome in order if outcome in outcomes}
    worst = min(several, key=lambda probe: order.index(probe.outcome))
    said = f"{len(several)} results of this name: {', '.join(f'{count} {name}' for name, count in counts.items())}"
    mixed = worst.bad and "passed" in counts
    return replace(
        worst,
        outcome="flaky" if mixed else worst.outcome,
        counts=counts,
        message=f"{said}\n{worst.message}".strip() if worst.bad or len(counts) > 1 else worst.message,
        seconds=sum(probe.seconds for probe in several),
    )


def _cases(root: Element) -> Iterator[tuple[Element, tuple[str, ...]]]:
    """Each test, and the names of the suites around it but the outermost; in their order."""
    waiting: list[tuple[Element, tuple[str, ...]]] = [(root, ())]
    while waiting:  # no recursion: nobody knows how deep it goes
        element, within = waiting.pop()
        if element.tag == "testcase":
            yield element, within
        elif element.tag in ("testsuite", "testsuites"):
            if len(within) > DEPTH:
                raise BadResults(f"more than {DEPTH} suites within one another")
            inner = within if element is root else (*within, element.get("name", "").strip())
            waiting += [(child, inner) for child in reversed(element)]


def _probe(case: Element, within: tuple[str, ...]) -> Probe:
    outcome, message = _outcome(case)
    tries = [each for each in case if each.tag in RETRIED]
    probe = Probe(_id(case, within), "contract", outcome, message[:TEXT_LIMIT], _seconds(case.get("time", "")))
    if not tries or outcome == "skipped":
        return probe
    if outcome == "passed":
        before = f"passed after {len(tries)} failed: {_said(tries)}"
        return replace(probe, outcome="flaky", message=before[:TEXT_LIMIT], counts={"failed": len(tries), "passed": 1})
    return replace(probe, message=f"{len(tries) + 1} tries failed\n{probe.message}"[:TEXT_LIMIT])


def _id(case: Element, within: tuple[str, ...]) -> str:
    """`tests/test_a.py::TestB::test_c` where pytest says the file, else `tests/SUITE > CLASS::NAME`.

    A file's path is in it only where the class is named after it: others are where somebody compiled. A class or a
    suite that says no more than the names beside it is left out, and so is what pytest calls all suites.
    """
    name, classes = case.get("name", "").strip() or NAMELESS, case.get("classname", "").strip()
    file = case.get("file", "").replace("\\", "/").removeprefix("./")
    module = file.removesuffix(".py").replace("/", ".")
    if file.endswith(".py") and not file.startswith("/") and f"{classes}.".startswith(f"{module}."):
        inner = classes.removeprefix(module).strip(".").replace(".", "::")
        group = file.partition("/")[0] if "/" in file else ""
        where = file if group and group not in RESERVED else f"{GROUP}/{file}"
        return f"{where}::{inner}{'::' if inner else ''}{name}"[:ID_LIMIT]
    suites = [suite for suite in within if suite and suite != PYTEST and suite not in classes]
    words = [*suites, *([classes] if classes and classes != name else [])]
    words = words or [suite for suite in within[-1:] if suite] or [classes]
    return " ".join(f"{GROUP}/{' > '.join(words) or NAMELESS}::{name}".split())[:ID_LIMIT]


def _outcome(case: Element) -> tuple[Outcome, str]:
    bad = [each for each in case if each.tag in FAILED]
    if bad:
        return ("failed" if any(each.tag == "failure" for each in bad) else "error"), _said(bad)
    skipped = case.find("skipped")
    if skipped is not None:
        return "skipped", (skipped.get("message") or skipped.text or "skipped").strip()
    for word in (case.get("status", ""), case.get("result", "")):
        if (outcome := STATUS.get(word.strip().lower())) is not None:
            return outcome, f"its status is {word!r:.40}"
    return "passed", ""


def _said(elements: Iterable[Element]) -> str:
    """What a reader wants to see in the first line, then all of it; googletest writes an element for each assertion."""
    texts = []
    for element in elements:
        message, text = element.get("message", "").strip(), (element.text or "").strip()
        first, _, rest = message.partition("\n")
        if PLACE.fullmatch(first):  # googletest: the place alone, then the words
            message = f"{first}: {' '.join(rest.split())}"
        told = len(message.split()) > 1 or not text  # go-junit-report: `Failed`
        texts.append(f"{message}\n{text}" if told else text)
    return "\n".join(texts).strip()


def _check_complete(suite: Element) -> None:
    """Raises BadResults where a suite says that it has more tests, or more failures, than it holds."""
    cases = list(suite.iter("testcase"))
    bad = sum(any(each.tag in (*FAILED, *RETRIED) for each in case) or _outcome(case)[0] == "failed" for case in cases)
    name = repr(suite.get("name", ""))[:60]
    if (said := _count(suite, "tests")) > len(cases):
        raise BadResults(f"<{suite.tag}> {name} says that it has {said} tests, and holds {len(cases)}")
    if (said := _count(suite, "failures") + _count(suite, "errors")) and not bad:
        raise BadResults(f"<{suite.tag}> {name} says that {said} failed, and holds none that did")


def _count(suite: Element, key: str) -> int:
    text = suite.get(key, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _seconds(text: str) -> float:
    """Surefire has `1,234.5`; what nobody can read is no evidence of anything, so it is none of time either."""
    try:
        seconds = float(text.replace(",", ""))
    except ValueError:
        return 0.0
    return seconds if 0 <= seconds < 1e9 else 0.0
