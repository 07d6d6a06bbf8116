"""When the suite last ran on a platform, written into its file."""

import re
from collections.abc import Iterator
from pathlib import Path

from anyunix.catalog.yaml_text import parse_yaml
from anyunix.errors import ConfigurationError
from anyunix.host.regular import read_text
from anyunix.host.whole_file import write_whole
from anyunix.results.model import Matrix

KEY = "last_run"
LINE = re.compile(rf"^{KEY}:.*\n?", re.MULTILINE)
TITLE = re.compile(r"^title:.*\n", re.MULTILINE)


def stamp(folder: Path, matrix: Matrix) -> Iterator[Path]:
    """Write it into the file of each platform that ran, where the folder has one; those files.

    Raises ConfigurationError where there is none, or where one cannot be written.
    """
    ran = [platform.name for platform in matrix.platforms if platform.status == "ran" and not platform.is_likeness]
    files = [file for name in ran if (file := folder / f"{name}.yaml").is_file()]
    if not files:
        raise ConfigurationError(
            f"--stamp {folder}: has a platform file of none that ran: {', '.join(ran) or 'nothing'}"
        )
    version = f", anyunix {matrix.identity.version}" if matrix.identity and matrix.identity.version else ""
    when = re.sub(r"[^\d-]", "", matrix.started[:10])
    for file in files:
        text = stamped(file, read_text(file), f"{when}{version}")
        try:
            write_whole(file, text.encode())
        except OSError as error:
            raise ConfigurationError(f"--stamp {folder}: {file} cannot be written: {error.strerror}") from None
        yield file


def stamped(file: Path, text: str, when: str) -> str:
    """The file's text with the key in it, all else as it was. Raises ConfigurationError."""
    line = f'{KEY}: "{when}"\n'
    without = LINE.sub("", text)
    title = TITLE.search(without)
    made = without[: title.end()] + line + without[title.end() :] if title else f"{without.rstrip()}\n{line}"
    before, after = parse_yaml(file, text), parse_yaml(file, made)
    if not isinstance(before, dict) or after != {**before, KEY: when}:
        raise ConfigurationError(f"{file}: {KEY} cannot be put in by itself: write {line.strip()} into it")
    return made
