"""Entries added to the text of an expectations file: every other character, comments too, stays as it is."""

import yaml

from anyunix.analysis.expectations import Expectation

WIDE = 1_000_000
"""A width at which pyyaml breaks no line."""


def with_entry(text: str, entry: Expectation, comment: str) -> str:
    """The text with one more entry, behind the last probe of its platform, else behind everything.

    `comment` is one line. Raises yaml.YAMLError for a text that is no YAML.
    """
    lines = text.splitlines(keepends=True)  # pyyaml counts lines the same way
    newline = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    at, indent = _end_of(text, entry.platform) or (len(lines), "")
    block = _block(entry, comment, indent or "  ")
    if not indent:
        block = [f"{_scalar(entry.platform)}:", *block]
    if at and not lines[at - 1].endswith("\n"):
        lines[at - 1] += newline
    return "".join([*lines[:at], *(f"{line}{newline}" for line in block), *lines[at:]])


def _end_of(text: str, platform: str) -> tuple[int, str] | None:
    """Behind which line a platform's probes end, and how far they are indented; None when it is not there."""
    top = yaml.compose(text, Loader=yaml.SafeLoader)
    for key, value in top.value if isinstance(top, yaml.MappingNode) else []:
        if key.value == platform:
            probes = isinstance(value, yaml.MappingNode) and value.value
            return _last_line(value), " " * (value.value[0][0].start_mark.column if probes else 2)
    return None


def _last_line(node: yaml.Node) -> int:
    """How many lines there are up to a node's end; the end mark of a block is behind the comments that follow it."""
    while isinstance(node, (yaml.MappingNode, yaml.SequenceNode)) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.line) + (1 if node.end_mark.column else 0)


def _block(entry: Expectation, comment: str, indent: str) -> list[str]:
    """An entry's lines. The reason has quotes because what replaces it may hold `:: `, which needs them."""
    inner = f"{indent}  "
    return [
        f"{indent}{_scalar(entry.probe)}:",
        *([f"{inner}# {comment}"] if comment else []),
        f'{inner}reason: "{entry.reason}"',
        f"{inner}bind: [{', '.join(map(_scalar, entry.binds))}]",
    ]


def _scalar(text: str) -> str:
    """The text as a key or value in one line: as it is where YAML takes it for itself, else in double quotes."""
    plain = yaml.safe_dump(text, width=WIDE).splitlines()[0]
    if plain == text and not set(text) & set(",[]{}"):
        return text
    return str(yaml.safe_dump(text, width=WIDE, default_style='"')).strip()
