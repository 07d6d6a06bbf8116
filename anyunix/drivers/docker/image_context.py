"""What an image is made from: a build context, made in memory without the client of the Docker engine."""

import io
import json
import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Image:
    """What an image is made from."""

    dockerfile: Path
    base: str
    cpu: str
    """As Docker calls it; empty for the engine's own."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Absolute path -> content, copied over what it has."""

    @property
    def repository(self) -> str:
        """After its Dockerfile, in the letters that an image's name may have."""
        return re.sub(r"[^a-z0-9]+", "-", self.dockerfile.name.split(".")[0].lower()).strip("-") or "image"

    def context(self) -> bytes:
        """The build context: the Dockerfile, with the files in it.

        They are written by commands: Docker 20.10 takes what RUN makes for the engine's own CPU, and refuses to COPY
        into that for another one.
        """
        written = [run_line(path, content) for path, content in sorted(self.files.items())]
        dockerfile = "\n".join([self.dockerfile.read_text(), *(["USER root"] if written else []), *written])
        return context_of({"Dockerfile": dockerfile.encode()})


def run_line(path: str, content: str) -> str:
    """A line of a Dockerfile that writes a file over what there is: printf(1) with octal escapes, whatever is in it."""
    script = 'mkdir -p "$(dirname "$1")" && rm -f "$1" && printf "$2" >"$1" && chmod 644 "$1"'
    escaped = "".join(f"\\{byte:03o}" for byte in content.encode())
    return f"RUN {json.dumps(['sh', '-c', script, 'sh', path, escaped])}"


def context_of(files: Mapping[str, bytes]) -> bytes:
    """A build context, as a tar archive: the same bytes for the same files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o644
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()
