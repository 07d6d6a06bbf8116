"""A run's results with something in every key, for tools that need some."""

from anyunix.analysis.verdict import judge
from anyunix.results.cause_model import Cause
from anyunix.results.model import CellResult, Documented, Identity, Matrix, PlatformResult, Probe, ProbeText
from anyunix.results.trace_model import ProcessTrace, Trace, TraceRow

CONTRACT = "binding/test_served_contracts.py::test_ipv4_client_is_served"
FACT = "ipv6.v6only_default"


def sample() -> Matrix:
    """Four platforms: the reference, one that breaks what it kept, one that broke, one that did not run."""
    platforms = (
        PlatformResult("debian", "the debian", "docker", "ran", facts={FACT: 0}),
        PlatformResult("alpine", "the alpine", "docker", "ran", "", "FreeBSD", facts={FACT: 1}),
        PlatformResult("local", "this machine", "local", "error", "died", unstable={"a.b": (1, 2)}),
        PlatformResult(
            "freebsd", "the freebsd", "documented", "not-run", "manuals", documented={FACT: Documented(1, "inet6(4)")}
        ),
    )
    cells = (
        CellResult("python", "debian", "first", "ran", probes=(_fact(0), Probe(CONTRACT, "contract", "passed"))),
        CellResult("python", "alpine", "first", "ran", probes=(_fact(1), _failed(), _flaky()), compiler="cc 1"),
        CellResult("python", "local", "first", "error", "died", seconds=9.5),
        CellResult("c", "freebsd", "dual", "not-run", "no machine"),
    )
    return judge(
        Matrix(
            platforms,
            cells,
            "debian",
            ("debian",),
            (ProbeText(CONTRACT, "contract", "b", "r", 3),),
            "2026-01-01T00:00:00+00:00",
            1.5,
            problems=("x",),
            identity=Identity("1", "2", {"python": "3"}),
        )
    )


def _fact(value: int) -> Probe:
    return Probe(
        "binding/test_ipv6_facts.py::test_z",
        "fact",
        "passed",
        facts={FACT: value},
        phrases={FACT: "IPV6_V6ONLY is {value} by default"},
        unstable={"a.b": (1, [2, None])},
    )


def _failed() -> Probe:
    rows = (TraceRow("bind(::)", "bind(0)"), TraceRow("", "pause()", True))
    return Probe(
        CONTRACT,
        "contract",
        "failed",
        "E   refused\nmore",
        0.5,
        7,
        (FACT,),
        "IPv4 is refused",
        "Bind twice",
        ("::",),
        explanation="IPV6_V6ONLY is 1 here and 0 on debian",
        culprit="a.c:1",
        cause=Cause(("passive-order", "v6only-default"), 9, True, "debian", (FACT,), "with x beside, it is kept again"),
        trace=Trace("debian", (ProcessTrace("parent", rows),), "parent", left_out=1),
    )


def _flaky() -> Probe:
    return Probe("signals/test_x.py::test_y[1]", "contract", "flaky", "m", 0.1, 3, counts={"passed": 1, "failed": 2})
