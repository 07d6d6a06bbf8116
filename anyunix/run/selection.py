"""Which cells a run is of: subjects, platforms and bind modes, looked up before anything starts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from anyunix.catalog.lookup import Catalog, find_catalog, known_system
from anyunix.catalog.platforms import Platform
from anyunix.catalog.probes import read_probes
from anyunix.catalog.subjects import Subject
from anyunix.catalog.switching import LIKE, CannotSwitch, alike
from anyunix.drivers.documented import NotAskedFor
from anyunix.errors import ConfigurationError
from anyunix.run.cell import Cell
from anyunix.run.matrix import cells_of, with_poisoned


@dataclass(frozen=True)
class Choice:
    """What is to run where. Subjects and platforms are named, or given as a file's path; platforms also by address."""

    subjects: tuple[str, ...] = ()
    """Empty for all of the catalog."""
    platforms: tuple[str, ...] = ()
    """They have to run. Empty for what runs by default, of which none has to."""
    binds: tuple[str, ...] = ()
    """Empty for each subject's first."""
    required: tuple[str, ...] = ()
    """More platforms, which have to run."""
    optional: tuple[str, ...] = ()
    """Platforms that need not run, whether or not they are among `platforms`."""
    reference: str = ""
    """The platform to compare with; empty for debian, else the first that ran."""
    cells: tuple[tuple[str, str, str], ...] = ()
    """Subject, platform and bind mode: these cells and no other, instead of all that is above but `required`."""
    shard: str = ""
    """`2/3`: the cells are a part of a plan, and what has to run is only what is `required`."""
    poisoned: bool = False
    """Run the contracts again on builds in which uninitialised variables hold a pattern."""
    likes: tuple[str, ...] = ()
    """Systems: beside every platform its likenesses of them, where they are named; else beside those that can."""


@dataclass(frozen=True)
class Selection:
    """What was chosen, looked up."""

    catalog: Catalog
    subjects: tuple[Subject, ...]
    platforms: tuple[Platform, ...]
    cells: tuple[Cell, ...]
    required: tuple[str, ...]
    reference: str = ""
    """As it was chosen; empty for the usual one."""
    shard: str = ""
    left_out: tuple[str, ...] = ()
    """Platforms that run only when they are asked for."""
    part: str = ""
    """What the user restricted the run to, as options; empty for all that there is."""


def select(choice: Choice, catalog: Catalog | None = None) -> Selection:
    """The cells of a choice, from the files that came with anyunix unless others are given. Raises ConfigurationError.

    Errors name the options of the command line.
    """
    catalog = catalog or find_catalog()
    selection = _these_cells(catalog, choice) if choice.cells else _all_cells(catalog, choice)
    return _with_poisoned(selection) if choice.poisoned else selection


def chosen_platforms(catalog: Catalog, named: Sequence[str], more: Sequence[str]) -> list[Platform]:
    """Those that are named; without any, all that a run has by default, and what manuals say of the others.

    Those of `more` are in it in any case. Raises ConfigurationError.
    """
    asked = [catalog.platform(name) for name in dict.fromkeys([*named, *more])]
    if named:
        return asked
    names = [platform.name for platform in asked]
    usual = [platform for platform in map(catalog.platform, catalog.usual_order()) if platform.name not in names]
    return [
        *(
            platform if platform.default else replace(platform, options=NotAskedFor(platform.options))
            for platform in usual
            if platform.default or platform.documented
        ),
        *asked,
    ]


def _all_cells(catalog: Catalog, choice: Choice) -> Selection:
    """Every subject on every platform in each bind mode."""
    subjects = [catalog.subject(name) for name in dict.fromkeys(choice.subjects or catalog.subject_names())]
    platforms = _with_likenesses(
        catalog, choice, chosen_platforms(catalog, choice.platforms, [*choice.required, *choice.optional])
    )
    _check(subjects, platforms, choice.binds)
    names = [platform.name for platform in platforms]
    if choice.reference and choice.reference not in names:
        raise ConfigurationError(
            f"--reference {choice.reference}: not among the platforms of this run: {', '.join(names)}"
        )
    return Selection(
        catalog,
        tuple(subjects),
        tuple(platforms),
        tuple(cells_of(subjects, platforms, choice.binds)),
        _with_required_likenesses(choice, platforms, _required(catalog, choice, choice.platforms)),
        choice.reference,
        choice.shard,
        () if choice.platforms else tuple(name for name in catalog.usual_order() if name not in names),
        _part(catalog, subjects),
    )


