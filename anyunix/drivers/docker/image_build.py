"""`docker build`: an image made from a context, with what the build says on the way."""

import io
from collections.abc import Mapping
from typing import Any

from anyunix.drivers.base import Progress
from anyunix.drivers.docker.execution import ENGINE_ERRORS
from anyunix.errors import PlatformError
from anyunix.host.emulators import INSTALL
from anyunix.text import safe


def build_image(
    client: Any,
    context: bytes,
    tag: str,
    *,
    recipe: str,
    base: str,
    cpu: str,
    say: Progress,
    labels: Mapping[str, str] | None = None,
) -> None:
    """Build the context's Dockerfile as `tag`, its BASE being `base`; errors name `recipe`. Raises PlatformError."""
    said: list[str] = []
    try:
        for event in client.api.build(
            fileobj=io.BytesIO(context),
            custom_context=True,
            tag=tag,
            decode=True,
            rm=True,
            forcerm=True,
            buildargs={"BASE": base},
            platform=cpu or None,
            labels=labels,
        ):
            if "error" in event:
                raise PlatformError(
                    f"the image {tag} does not build from {recipe}: {event['error'].strip()}; "
                    f"it said last: {' | '.join(said[-3:])}"
                    f"{emulator_hint(' '.join([*said[-3:], event['error']]))}"
                )
            if line := safe(str(event.get("stream", ""))).strip():
                said.append(line)
                say(f"building: {line}")
    except ENGINE_ERRORS as error:
        raise PlatformError(f"the image {tag} does not build: {reason_of(error)}") from error


def emulator_hint(said: str) -> str:
    """What to type when the engine's machine cannot start programs for a CPU, which it says in no helpful words."""
    return f": its kernel has no emulator for this CPU: {INSTALL}" if "exec format error" in said.lower() else ""


def start_hint(said: str) -> str:
    """What to type when a container does not start for want of an emulator, or of Podman's init."""
    if "container-init binary not found" in said:
        return ": install catatonit where the engine runs, or write `init: false` into the platform file"
    return emulator_hint(said)


def reason_of(error: BaseException) -> str:
    """The engine's own words, in one line."""
    text = getattr(error, "explanation", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())[:300]
