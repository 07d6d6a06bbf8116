"""The stories by name."""

from dataclasses import dataclass

from anyunix.errors import ConfigurationError
from anyunix.text import nearest


@dataclass(frozen=True)
class Story:
    """One bug that can be brought about again."""

    name: str
    line: str


IPV6_ONLY = Story("ipv6-only", "the paper's server on FreeBSD's network defaults: it listens, and IPv4 is refused")
SIGNAL_RESET = Story("signal-reset", "sa_flags left uninitialised: the first message arrives, the second kills")
STORIES = (IPV6_ONLY, SIGNAL_RESET)


def story(name: str) -> Story:
    """Raises ConfigurationError with the nearest name."""
    known = {each.name: each for each in STORIES}
    if name not in known:
        raise ConfigurationError(
            f"no story is called {name!r}{nearest(name, known)}; `anyunix repro --list` shows them all"
        )
    return known[name]
