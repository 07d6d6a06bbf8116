"""What an image is made from: a build context, made in memory without the client of the Docker engine."""

import io
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
        """The build context: the Dockerfile, and the files."""
        files = {f"files{path}": content.encode() for path, content in sorted(self.files.items())}
        dockerfile = self.dockerfile.read_text() + ("\nCOPY files/ /\n" if files else "")
        return context_of({**files, "Dockerfile": dockerfile.encode()})


def context_of(files: Mapping[str, bytes]) -> bytes:
    """A build context, as a tar archive: the same bytes for the same files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o644
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()
