"""The Markdown page: the verdict first, complete, and nothing in it but what is ours to say."""

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from anyunix.analysis.verdict import judge
from anyunix.report.gfm import block, code, text
from anyunix.report.markdown import render
from anyunix.results.cause_model import Cause
from anyunix.results.model import CellResult, Documented, Matrix, PlatformResult, Probe, ProbeText

HOSTILE = (
    "| a | `b` <script>alert(1)</script> </pre></details> @octocat ![i](http://x/y.png) [l](//z) **bold** "
    "\x1b[2J\n\n# heading\n- list\n```\n<img src=x onerror=alert(1)>\n| c |\r\nhttps://evil.example "
    "www.evil.example _e_ __s__ a_b_c &lt;b&gt; $x$ ~~s~~ \u202e \\| end"
)
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def hostile_matrix() -> Matrix:
    probe = Probe(
        f"binding/{HOSTILE}.py::test_{HOSTILE}",
        "contract",
        "failed",
        HOSTILE,
        line=3,
        explanation=HOSTILE,
        fix=HOSTILE,
        facts={},
        cause=Cause((HOSTILE,), 1, False, HOSTILE, note=HOSTILE),
    )
    fact = Probe("x/test_f.py::test_f", "fact", "passed", facts={HOSTILE: 1})
    platforms = (
        PlatformResult("debian", "d", "docker", "ran", facts={HOSTILE: {"k": HOSTILE}, "v": 1}),
        PlatformResult(
            HOSTILE,
            HOSTILE,
            "docker",
            "ran",
            facts={HOSTILE: HOSTILE, "v": 2},
            unstable={"u": (HOSTILE, 1)},
            documented={"v": Documented(HOSTILE, HOSTILE)},
        ),
        PlatformResult("bsd", "b", "documented", "not-run", documented={"v": Documented(HOSTILE, HOSTILE)}),
    )
    cells = (
        CellResult("c", "debian", "dual", "ran", probes=(fact,)),
        CellResult("c", HOSTILE, "dual", "ran", probes=(probe, fact)),
        CellResult(HOSTILE, "gone", HOSTILE, "not-run", HOSTILE),
        CellResult("c", "broken", "dual", "error", HOSTILE),
    )
    texts = (ProbeText(probe.id, "contract", HOSTILE, HOSTILE, 1),)
    matrix = judge(Matrix(platforms, cells, "debian", texts=texts, problems=(HOSTILE,)))
    assert any(HOSTILE in reason for verdict in matrix.verdicts for reason in verdict.because)
    return matrix


def example() -> Matrix:
    kept = Probe("binding/test_x.py::test_a", "contract", "passed", line=3)
    broken = Probe("chat/test_y.py::test_b", "contract", "failed", "E   assert 1 == 2\nmore", line=9)
    whole = Probe("chat/test_y.py::test_b", "contract", "passed", line=9)
    skipped = Probe("chat/test_y.py::test_c", "contract", "skipped", "left out")
    fact = Probe("binding/test_f.py::test_d", "fact", "passed", facts={"a.b": 1})
    platforms = (
        PlatformResult("debian", "d", "docker", "ran", facts={"a.b": 1}),
        PlatformResult("alpine", "a", "docker", "ran", facts={"a.b": 2}),
        PlatformResult("bsd", "b", "documented", "not-run", documented={"a.b": Documented(3, "intro(2)")}),
    )
    cells = (
        CellResult("c", "debian", "dual", "ran", probes=(kept, whole, skipped, fact), seconds=1.5),
        CellResult("c", "alpine", "dual", "ran", probes=(kept, broken, fact), seconds=2),
        CellResult("c", "bsd", "dual", "not-run", "known from its manuals only"),
    )
    return judge(Matrix(platforms, cells, "debian", problems=("expectation 3 holds no more",)))


def test_page_says_all_the_verdict_first() -> None:
    page = render(example())
    lines = page.splitlines()
    assert lines[2] == "❌ **c, bind dual: not portable**"
    assert lines[4] == "- alpine fails test_b"
    assert "- expectation 3 holds no more" in lines
    assert "| platform | binding | chat | left out | facts | seconds |" in lines
    assert "| debian (reference) | 1/1 | 1/1 | 1 | 1 | 2 |" in lines
    assert "| alpine | 1/1 | **0/1** ✗ | – | 1 | 2 |" in lines
    assert "<pre>\nE   assert 1 == 2\nmore\n</pre>" in page
    assert "| <code>a.b</code> | <code>1</code> | <code>2</code> alpine |" in lines
    assert "| <code>a.b</code> | <code>1</code> | bsd | <code>3</code> | intro(2) |" in lines
    assert "- not run: bsd: known from its manuals only" in lines


