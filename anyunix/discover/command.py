"""A command line that starts a server, as the start of a subject: which of its words are files that travel."""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from anyunix.catalog.reader import NAME
from anyunix.catalog.starting import Ready
from anyunix.catalog.subjects import Subject
from anyunix.errors import ConfigurationError
from anyunix.host.regular import inside

SBIN = ("/usr/sbin", "/usr/local/sbin", "/sbin")
"""Where servers are that are not on a user's PATH."""


@dataclass(frozen=True)
class ServerCommand:
    """What somebody types to start a server, in the current folder."""

    words: tuple[str, ...]
    file: Path
    """The subject file that is to be written."""
    beside: tuple[Path, ...] = ()
    """What else it needs of the current folder."""

    @property
    def title(self) -> str:
        return name_for(self.words)

    def subject(self) -> Subject:
        """As a subject that is known to be ready when its port answers. Raises ConfigurationError."""
        program = self._program()
        own = Path(sys.executable).resolve()
        is_python = self.words[0] in ("python3", "python") or Path(program).resolve() == own
        local = any(word.startswith("./") or ("/" in word and not word.startswith("/")) for word in self.words[:1])
        return Subject(
            name=self.file.stem,
            title=self.title,
            folder=self.file.parent.resolve(),
            files=tuple(self._files()),
            start=("{python}" if is_python else program, *self.words[1:]),
            binds={"default": ()},
            ready=Ready("port"),
            needs=() if is_python or local else (program,),
            transport="unix" if any("{socket}" in word for word in self.words) else "tcp",
        )

    def _program(self) -> str:
        """The first word, or where it is when it is not on PATH. Raises ConfigurationError."""
        word = self.words[0]
        if word == "{python}" or shutil.which(word):
            return word
        found = shutil.which(word, path=os.pathsep.join(SBIN))
        if found:
            return found
        if Path(word).is_file():
            there = f"it is a file that cannot be run; type: chmod +x {word}" if "/" in word else f"type ./{word}"
            raise ConfigurationError(f"--detect: {word}: {there}")
        if "/" in word:
            make = "; build it first: make" if shutil.which("make") and Path("Makefile").is_file() else ""
            raise ConfigurationError(f"--detect: {word}: there is no such file{make}")
        raise ConfigurationError(f"--detect: {word}: no such command, on PATH or in {', '.join(SBIN)}")

    def _files(self) -> Iterator[str]:
        """Words that are files or folders beside the subject file, and what was named besides. As the command finds
        them in the current folder, so does the subject in its own: the two have to be one.
        """
        folder = self.file.parent.resolve()
        words = [word for number, word in enumerate(self.words) if number or "/" in word]
        here = [word for word in words if _is_beside(word)]
        if (here or self.beside) and folder != Path.cwd().resolve():
            raise ConfigurationError(
                f"{self.file}: {[*here, *self.beside][0]} is in the current folder, and travels from the folder of the "
                "subject file; name a file in the current folder"
            )
        for entry in dict.fromkeys([*here, *map(str, self.beside)]):
            if inside(folder, entry) is None or not (folder / entry).exists():
                raise ConfigurationError(f"{entry}: no file or folder in {folder}, from which it would travel")
            yield os.path.normpath(entry)


def name_for(words: Sequence[str]) -> str:
    """What the subject file for a command may be called: as its program, or its script."""
    script = next((word for word in words[1:] if word.endswith((".py", ".js", ".pl", ".rb"))), words[0])
    stem = Path(script).name.partition(".")[0]
    return stem if NAME.fullmatch(stem) else "subject"


def _is_beside(word: str) -> bool:
    path = Path(word)
    return not path.is_absolute() and "{" not in word and os.path.normpath(word) != "." and path.exists()
