"""`anyunix completion`: what a shell needs to complete commands, options and the names of platforms and subjects."""

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

import shtab

from anyunix.catalog.lookup import find_catalog
from anyunix.commands.common import a_path
from anyunix.errors import EXIT_DONE

SHELLS = ("bash", "zsh", "fish")
PLACES = {
    "bash": "~/.local/share/bash-completion/completions/anyunix",
    "zsh": "a file _anyunix in a folder of $fpath",
    "fish": "~/.config/fish/completions/anyunix.fish",
}
PLATFORMS, SUBJECTS = ("platform", "require", "optional", "reference", "target"), ("subject",)
"""Arguments that take names, by what argparse calls them."""


def add_arguments(completion: argparse.ArgumentParser) -> None:
    """Add the argument of `completion`."""
    completion.description = "Prints a script that completes anyunix in a shell. Where it goes: " + "; ".join(
        f"{shell}: {place}" for shell, place in PLACES.items()
    )
    completion.epilog = "Exit status: 0 printed, 2 usage error."
    completion.add_argument("shell", choices=SHELLS, help="the shell")
    completion.set_defaults(command=completion_command, data=True)


def completion_command(arguments: argparse.Namespace) -> int:
    """Print the script; the exit status."""
    parser: argparse.ArgumentParser = arguments.whole_parser()
    catalog = find_catalog()
    platforms = _names("platforms", catalog.platform_names())
    subjects = _names("subjects", catalog.subject_names())
    for action in _actions(parser):
        if action.choices is None and (action.dest in PLATFORMS or action.metavar == "PLATFORM"):
            action.complete = platforms  # type: ignore[attr-defined]
        elif action.dest in SUBJECTS:
            action.complete = subjects  # type: ignore[attr-defined]
        elif action.type is a_path or action.metavar in ("DIR", "FILE", "PATH"):
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    print(shtab.complete(parser, shell=arguments.shell))
    return EXIT_DONE


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """All arguments, of the commands too, each of which is described by its line in the help."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for choice in action._choices_actions:
                command = action.choices[choice.dest]
                command.description = choice.help
                yield from _actions(command)
        else:
            yield action


def _names(what: str, names: Sequence[str]) -> dict[str, Any]:
    """How each shell completes one of these names, or the path of a file."""
    function, words = f"_anyunix_{what}", " ".join(names)
    return {
        "bash": function,
        "zsh": function,
        "fish": f"({function})",
        "preamble": {
            "bash": f'{function}() {{\n  compgen -W "{words}" -- "$1"\n  compgen -f -- "$1"\n}}',
            "zsh": f"{function}() {{\n  compadd -- {words}\n  _files\n}}",
            "fish": f"function {function}\n  printf '%s\\n' {words}\n  __fish_complete_path (commandline -ct)\nend",
        },
    }
