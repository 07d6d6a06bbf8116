"""How like a system a likeness of it is: the facts that are known of the system, beside those measured here."""

from collections.abc import Callable, Iterable

from anyunix.catalog.known_systems import BESIDE_TITLE, KnownSystem
from anyunix.results.json_values import same
from anyunix.results.likeness_model import Likeness
from anyunix.results.model import Matrix, PlatformResult


def likenesses(matrix: Matrix, known: Callable[[str], KnownSystem]) -> tuple[Likeness, ...]:
    """Of every platform that ran and is to be like a system; `known` tells what is known of one."""
    return tuple(
        likeness(platform, known(platform.like))
        for platform in matrix.platforms
        if platform.like and platform.status == "ran"
    )


def likeness(platform: PlatformResult, known: KnownSystem) -> Likeness:
    """What holds here of the facts by which the system is known. What varied here does not."""
    measured = {name for name in known.facts if name in platform.facts or name in platform.unstable}
    held = [name for name in known.facts if name in platform.facts and same(platform.facts[name], known.facts[name])]
    other = [name for name in known.facts if name in measured and name not in held]
    unmeasured = [name for name in known.facts if name not in measured]
    return Likeness(
        platform.name,
        known.title,
        known.measured,
        tuple(held),
        tuple(other),
        tuple(unmeasured),
        {name: known.reasons[name] for name in (*other, *unmeasured) if name in known.reasons},
    )


def said_of(likeness: Likeness) -> str:
    """`like-freebsd: 40 of the 52 facts in which FreeBSD 14.0 (measured) differs from Debian 13 hold here; …`."""
    known = (
        f"of the {likeness.known} facts in which {likeness.system} (measured) differs from {BESIDE_TITLE} hold here"
        if likeness.measured
        else f"of the {likeness.known} documented facts of {likeness.system} hold here"
    )
    parts = [f"{len(likeness.held)} {known}"]
    if likeness.other:
        parts.append(f"not emulated: {_with_reasons(likeness, likeness.other)}")
    if likeness.unmeasured:
        parts.append(f"not measured here: {_few(likeness.unmeasured)}")
    return f"{likeness.platform}: {'; '.join(parts)}"


def _with_reasons(likeness: Likeness, names: Iterable[str]) -> str:
    """Those without a known reason first; then each reason once, behind all that it holds for."""
    found: dict[str, list[str]] = {"": []}
    for name in names:
        found.setdefault(likeness.reasons.get(name, ""), []).append(name)
    return ", ".join(
        f"{', '.join(facts)}{f' ({reason})' if reason else ''}" for reason, facts in found.items() if facts
    )


def _few(names: tuple[str, ...], shown: int = 3) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return f"{', '.join(names[:shown])}{more}"
