"""Which cells a command is about: subjects, platforms and bind modes, looked up before anything starts."""

import argparse
from dataclasses import dataclass

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.commands.common import chosen_platforms, once, usual_order
from anyunix.errors import ConfigurationError
from anyunix.run.cell import Cell
from anyunix.run.matrix import cells_of


@dataclass(frozen=True)
class Selection:
    """What the user asked for, looked up."""

    subjects: list[Subject]
    platforms: list[Platform]
    cells: list[Cell]
    required: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    """Platforms that run only when they are asked for."""
    part: str = ""
    """What the user restricted the run to, as it was typed; empty for all that there is."""


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose cells."""
    for option, metavar, text in (
        ("--subject", "NAME", "a subject's name or file (default: c and python)"),
        (
            "--platform",
            "NAME",
            "a platform's name, file or address, ssh://user@host:port; it has to run: exit "
            "status 3 if it does not (default: what can run of all but virtual machines and emulated CPUs)",
        ),
        ("--bind", "MODE", "a bind mode (default: each subject's first, dual for the chat servers)"),
        ("--require", "NAME", "one more platform that has to run, beside the default ones"),
        ("--optional", "NAME", "a platform that need not run, whether it is named by --platform or not"),
    ):
        parser.add_argument(option, action="append", default=[], metavar=metavar, help=f"{text}; repeatable")
    parser.add_argument(
        "--reference", metavar="NAME", help="the platform to compare with (default: debian, else the first that ran)"
    )


def select(catalog: Catalog, arguments: argparse.Namespace) -> Selection:
    """Every subject on every platform in each bind mode. Raises ConfigurationError."""
    subjects = [catalog.subject(name) for name in once(arguments.subject or catalog.subject_names())]
    platforms = chosen_platforms(catalog, arguments.platform, [*arguments.require, *arguments.optional])
    _check(subjects, platforms, arguments.bind)
    names = [platform.name for platform in platforms]
    if arguments.reference and arguments.reference not in names:
        raise ConfigurationError(
            f"--reference {arguments.reference}: not among the platforms of this run: {', '.join(names)}"
        )
    left_out = () if arguments.platform else tuple(name for name in usual_order(catalog) if name not in names)
    return Selection(
        subjects,
        platforms,
        cells_of(subjects, platforms, arguments.bind),
        _required(catalog, arguments, arguments.platform),
        left_out,
        _part(catalog, arguments, subjects),
    )


def select_cells(catalog: Catalog, arguments: argparse.Namespace) -> Selection:
    """The cells of --cell SUBJECT PLATFORM BIND, and no other. Raises ConfigurationError."""
    if arguments.subject or arguments.platform or arguments.optional or arguments.bind or arguments.reference:
        raise ConfigurationError(
            "--cell says it all: --subject, --platform, --optional, --bind and --reference are for whole runs"
        )
    subjects = {name: catalog.subject(name) for name, _, _ in arguments.cell}
    platforms = {name: catalog.platform(name) for _, name, _ in arguments.cell}
    cells = []
    for subject, platform, bind in arguments.cell:
        _check([subjects[subject]], [], [bind])
        cells.append(Cell(subjects[subject], platforms[platform], bind))
    _check(list(subjects.values()), list(platforms.values()), [])
    named = [] if arguments.shard else [name for _, name, _ in arguments.cell]
    required = _required(catalog, arguments, named)
    if strange := next((name for name in required if name not in [each.name for each in platforms.values()]), None):
        raise ConfigurationError(f"--require {strange}: no --cell is on it")
    return Selection(
        list(subjects.values()),
        list(platforms.values()),
        cells,
        required,
        part=", ".join([*([] if arguments.shard else ["--cell"]), *_expression(arguments)]),
    )


def _part(catalog: Catalog, arguments: argparse.Namespace, subjects: list[Subject]) -> str:
    """`-k binding`, `--subject c`: a part of the project's own subjects; somebody's own server is whole by itself."""
    own = [subject.name for subject in subjects if subject.name in catalog.subject_names()]
    some = [f"--subject {','.join(own)}"] if own and len(own) < len(catalog.subject_names()) else []
    return ", ".join([*some, *_expression(arguments)])


def _expression(arguments: argparse.Namespace) -> list[str]:
    return (
        [f"-k {arguments.expression!r}" if " " in arguments.expression else f"-k {arguments.expression}"]
        if arguments.expression
        else []
    )


def _required(catalog: Catalog, arguments: argparse.Namespace, named: list[str]) -> tuple[str, ...]:
    """Who names a platform wants its answer. Raises ConfigurationError."""
    optional = {catalog.platform(name).name for name in once(arguments.optional)}
    if both := next((name for name in once(arguments.require) if catalog.platform(name).name in optional), None):
        raise ConfigurationError(f"--optional {both}: --require names it, too: remove one of them")
    return tuple(
        dict.fromkeys(
            name for each in once([*named, *arguments.require]) if (name := catalog.platform(each).name) not in optional
        )
    )


def _check(subjects: list[Subject], platforms: list[Platform], binds: list[str]) -> None:
    """Raises ConfigurationError."""
    for what, names in (
        ("platform", [platform.name for platform in platforms]),
        ("subject", [subject.name for subject in subjects]),
    ):
        if double := next((name for name in names if names.count(name) > 1), None):
            raise ConfigurationError(
                f"--{what}: {names.count(double)} {what}s are called {double!r}, and results are "
                "kept by name: describe one of them in a file of another name (./NAME.yaml)"
            )
    for subject in subjects:
        for mode in binds:
            if mode not in subject.binds:
                raise ConfigurationError(
                    f"--bind {mode}: subject {subject.name} has no such mode; it has {', '.join(subject.binds)}"
                )
