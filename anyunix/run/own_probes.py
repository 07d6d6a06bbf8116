"""Folders of a user's own probes, put beside the suite's: together they are one suite, and all else treats it as one.

What is wrong with them is found out here, before anything starts: their names, what would not travel, and whether
pytest can collect them.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.own_groups import own_probes, write_own_probes
from anyunix.catalog.probes import read_probes
from anyunix.errors import ConfigurationError
from anyunix.host.scratch import scratch
from anyunix.payload.archive import DISTRIBUTIONS, files_below
from anyunix.run.own_files import files_of, is_test
from anyunix.run.planned import collect
from anyunix.text import nearest

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
"""What a group may be called: it is part of IDs and of columns' headings."""
RESERVED = {"build", "start", "facts", "time", "left-out"}
"""What reports show beside groups, and the contracts that the subject builds and starts."""
TRAVELLING = {name.replace("-", "_") for name in DISTRIBUTIONS} | {"_pytest"}


@dataclass(frozen=True)
class Group:
    """One folder of probes."""

    name: str
    folder: Path
    given: str
    """As the user named it."""


@contextmanager
def with_probes(catalog: Catalog, given: Sequence[str]) -> Iterator[Catalog]:
    """The catalog with a suite that has these folders' probes, too: paths, or `NAME=PATH` to call a group otherwise.

    Raises ConfigurationError, also for probes that cannot be collected here.
    """
    if not given:
        yield catalog
        return
    groups = _groups(catalog.suite, given)
    with scratch() as folder:
        suite = folder / "suite"
        try:
            _compose(catalog.suite, groups, suite)
        except OSError as error:
            raise ConfigurationError(f"--probes: {error.filename or suite}: {error.strerror}") from None
        _collect(suite, groups)
        yield replace(catalog, own_suite=suite)


def _groups(suite: Path, given: Sequence[str]) -> list[Group]:
    found: dict[str, Group] = {}
    taken = {path.stem.lower() for path in suite.iterdir()} | RESERVED
    for text in dict.fromkeys(given):
        group = _group(text)
        if not NAME.fullmatch(group.name):
            raise ConfigurationError(
                f"--probes {text}: {group.name!r} cannot be the name of a group: expected letters, digits, _ and -, "
                f"32 at most; name it: --probes mine={group.folder}"
            )
        if group.name.lower() in taken:
            raise ConfigurationError(
                f"--probes {text}: {group.name!r} is a name that anyunix uses itself; "
                f"name it otherwise: --probes my-{group.name}={group.folder}"
            )
        if group.name in sys.stdlib_module_names | TRAVELLING and (group.folder / "__init__.py").exists():
            raise ConfigurationError(
                f"--probes {text}: with its __init__.py it would be what `import {group.name}` means; "
                f"name it otherwise: --probes my-{group.name}={group.folder}"
            )
        other = found.setdefault(group.name.lower(), group)
        if other.folder != group.folder:
            raise ConfigurationError(
                f"--probes {text}: {other.given} is called {group.name!r}, too; "
                f"name it otherwise: --probes {group.name}2={group.folder}"
            )
    _check_helpers(list(found.values()), {path.stem for path in suite.iterdir()})
    return list(found.values())


def _group(text: str) -> Group:
    """Raises ConfigurationError."""
    name, equals, path = text.partition("=")
    if Path(text).is_dir() or not equals:
        name, path = os.path.basename(os.path.abspath(text)), text
    folder = Path(os.path.realpath(path))
    if not path or not folder.is_dir():
        raise ConfigurationError(f"--probes {text}: {_no_folder(path, folder)}")
    return Group(name, folder, text)


def _no_folder(path: str, folder: Path) -> str:
    if not path:
        return "expected a folder, found an empty text; the current folder is ."
    if folder.exists():
        return f"not a folder; expected one with pytest probes in it, such as {Path(path).parent}"
    beside = [each.name for each in folder.parent.iterdir() if each.is_dir()] if folder.parent.is_dir() else []
    return f"no such folder{nearest(folder.name, beside)}"


