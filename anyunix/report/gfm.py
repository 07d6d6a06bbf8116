"""Text from platforms made harmless in GitHub-flavoured Markdown."""

import html
import re
from collections.abc import Iterable

from anyunix.text import safe

STRUCTURE = re.compile(r"[\\`*\[\]{}#|~<>&!$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
"""What can begin something in the middle of a line: code, emphasis (not inside of a word), links, images, tables, HTML,
mathematics."""


def text(words: str) -> str:
    """One line without any structure of its own: no table cells, HTML, links, code, mentions.

    As entities: they are decoded after the structure of the line was found, whatever Markdown is asked to read them.
    """
    line = " ".join(safe(words).split())
    escaped = STRUCTURE.sub(lambda match: f"&#{ord(match[0])};", line)
    # addresses become links by themselves, and mentions are looked for in the finished HTML
    linkless = re.sub(r"(?i)www\.", lambda match: f"{match[0][:3]}&#46;", escaped.replace("://", "&#58;//"))
    return linkless.replace("@", "@\N{ZERO WIDTH SPACE}")


def code(words: str) -> str:
    """One line in the font of code; mentions are not looked for there."""
    return f"<code>{text(words).replace(chr(0x200B), '')}</code>"


def block(words: str) -> str:
    """Lines as they are. An HTML block of `pre` ends at its end tag only, and no text can hold one."""
    return f"<pre>\n{html.escape(safe(words))}\n</pre>"


def details(summary: str, content: str) -> str:
    """A part that is folded up at first. Both are Markdown that is safe already; the blank lines are needed."""
    return f"<details><summary>{summary}</summary>\n\n{content}\n\n</details>"


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Cells are Markdown that is safe already, of one line each."""
    lines = [list(headings)]
    lines += [["---"] * len(lines[0]), *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
