"""index.html: a sweep as one self-contained page without JavaScript. All that a sweep holds is untrusted text."""

from collections.abc import Mapping, Sequence
from importlib import resources

from markupsafe import Markup

from anyunix import __version__
from anyunix.catalog.difference import Difference
from anyunix.report.html import policy_for, source_of, templates_of
from anyunix.sweep.sweep_report import notes, repeat, rows_of, summary, told_of, unanswered
from anyunix.sweep.swept import Sweeps
from anyunix.sweep.weaknesses import weaknesses_of, who_answers

HEADLINES = {0: "nothing breaks it", 1: "some answers break it", 3: "not answered"}
"""By exit status."""


def render(found: Sweeps, given: Sequence[str], differences: Mapping[str, Difference]) -> str:
    """The whole page. `given` is the command line of this sweep."""
    environment = templates_of("anyunix", "sweep")
    own = (resources.files("anyunix.sweep") / "sweep.css").read_text(encoding="utf-8")
    style = Markup(f"{source_of('page.css')}\n{own}")
    rows = []
    for phase, label, injections in rows_of(found.injections):
        ids = {each.id for each in injections}
        there = [[each for each in sweep.injections if each.id in ids] for sweep in found.each]
        rows.append((phase, label, [told_of(each) for each in there]))
    return environment.get_template("sweep.html").render(
        found=found,
        answer=found.exit_status,
        headline=HEADLINES[found.exit_status],
        summary=summary(found),
        unanswered=unanswered(found),
        notes=list(notes(found)),
        broken=weaknesses_of(found),
        expected=weaknesses_of(found, expected=True),
        who_answers=lambda weakness: who_answers(weakness, differences),
        repeat=lambda each: repeat(given, each),
        rows=rows,
        style=style,
        policy=policy_for(style, ""),
        version=__version__,
    )
