"""What this process prints as a step of a GitHub Actions workflow: no line is a command that is not meant as one."""

import secrets
from collections.abc import Iterable, Mapping


def active(environment: Mapping[str, str]) -> bool:
    """Whether this process is a step of a workflow."""
    return environment.get("GITHUB_ACTIONS") == "true"


class Workflow:
    """What this process prints as a step of a workflow: within the block no line is a command, because a platform's
    words could begin with `::`, but for those that `tell` prints. Nothing at all outside of GitHub Actions.
    """

    def __init__(self, environment: Mapping[str, str], *, data: bool = False) -> None:
        """With `data` what is printed is for another program, which wants no line more."""
        self._active = active(environment) and not data
        self._token = ""

    def __enter__(self) -> "Workflow":
        self._off()
        return self

    def __exit__(self, *_: object) -> None:
        self._on()

    def tell(self, commands: Iterable[str]) -> None:
        """Print lines that are commands: made by `github.report`."""
        self._on()
        for line in commands:
            print(line, flush=True)
        self._off()

    def _off(self) -> None:
        if self._active:
            self._token = secrets.token_hex(16)  # each once: what has been printed could be repeated
            print(f"::stop-commands::{self._token}", flush=True)

    def _on(self) -> None:
        if self._active:
            print(f"::{self._token}::", flush=True)
