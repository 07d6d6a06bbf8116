"""What experiments found out about a contract that fails here and is kept on the reference."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta


@dataclass(frozen=True)
class Cause:
    """The differences that break the contract where the reference runs, or why none are to blame for all we know."""

    differences: tuple[str, ...] = ()
    """By name: all that were needed together. Without `minimal`, what was left of them as the experiment ended."""
    runs: Annotated[int, Meta(ge=0)] = 0
    """How often the contract was held against the server."""
    minimal: bool = False
    """Whether it is certain: the contract failed each time with all of them, and never with one of them left out."""
    reference: str = ""
    """Where they were switched on."""
    facts: tuple[str, ...] = ()
    """What `differences` change."""
    note: str = ""
    """Why no cause is claimed, or what else there is to say of the one that is."""

    @property
    def found(self) -> bool:
        """Whether a cause is claimed."""
        return self.minimal and bool(self.differences)