def test_differences_and_broken_promises_have_a_headline_each() -> None:
    kept, broken = (Probe("a/b.py::c", "contract", outcome) for outcome in ("passed", "failed"))
    nowhere = Probe("a/b.py::d", "contract", "failed", promises=("sighup",))
    page = render(
        judge(
            Matrix(
                (),
                (
                    CellResult("c", "debian", "dual", "ran", probes=(kept, nowhere)),
                    CellResult("c", "alpine", "dual", "ran", probes=(broken, nowhere)),
                ),
                "debian",
            )
        )
    )
    headings = [line for line in page.splitlines() if line.startswith("### ") and "kept / tried" not in line]
    assert headings == [
        "### Platform differences: kept on one platform, broken on another",
        "### Broken promises: kept on no platform that tried them",
    ]
    assert "Write promises: &#123;sighup: alone&#125;" in page


def test_the_cause_comes_before_what_facts_explain() -> None:
    matrix = example()
    cause = Cause(("a", "b"), 7, True, "debian")
    probe = replace(matrix.cells[1].probes[1], cause=cause, explanation="b is 2 here.", fix="mend it")
    cell = replace(matrix.cells[1], probes=(probe,))
    page = render(judge(replace(matrix, cells=(matrix.cells[0], cell))))
    said = "with a and b switched on, debian fails too; with either alone it does not. Fix: mend it."
    assert f"- test_b fails on alpine, not on debian; cause, by experiment (7 runs): {said}" in page
    assert f"\n\n**cause, by experiment (7 runs): {said}**\n\nb is 2 here.\n\n" in page
    assert page.count("mend it") == 2


def test_portable_run_has_no_empty_sections() -> None:
    kept, left_out = Probe("a/b.py::c", "contract", "passed"), Probe("a/b.py::d", "contract", "skipped")
    cells = (
        CellResult("c", "debian", "dual", "ran", probes=(kept, replace(left_out, outcome="passed"))),
        CellResult("c", "alpine", "dual", "ran", probes=(kept, left_out)),
    )
    page = render(
        judge(Matrix((PlatformResult("debian", "d", "docker", "ran"),), cells, "debian", part="-k b", dropped=("bsd",)))
    )
    assert page.startswith(
        "## anyunix\n\nPart of it: -k b. Ran in the baseline, not now: bsd.\n\n✅ **c, bind dual: "
        "portable** on debian, alpine (1 of 2 contracts tried)\n"
    )
    assert page.count("###") == 1


def test_hostile_text_adds_no_html_links_or_tables() -> None:
    page = render(hostile_matrix())
    rendered = MARKDOWN.render(page)
    tags = {tag.lower() for tag in re.findall(r"</?([a-zA-Z][\w-]*)", rendered)}
    assert tags <= {
        "h2",
        "h3",
        "p",
        "ul",
        "li",
        "strong",
        "details",
        "summary",
        "b",
        "i",
        "code",
        "pre",
        "br",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }
    assert rendered.count("<table>") == page.count("\n| --- ")
    headings = re.findall(r"<h[1-6]>(.*?)</h[1-6]>", rendered)
    assert not [heading for heading in headings if heading == "heading"]
    for name in ("details", "pre", "code"):
        assert rendered.count(f"<{name}>") == rendered.count(f"</{name}>")
    outside = re.sub(r"<pre>.*?</pre>|<code>.*?</code>", "", page, flags=re.DOTALL)
    assert "@o" not in outside
    assert "://" not in outside
    assert "www." not in outside
    assert re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", page) == []


def test_hostile_cells_stay_in_their_tables() -> None:
    rendered = MARKDOWN.render(render(hostile_matrix()))
    for table in re.findall(r"<table>.*?</table>", rendered, flags=re.DOTALL):
        rows = [len(re.findall(r"<t[hd]", row)) for row in re.findall(r"<tr>.*?</tr>", table, flags=re.DOTALL)]
        assert len(set(rows)) == 1


@pytest.mark.parametrize(
    "words",
    ["a|b", "`x`", "<b>", "&lt;", "*a*", "_a_", "__a__", "a_b_c", "a__b__c", "[a](b)", "# a", "\\", "~~a~~", "a\nb"],
)
def test_text_comes_out_as_it_went_in(words: str) -> None:
    rendered = MARKDOWN.renderInline(text(words))
    assert "<" not in rendered
    assert re.sub(
        r"&(lt|gt|amp|quot);", lambda m: {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}[m[1]], rendered
    ) == words.replace("\n", " ")


def test_mentions_are_broken_in_text_and_kept_in_code() -> None:
    assert text("@octocat") == "@\u200boctocat"
    assert code("@octocat") == "<code>@octocat</code>"


def test_block_cannot_be_left() -> None:
    assert block("a</pre>\n\n<img src=x>") == "<pre>\na&lt;/pre&gt;\n\n&lt;img src=x&gt;\n</pre>"


def test_long_message_is_cut() -> None:
    probe = Probe("a/b.py::c", "contract", "failed", "x" * 100_000)
    cell = CellResult("c", "debian", "dual", "ran", probes=(probe,))
    assert len(render(Matrix((), (cell,), "debian"))) < 10_000
