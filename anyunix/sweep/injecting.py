"""Which injections a sweep makes: each site with each error that somebody documents for such a call."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from anyunix.sweep.errnos import LASTING, PossibleError
from anyunix.sweep.sites import Site

Times = Literal["first", "second", "lasting"]
HOW_INSIDE = "this takes an object inside of the server"
NOTHING_INSIDE = "none was there"
UNFIT = re.compile(r"[^A-Za-z0-9_.]+")
"""For the ID of an injection, which is typed in again."""


@dataclass(frozen=True)
class Injection:
    """One answer of the system changed. Its fields but `site` and `answer` are those of suite/support/injection.py."""

    id: str
    site: Site
    answer: PossibleError
    times: Times
    when: int
    impossible: str = ""
    """Why it cannot be made."""

    def described(self) -> dict[str, object]:
        """For suite/sweep/injections.py."""
        return {
            "id": self.id,
            "phase": self.site.phase,
            "call": self.site.call,
            "error": self.answer.name,
            "when": self.when,
            "lasting": self.times == "lasting",
            "who": self.site.who,
            "path": self.site.path,
            "by": self.site.by,
            "kind": self.site.kind,
            "after": self.answer.made,
            "impossible": self.impossible,
        }


def injections_for(
    sites: Iterable[Site],
    errnos: Mapping[str, Sequence[PossibleError]],
    inside: "Mapping[tuple[str, ...], Site] | str" = NOTHING_INSIDE,
    *,
    quick: bool = False,
) -> list[Injection]:
    """All of them, in the order of the sites. `inside` are the sites that an object inside of the server has seen, by
    their keys, or why none can be there. `quick`: of the errors of one reason the first, once.
    """
    found: dict[str, Injection] = {}
    for seen in sites:
        for answer in _answers(seen, errnos, quick=quick):
            site, impossible = _made_at(seen, answer, inside)
            for times, when in _times(site, answer, quick=quick or bool(impossible)):
                there = "early " if site.who == "children" else ""  # what others do that come later is another site
                name = UNFIT.sub("-", f"{site.phase} {there}{site.label} {answer.name} {times}")
                same = sum(each.startswith(name) for each in found)
                each = Injection(name + (f"-{same + 1}" if same else ""), site, answer, times, when, impossible)
                found[each.id] = each
    return list(found.values())


def _made_at(site: Site, answer: PossibleError, inside: "Mapping[tuple[str, ...], Site] | str") -> tuple[Site, str]:
    """The site as whoever can make it happen counts it; or why nobody can."""
    if site.by == "preload" or not answer.inside:
        return site, ""
    if isinstance(inside, str):
        return site, f"{HOW_INSIDE}: {inside}"
    own = inside.get(site.key)
    return (own, "") if own else (site, f"{HOW_INSIDE}: it makes this call past libc, or libc does by itself")


def _answers(site: Site, errnos: Mapping[str, Sequence[PossibleError]], *, quick: bool) -> list[PossibleError]:
    own = [each for each in errnos.get(site.name, ()) if _fits(each, site)]
    return list({(each.why, each.inside): each for each in reversed(own)}.values())[::-1] if quick else own


def _fits(answer: PossibleError, site: Site) -> bool:
    """What valid arguments rule out, or the server's own handlers, cannot come."""
    if answer.why == "interrupted" and not site.interruptible and not answer.made:
        return False
    if answer.short and site.edges and site.about != "file":
        return False
    if answer.error == "EAGAIN" and site.name == "accept" and site.blocks:
        return False
    return answer.about in ("any", site.about) and not (answer.unless and answer.unless in site.text)


def _times(site: Site, answer: PossibleError, *, quick: bool) -> Iterator[tuple[Times, int]]:
    yield "first", site.places[0]
    if quick:
        return
    if len(site.places) > 1 and answer.why != "interrupted" and not answer.inside:
        yield "second", site.places[1]
    if answer.why in LASTING and not answer.inside and site.phase == "serving":
        yield "lasting", site.places[0]
