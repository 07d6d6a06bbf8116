"""What a worker is asked to do: one cell, as data.

A worker looks up what came with anyunix by itself; what did not (a subject's files, a suite of its own) travels beside
the order, as an archive that is named by its SHA-256.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Union

import msgspec

from anyunix.catalog.builds import Build
from anyunix.catalog.difference import Difference
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.options import DriverOptions
from anyunix.drivers.registry import DRIVERS
from anyunix.errors import ConfigurationError
from anyunix.host.installed import data_folder
from anyunix.host.regular import inside
from anyunix.run.cell import Cell, SuiteOptions

OPTIONS: Any = Union[tuple(DRIVERS.values())]  # noqa: UP007  # made from a dictionary
OURS, SENT = "@anyunix/", "@sent/"
"""In front of a path in a driver's options: below the files that came with anyunix, or sent with the order."""
SENT_LIMIT = 1024 * 1024
"""Bytes of a file that a platform file names, such as a Dockerfile."""


class HowSent(msgspec.Struct, frozen=True):
    """The part of SuiteOptions that is the same on every machine."""

    expression: str
    seconds: float
    repeat: int
    workers: int
    probe_seconds: int
    longest: tuple[str, ...]
    """Probes that begin before the others."""
    measures: bool
    """Whether this cell is the one of its platform that measures the facts."""
    aloud: bool
    """Whether each line of the suite's is wanted as it comes."""


class ImageSources(msgspec.Struct, frozen=True):
    """Where the image of a platform may come from."""

    workers: tuple[str, ...]
    """Addresses of those that have the shared key, too."""
    makes: bool
    """Whether this worker is the one that makes it where nobody has it; else the first of the others is."""


class CellOrder(msgspec.Struct, frozen=True):
    """One cell."""

    run: str
    """Which run of a client's it is part of."""
    number: int
    """The cell's in the run: nothing else tells two alike apart."""
    subject: Subject
    subject_digest: str
    """As `digest_of`."""
    platform: dict[str, Any]
    """Its fields but for `options` and `switched_on`."""
    options: OPTIONS
    differences: tuple[str, ...]
    """Those that are switched on, by name."""
    bind: str
    build: Build
    probes: tuple[str, ...]
    tool: str
    how: HowSent
    suite_digest: str
    """As Identity.suite, and of a user's own probes."""
    files: Mapping[str, bytes] = {}
    """What the platform's options name and did not come with anyunix: name -> content."""
    images: ImageSources | None = None


def order_of(
    cell: Cell,
    how: SuiteOptions,
    *,
    run: str,
    number: int,
    digests: tuple[str, str],
    measures: bool,
    images: ImageSources | None = None,
) -> bytes:
    """A cell, as bytes; `digests` are the subject's and the suite's. Raises ConfigurationError."""
    options, files = _with_files(cell.platform)
    order = CellOrder(
        run,
        number,
        cell.subject,
        digests[0],
        _fields_of(cell.platform),
        options,
        tuple(each.name for each in cell.platform.switched_on),
        cell.bind,
        replace(cell.build, objects=None),
        cell.probes,
        cell.tool,
        HowSent(
            how.expression,
            how.seconds,
            how.repeat,
            how.workers,
            how.probe_seconds,
            tuple(how.durations.longest()),
            measures,
            how.hears is not None,
        ),
        digests[1],
        files,
        images,
    )
    return msgspec.msgpack.encode(order, enc_hook=str)


def read_order(data: bytes) -> CellOrder:
    """Raises msgspec.DecodeError."""
    return msgspec.msgpack.decode(data, type=CellOrder, dec_hook=_path)


def platform_of(order: CellOrder, known: Mapping[str, Difference], folder: Path) -> Platform:
    """The platform that was meant, with the files that it names here: those of anyunix where they are installed, the
    others put into `folder`. Raises ConfigurationError, OSError.
    """
    if missing := [name for name in order.differences if name not in known]:
        raise ConfigurationError(f"difference {missing[0]}: not known here")
    common: Platform = msgspec.convert({**order.platform, "options": {"driver": "DriverOptions"}}, Platform)
    found: dict[str, str] = {}
    for key, value in _texts(order.options):
        if value.startswith(OURS):
            found[key] = str(inside(data_folder(), value.removeprefix(OURS)) or "")
        elif value.startswith(SENT):
            folder.mkdir(exist_ok=True)
            path = folder / Path(value).name
            path.write_bytes(order.files.get(value.removeprefix(SENT), b""))
            found[key] = str(path)
    options = msgspec.structs.replace(order.options, **found)
    return replace(common, options=options, switched_on=tuple(known[name] for name in order.differences))


def _fields_of(platform: Platform) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(replace(platform, options=DriverOptions(), switched_on=()))
    return {name: value for name, value in fields.items() if name not in ("options", "switched_on")}


def _with_files(platform: Platform) -> tuple[DriverOptions, dict[str, bytes]]:
    """The options as they can be read elsewhere, and what has to go with them. Raises ConfigurationError."""
    changed, files = dict[str, str](), dict[str, bytes]()
    for key, value in _texts(platform.options):
        if not value.startswith("/") or not Path(value).is_file():
            continue
        path = Path(value)
        if path.is_relative_to(data_folder()):
            changed[key] = f"{OURS}{path.relative_to(data_folder())}"
            continue
        if path.stat().st_size > SENT_LIMIT:
            raise ConfigurationError(
                f"platform {platform.name}: {key}: {path} is larger than the {SENT_LIMIT} bytes that are sent to a "
                "cluster: run this platform without --cluster"
            )
        sent = f"{key}-{path.name}"  # two that are called alike may come from two folders
        changed[key], files[sent] = f"{SENT}{sent}", path.read_bytes()
    return msgspec.structs.replace(platform.options, **changed), files


def _texts(options: DriverOptions) -> list[tuple[str, str]]:
    values = ((key, getattr(options, key)) for key in options.__struct_fields__)
    return [(key, value) for key, value in values if isinstance(value, str)]


def _path(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(f"no {kind} travels")
