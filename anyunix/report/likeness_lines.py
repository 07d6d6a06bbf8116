"""Likenesses in words: what is switched on where, and how like a system that is."""

from anyunix.analysis.likeness import said_of
from anyunix.results.model import Matrix
from anyunix.text import first_line, safe


def likeness_lines(matrix: Matrix) -> list[str]:
    """A line for each platform that ran and is a likeness, and one for how like its system it is."""
    scores = {each.platform: each for each in matrix.likenesses}
    lines = []
    for platform in matrix.platforms:
        if platform.status == "ran" and platform.is_likeness:
            lines.append(f"{safe(platform.name)} is a likeness: {first_line(platform.emulates)}")
            lines += [safe(said_of(scores[platform.name]))] if platform.name in scores else []
    return lines
