"""Which cells a command is about: subjects, platforms and bind modes, looked up before anything starts."""

import argparse
from dataclasses import dataclass

from anyunix.catalog import Catalog, Platform, Subject
from anyunix.cell import Cell
from anyunix.commands.common import chosen_platforms, once, usual_order
from anyunix.errors import ConfigurationError
from anyunix.matrix import cells_of


@dataclass(frozen=True)
class Selection:
    """What the user asked for, looked up."""

    subjects: list[Subject]
    platforms: list[Platform]
    cells: list[Cell]
    required: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    """Platforms that run only when they are asked for."""


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose cells."""
    for option, metavar, text in (
            ("--subject", "NAME", "a subject's name or file (default: c and python)"),
            ("--platform", "NAME", "a platform's name, file or address, ssh://user@host:port "
             "(default: all but virtual machines and emulated CPUs)"),
            ("--bind", "MODE", "a bind mode (default: each subject's first, dual for the chat servers)"),
            ("--require", "NAME", "a platform that has to run: exit status 3 if it does not")):
        parser.add_argument(option, action="append", default=[], metavar=metavar, help=f"{text}; repeatable")
    parser.add_argument("--reference", metavar="NAME",
                        help="the platform to compare with (default: debian, else the first that ran)")


def select(catalog: Catalog, arguments: argparse.Namespace) -> Selection:
    """Every subject on every platform in each bind mode. Raises ConfigurationError."""
    subjects = [catalog.subject(name) for name in once(arguments.subject or catalog.subject_names())]
    platforms = chosen_platforms(catalog, arguments.platform, arguments.require)
    _check(subjects, platforms, arguments.bind)
    names = [platform.name for platform in platforms]
    if arguments.reference and arguments.reference not in names:
        raise ConfigurationError(f"--reference {arguments.reference}: not among the platforms of this run: "
                                 f"{', '.join(names)}")
    left_out = () if arguments.platform else tuple(name for name in usual_order(catalog) if name not in names)
    return Selection(subjects, platforms, cells_of(subjects, platforms, arguments.bind),
                     _required(catalog, arguments), left_out)


def select_cells(catalog: Catalog, arguments: argparse.Namespace) -> Selection:
    """The cells of --cell SUBJECT PLATFORM BIND, and no other. Raises ConfigurationError."""
    if arguments.subject or arguments.platform or arguments.bind or arguments.reference:
        raise ConfigurationError("--cell says it all: --subject, --platform, --bind and --reference are for whole runs")
    subjects = {name: catalog.subject(name) for name, _, _ in arguments.cell}
    platforms = {name: catalog.platform(name) for _, name, _ in arguments.cell}
    cells = []
    for subject, platform, bind in arguments.cell:
        _check([subjects[subject]], [], [bind])
        cells.append(Cell(subjects[subject], platforms[platform], bind))
    _check(list(subjects.values()), list(platforms.values()), [])
    required = _required(catalog, arguments)
    if strange := next((name for name in required if name not in [each.name for each in platforms.values()]), None):
        raise ConfigurationError(f"--require {strange}: no --cell is on it")
    return Selection(list(subjects.values()), list(platforms.values()), cells, required)


def _required(catalog: Catalog, arguments: argparse.Namespace) -> tuple[str, ...]:
    return tuple(catalog.platform(name).name for name in once(arguments.require))


def _check(subjects: list[Subject], platforms: list[Platform], binds: list[str]) -> None:
    """Raises ConfigurationError."""
    for what, names in (("platform", [platform.name for platform in platforms]),
                        ("subject", [subject.name for subject in subjects])):
        if double := next((name for name in names if names.count(name) > 1), None):
            raise ConfigurationError(f"--{what}: {names.count(double)} {what}s are called {double!r}, and results are "
                                     "kept by name: describe one of them in a file of another name (./NAME.yaml)")
    for subject in subjects:
        for mode in binds:
            if mode not in subject.binds:
                raise ConfigurationError(f"--bind {mode}: subject {subject.name} has no such mode; "
                                         f"it has {', '.join(subject.binds)}")
