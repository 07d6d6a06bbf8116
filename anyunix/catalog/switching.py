"""A platform with differences switched on: another platform, for whoever runs something there."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from anyunix.catalog.difference import TITLES, Difference, System, changes_of, in_likeness
from anyunix.catalog.platforms import Platform
from anyunix.drivers.registry import altering

NAMED = 2
"""Differences that a platform's name has in it; of more, their digest."""
LIKE = "+like-"
"""Between a platform and a system, in the name of a likeness."""


class CannotSwitch(Exception):
    """Why a difference cannot be switched on there."""


def switched_on(platform: Platform, differences: Sequence[Difference]) -> Platform:
    """The same platform with these differences beside what it has already. Raises CannotSwitch."""
    sysctls, files = changes_of(differences)
    options = platform.options
    if sysctls or files:
        can = altering(options)
        if can is None:
            raise CannotSwitch(
                f"driver {platform.driver} changes nothing on its machine, and "
                f"{', '.join(each.name for each in differences if each.alters)} needs sysctls or files of its own"
            )
        options = msgspec.structs.replace(can, sysctls={**can.sysctls, **sysctls}, files={**can.files, **files})
    together = {each.name: each for each in (*platform.switched_on, *differences)}
    return replace(
        platform,
        options=options,
        switched_on=tuple(together[name] for name in sorted(together)),
        emulates=platform.emulates or _emulates(platform, differences),
    )


def experimental(platform: Platform, differences: Sequence[Difference]) -> Platform:
    """As `switched_on`, under a name of its own: `debian+v6only-default`. Raises CannotSwitch."""
    names = sorted(each.name for each in differences)
    if len(names) > NAMED:
        names = [f"{len(names)}-differences-{_digest('+'.join(names).encode())}"]
    made = switched_on(platform, differences)
    machine = platform.machine or platform.name
    if any(changes := changes_of(differences)):
        machine += f"+{_digest(msgspec.json.encode(changes, order='deterministic'))}"
    return replace(
        made, name="+".join([platform.name, *names]), emulates=_emulates(platform, differences), machine=machine
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:8]


def alike(platform: Platform, system: System, known: Sequence[Difference]) -> Platform:
    """The platform's likeness of a system, with all of its differences of the known ones: `debian+like-freebsd`.

    Raises CannotSwitch.
    """
    own = in_likeness(known, system)
    if not platform.options.runs:
        raise CannotSwitch("it is known from its manuals only, and nothing runs there")
    if platform.like:
        raise CannotSwitch(f"it is like {TITLES[platform.like]} already")
    if not own:
        raise CannotSwitch(f"no difference is known that {TITLES[system]} has")
    made = switched_on(replace(platform, like=system, emulates=""), own)
    title = f"{platform.title}, with the known differences of {TITLES[system]} switched on"
    return replace(made, name=f"{platform.name}{LIKE}{system}", title=title)


def _emulates(platform: Platform, differences: Sequence[Difference]) -> str:
    if platform.like:
        return (
            f"{len(differences)} documented difference{'' if len(differences) == 1 else 's'} of {TITLES[platform.like]}"
        )
    return "; ".join(each.title for each in differences)