def _with_likenesses(catalog: Catalog, choice: Choice, platforms: Sequence[Platform]) -> list[Platform]:
    """Each platform with its likenesses behind it. Raises ConfigurationError for one that was named and has none."""
    systems = [known_system(word, f"--like {word}") for word in choice.likes]
    named = {catalog.platform(name).name for name in choice.platforms}
    found: list[Platform] = []
    for platform in platforms:
        found.append(platform)
        for system in systems:
            try:
                if platform.name in named or (platform.options.runs and not platform.switched_on):
                    found.append(alike(platform, system, catalog.differences))
            except CannotSwitch as reason:
                if platform.name in named:
                    raise ConfigurationError(f"--like {system}: {platform.name}: {reason}") from None
    if systems and len(found) == len(platforms):
        raise ConfigurationError(f"--like {systems[0]}: none of the platforms of this run can have a likeness")
    return found


def _with_required_likenesses(
    choice: Choice, platforms: Sequence[Platform], required: tuple[str, ...]
) -> tuple[str, ...]:
    """Who asks for likenesses of a platform that has to run wants their answers as well."""
    wanted = {f"{name}{LIKE}{system}" for name in required for system in choice.likes}
    return (*required, *(platform.name for platform in platforms if platform.name in wanted))


def _these_cells(catalog: Catalog, choice: Choice) -> Selection:
    """The cells of --cell SUBJECT PLATFORM BIND."""
    if choice.subjects or choice.platforms or choice.optional or choice.binds or choice.reference or choice.likes:
        raise ConfigurationError(
            "--cell says it all: --subject, --platform, --like, --optional, --bind and --reference are for whole runs; "
            "a likeness is a platform such as debian+like-freebsd"
        )
    subjects = {name: catalog.subject(name) for name, _, _ in choice.cells}
    platforms = {name: catalog.platform(name) for _, name, _ in choice.cells}
    cells = []
    for subject, platform, bind in choice.cells:
        _check([subjects[subject]], [], [bind])
        cells.append(Cell(subjects[subject], platforms[platform], bind))
    _check(list(subjects.values()), list(platforms.values()), [])
    required = _required(catalog, choice, [] if choice.shard else [name for _, name, _ in choice.cells])
    if strange := next((name for name in required if name not in [each.name for each in platforms.values()]), None):
        raise ConfigurationError(f"--require {strange}: no --cell is on it")
    return Selection(
        catalog,
        tuple(subjects.values()),
        tuple(platforms.values()),
        tuple(cells),
        required,
        shard=choice.shard,
        part="" if choice.shard else "--cell",
    )


def _with_poisoned(selection: Selection) -> Selection:
    """With the cells of poisoned builds behind the others."""
    if not any(subject.build for subject in selection.subjects):
        raise ConfigurationError(
            f"--poisoned: {', '.join(subject.name for subject in selection.subjects)}: nothing is "
            "built, so there is no variable to fill; name a subject that has a build command"
        )
    contracts = [text.id for text in read_probes(selection.catalog.suite) if text.kind == "contract"]
    return replace(selection, cells=tuple(with_poisoned(selection.cells, contracts)))


def _part(catalog: Catalog, subjects: Sequence[Subject]) -> str:
    """`--subject c`: a part of the project's own subjects; somebody's own server is whole by itself."""
    own = [subject.name for subject in subjects if subject.name in catalog.subject_names()]
    return f"--subject {','.join(own)}" if own and len(own) < len(catalog.subject_names()) else ""


def _required(catalog: Catalog, choice: Choice, named: Iterable[str]) -> tuple[str, ...]:
    """Who names a platform wants its answer."""
    optional = {catalog.platform(name).name for name in choice.optional}
    if both := next((name for name in choice.required if catalog.platform(name).name in optional), None):
        raise ConfigurationError(f"--optional {both}: --require names it, too: remove one of them")
    names = [catalog.platform(name).name for name in [*named, *choice.required]]
    return tuple(dict.fromkeys(name for name in names if name not in optional))


def _check(subjects: Sequence[Subject], platforms: Sequence[Platform], binds: Sequence[str]) -> None:
    """Names that stand twice, and bind modes that a subject has not."""
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
            bind_of(subject, mode)


def bind_of(subject: Subject, mode: str) -> str:
    """The bind mode that was asked for; the subject's first if none was. Raises ConfigurationError."""
    if mode and mode not in subject.binds:
        raise ConfigurationError(
            f"--bind {mode}: subject {subject.name} has no such mode; it has {', '.join(subject.binds)}"
        )
    return mode or next(iter(subject.binds))
