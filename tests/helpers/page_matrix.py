"""A matrix with all that a page can show, with `text` wherever somebody else may write."""

from typing import Any

from anyunix.analysis.verdict import judge
from anyunix.results.cause_model import Cause
from anyunix.results.model import CellResult, Documented, Matrix, PlatformResult, Probe, ProbeText

ATTACKS = (
    "</script><script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=2>",
    "javascript:window.pwned=3",
    "{{ 7 * 7 }} {% raw %} ${window.pwned=4} &lt;b&gt;",
    "\"' onmouseover=window.pwned=5 x='",
    "<!--<script>",
    "</style></title></textarea></template>",
    "\x1b[31mred\x00\u202egnp.exe\u2028",
    "\ud800",
)
HOSTILE = " ".join(ATTACKS)
HARMLESS = HOSTILE.replace("\x1b[31m", "").translate(dict.fromkeys(map(ord, "\x00\u202e\u2028\ud800"), "\ufffd"))
SERVED, KEPT, ORDER = (
    "binding/test_served_contracts.py::test_ipv4_client_is_served",
    "chat/test_log_contracts.py::test_log_is_kept",
    "binding/test_a_facts.py::test_order[ipv4]",
)
FACTS = "locking/test_b_facts.py::test_flock_table"


def example(text: str = "plain words") -> Matrix:
    """Three platforms that ran, one that did not; `text` wherever a platform, a subject or a file may write."""

    def cell(platform: str, served: Probe, value: Any, bind: str = "first", table: str = "EAGAIN") -> CellResult:
        return CellResult(
            "c",
            platform,
            bind,
            "ran",
            compiler=text,
            probes=(
                served,
                Probe(KEPT, "contract", "skipped", f"left out: {text}"),
                Probe(ORDER, "fact", "passed", seconds=0.25, facts={"ipv6.order": value, f"same.{text}": text}),
                Probe(FACTS, "fact", "passed", facts={"flock.table": {"SH+EX": table, "SH+SH": "ok"}}),
            ),
        )

    passed = Probe(SERVED, "contract", "passed", seconds=0.125)
    failed = Probe(
        SERVED,
        "contract",
        "failed",
        f"E   refused: {text}\nmore {text}",
        line=24,
        explained_by=("ipv6.order",),
        explanation=f"because {text}",
        cause=Cause((text,), 7, True, "debian", note=text),
        counts={"failed": 2, "passed": 1},
    )
    accepted = Probe(SERVED, "contract", "failed", "again", expected=f"known: {text}")
    facts = {"ipv6.order": ["0.0.0.0", "::"], "flock.table": {"SH+EX": "EAGAIN", "SH+SH": "ok"}, f"same.{text}": text}
    platforms = (
        PlatformResult("debian", text, "docker", "ran", facts=facts, emulates=text),
        PlatformResult("alpine", "musl", "docker", "ran", facts={**facts, "ipv6.order": [text]}),
        PlatformResult(
            "wobbly",
            "varies",
            "docker",
            "ran",
            facts={"ipv6.order": ["0.0.0.0", "::"]},
            unstable={"flock.table": ({"SH+EX": "EAGAIN"}, {"SH+EX": text})},
            documented={"ipv6.order": Documented("::", f"manual {text}")},
        ),
        PlatformResult("freebsd", text, "vagrant", "not-run", text, documented={"ipv6.order": Documented("::", text)}),
    )
    cells = (
        cell("debian", passed, ["0.0.0.0", "::"], "dual"),
        cell("alpine", passed, ["0.0.0.0", "::"], "dual"),
        cell("debian", passed, ["0.0.0.0", "::"]),
        cell("alpine", failed, [text]),
        cell("wobbly", accepted, ["0.0.0.0", "::"]),
        CellResult("c", "freebsd", "first", "not-run", text),
    )
    texts = (ProbeText(SERVED, "contract", f"A client is served: {text}", f"RFC: {text}", 24),)
    return judge(Matrix(platforms, cells, "debian", ("freebsd",), texts, problems=(f"expectation {text}",)))
