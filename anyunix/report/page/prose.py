"""Text for a reader of the page: what stands between backticks is code, and a probe's name is its sentence."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from markupsafe import Markup, escape

from anyunix.results.model import ProbeText
from anyunix.text import safe

CODE = re.compile(r"(``[^`\n]+``|`[^`\n]+`)")
PROBE = re.compile(r"(?<!\w)(test_\w+)(\[[^][\s]*\])?")
FILE, LONGEST = re.compile(r"[\w./-]+\.py::\Z"), 300
"""A probe in a sentence: its name, and its file if that is in front. The text may be a hostile one: each place of it is
looked at a few times at most.
"""


@dataclass(frozen=True)
class Prose:
    """Escapes text and sets it: the only way in which a text becomes markup."""

    sentences: dict[str, str]
    """`test_ipv4_client_is_served` -> the first sentence of its docstring."""

    def __call__(self, text: str) -> Markup:
        """Code between backticks as `code`, known probes by what they say; all of it escaped."""
        return _coded(text, self._named)

    def _named(self, text: str) -> Markup:
        parts, done = [], 0
        for match in PROBE.finditer(text):
            if sentence := self.sentences.get(match[1]):
                case = f" {match[2]}" if match[2] else ""
                before = max(done, match.start() - LONGEST)
                file = FILE.search(text[before : match.start()])
                start = before + file.start() if file else match.start()
                quote = Markup('<q title="{}">{}{}</q>').format(
                    text[start : match.end()], _coded(sentence.rstrip("."), escape), case
                )
                parts += [escape(text[done:start]), quote]
                done = match.end()
        return Markup().join([*parts, escape(text[done:])])


def _coded(text: str, plain: Callable[[str], Markup]) -> Markup:
    """What is between backticks as code, all else as `plain` makes it."""
    return Markup().join(
        Markup("<code>{}</code>").format(part.strip("`")) if place % 2 else plain(part)
        for place, part in enumerate(CODE.split(safe(text)))
    )


def prose_of(texts: Iterable[ProbeText]) -> Prose:
    """Names the probes of a run. Two probes of one name and different sentences stay by name."""
    found: dict[str, set[str]] = {}
    for text in texts:
        found.setdefault(text.id.rpartition("::")[2], set()).add(text.behaviour)
    return Prose({name: said.copy().pop() for name, said in found.items() if len(said) == 1 and all(said)})
