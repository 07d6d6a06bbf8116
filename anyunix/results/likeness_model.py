"""How like a system a likeness is, as part of the typed results."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Likeness:
    """A platform with all known differences of a system switched on, beside what is known of that system."""

    platform: str
    system: str
    """`FreeBSD 14.0`"""
    measured: bool
    """Whether the facts were measured there, and are those that differ from Debian 13; else they are documented."""
    held: tuple[str, ...] = ()
    """The facts that are the same on the platform."""
    other: tuple[str, ...] = ()
    """Those that are not."""
    unmeasured: tuple[str, ...] = ()
    """Those that this run did not measure there."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Of `other` and `unmeasured`: why Linux cannot be made to have them."""

    @property
    def known(self) -> int:
        """How many facts are known of the system."""
        return len(self.held) + len(self.other) + len(self.unmeasured)