def _check_helpers(groups: Sequence[Group], suite: set[str]) -> None:
    """What lies beside probes is imported by its name alone. Raises ConfigurationError where that means another one."""
    known: dict[str, Group] = {}
    for group in groups:
        for path in sorted(group.folder.iterdir()):
            module = path.suffix == ".py" and not is_test(path) and path.stem not in ("conftest", "__init__")
            if not module and not (path / "__init__.py").is_file():
                continue
            if module and path.stem in sys.stdlib_module_names | TRAVELLING | suite:
                raise ConfigurationError(f"--probes {group.given}: {path.name}: {_hidden(path.stem, suite)}; rename it")
            other = known.setdefault(path.stem, group)
            if other is not group:
                raise ConfigurationError(
                    f"--probes {group.given}: {path.name} is in {other.given}, too, and `import {path.stem}` can mean "
                    "one of them only: rename it, or run the two folders one after the other"
                )


def _hidden(name: str, suite: set[str]) -> str:
    whose = "a folder of the suite" if name in suite else "a module of Python's or of pytest's"
    return f"`import {name}` means {whose}"


def _compose(suite: Path, groups: Sequence[Group], target: Path) -> None:
    """Raises OSError, ConfigurationError."""
    for file in files_below(suite):
        _copy(file, target / file.relative_to(suite))
    for group in groups:
        for name, file in files_of(group.folder, f"--probes {group.given}").items():
            _copy(file, target / group.name / name)
    write_own_probes(target, {group.name: {} for group in groups})


def _copy(file: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(file, target)


def _collect(suite: Path, groups: Sequence[Group]) -> None:
    """Write down which probes there are. Raises ConfigurationError."""
    try:
        facts = set(collect(suite, kind="fact"))
        probes = [*collect(suite, kind="contract"), *facts]
    except ConfigurationError as error:
        raise ConfigurationError(_told(str(error), suite, groups)) from None
    found = {group.name: _kinds(f"{group.name}/", probes, facts) for group in groups}
    for group in groups:
        _check_each_file(group, found[group.name])
        if not found[group.name]:
            raise ConfigurationError(
                f"--probes {group.given}: no probe in it: expected functions test_… in files test_….py, which take "
                "`server`, `start_server` or `fact`"
            )
    _check_none_lost(suite, probes, groups)
    write_own_probes(suite, found)


def _kinds(prefix: str, probes: Sequence[str], facts: set[str]) -> Mapping[str, str]:
    own = sorted(probe for probe in probes if probe.startswith(prefix))
    return {probe: "fact" if probe in facts else "contract" for probe in own}


def _check_each_file(group: Group, probes: Iterable[str]) -> None:
    """Raises ConfigurationError for a file that is left out here and may bring probes elsewhere."""
    came = {probe.partition("::")[0].partition("/")[2] for probe in probes}
    for name, file in files_of(group.folder, f"--probes {group.given}").items():
        if is_test(file) and name not in came:
            raise ConfigurationError(
                f"--probes {group.given}: {name}: none of its probes is collected here, so nobody knows what platforms "
                "have to bring back: move pytest.skip and pytest.importorskip into the probes, or rename a file that "
                "has none"
            )


def _check_none_lost(suite: Path, probes: Sequence[str], groups: Sequence[Group]) -> None:
    """A hook in somebody's conftest.py reaches all probes. Raises ConfigurationError where the suite's get fewer."""
    came = {probe.partition("[")[0] for probe in probes}
    lost = [text.id for text in read_probes(suite) if text.id not in came and text.group not in own_probes(suite)]
    if lost:
        names = ", ".join(group.given for group in groups)
        raise ConfigurationError(
            f"--probes {names}: with it {len(lost)} of the suite's probes are not collected, {lost[0]} for one: "
            "a hook in a conftest.py is called for all probes; let it change those of its own folder only"
        )


def _told(error: str, suite: Path, groups: Sequence[Group]) -> str:
    """pytest's words, with the user's paths."""
    text = error.removeprefix(f"{suite}: its probes cannot be collected here: ")
    for group in groups:
        text = text.replace(str(suite / group.name), str(group.folder))
    hint = (
        "; only Python's own modules and pytest travel, and what lies in the folder: import others inside of the probe"
        if "ModuleNotFoundError" in text
        else ""
    )
    return f"--probes {', '.join(group.given for group in groups)}: cannot be collected: {text}{hint}"
