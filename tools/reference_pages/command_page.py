"""commands.md: one section a subcommand, from the argument parser."""

import argparse
import re
import textwrap
from collections.abc import Iterator

from reference_pages.citations import escaped, sentence

INTRODUCTION = """\
# Commands

What `anyunix --help` and `anyunix COMMAND --help` print, on one page.

"""
WIDTH = 90
_STATUS = re.compile(r"(?:^|[;,] )(?=\d+ )")
_OF_THIS_MACHINE = re.compile(r", here \d+(?=\))")
"""A default that depends on the number of CPUs would make the page differ by machine."""


def command_page(parser: argparse.ArgumentParser) -> str:
    """The page's content."""
    commands = _commands(parser)
    parts = [INTRODUCTION.rstrip(), ""]
    parts += [f"- [`anyunix {name}`](#{name}): {escaped(said)}" for name, (_, said) in commands.items()]
    parts += ["", *_options(parser)]
    for name, (command, said) in commands.items():
        parts += ["", f"## `anyunix {name}` {{ #{name} }}", "", sentence(said), "", *_section(command)]
    return "\n".join(parts).rstrip() + "\n"


def _commands(parser: argparse.ArgumentParser) -> dict[str, tuple[argparse.ArgumentParser, str]]:
    """Name -> its parser, and what the list of commands says of it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            said = {choice.dest: choice.help or "" for choice in action._choices_actions}
            return {name: (command, said[name]) for name, command in action.choices.items() if name in said}
    return {}


def _section(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield from ("```", _synopsis(parser), "```", "")
    if parser.description:
        yield from (sentence(parser.description), "")
    yield from _options(parser)
    nested = _commands(parser)
    for name, (command, said) in nested.items():
        title = f"{parser.prog} {name}"
        yield from ("", f"### `{title}` {{ #{title.partition(' ')[2].replace(' ', '-')} }}", "", sentence(said), "")
        yield from _section(command)
    if parser.epilog:
        yield from ("", *_epilog(parser.epilog))


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    actions = [action for action in parser._actions if _listed(action)]
    if actions:
        yield from ("| argument | meaning |", "| --- | --- |")
    for action in actions:
        name = ", ".join(f"`{_with_value(option, action)}`" for option in action.option_strings)
        yield f"| {name or f'`{_value(action)}`'} | {_help(parser, action)} |"


def _listed(action: argparse.Action) -> bool:
    hidden = action.help == argparse.SUPPRESS or isinstance(action, argparse._HelpAction | argparse._SubParsersAction)
    return not hidden


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    if not action.help:
        return ""
    # argparse's own expansion of %(default)s and its like
    text = _OF_THIS_MACHINE.sub("", parser._get_formatter()._expand_help(action))
    return sentence(text)


def _synopsis(parser: argparse.ArgumentParser) -> str:
    words = [
        f"[{_with_value(action.option_strings[0], action)}]"
        if not action.required
        else _with_value(action.option_strings[0], action)
        for action in parser._actions
        if action.option_strings and _listed(action)
    ]
    words += [
        _value(action) for action in parser._actions if not action.option_strings and action.help != argparse.SUPPRESS
    ]
    # a word with its value stays on one line
    text = " ".join(word.replace(" ", "\0") for word in words)
    lines = textwrap.wrap(f"{parser.prog} {text}", WIDTH, subsequent_indent="    ", break_on_hyphens=False)
    return "\n".join(lines).replace("\0", " ")


def _with_value(option: str, action: argparse.Action) -> str:
    value = _value(action)
    return f"{option} {value}" if value else option


def _value(action: argparse.Action) -> str:
    if isinstance(action, argparse._SubParsersAction):
        return str(action.metavar or "COMMAND")
    if action.nargs == 0:
        return ""
    if isinstance(action.metavar, tuple):
        return " ".join(action.metavar)
    choices = "{" + ",".join(map(str, action.choices)) + "}" if action.choices else ""
    name = action.metavar or choices or (action.dest.upper() if action.option_strings else action.dest)
    return {"*": f"[{name} ...]", "+": f"{name} [{name} ...]", "?": f"[{name}]"}.get(str(action.nargs), str(name))


def _epilog(text: str) -> Iterator[str]:
    """`Exit status: 0 portable; 1 not portable.` as a table, whatever stands before it as a paragraph."""
    before, _, statuses = " ".join(text.split()).partition("Exit status: ")
    if before:
        yield from (escaped(before.strip()), "")
    if statuses:
        # behind the first sentence there may be more text
        listed, stop, after = statuses.partition(". ")
        yield from ("| exit status | meaning |", "| --- | --- |")
        for entry in filter(None, _STATUS.split(listed.rstrip("."))):
            number, _, meaning = entry.partition(" ")
            yield f"| {number} | {sentence(meaning)} |"
        if stop:
            yield from ("", escaped(after))
