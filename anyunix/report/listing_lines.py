"""The platforms, subjects and probes there are: for people in lines, for programs as plain data."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.text import Text

from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.results.model import ProbeText

NAME, DRIVER, WIDE = 16, 10, 80
"""Columns: of both, and what they need beside a title; on narrower terminals all is stacked."""


def platform_data(platform: Platform, reason: str | None, engine: str = "") -> dict[str, Any]:
    """One platform; `reason` is why it is not available now, `engine` what runs its cells: containers have one."""
    return {
        "name": platform.name,
        "driver": platform.driver,
        "title": platform.title,
        "emulates": platform.emulates,
        "emulator": platform.emulator,
        "default": platform.default,
        "last_run": platform.last_run,
        "available": reason is None,
        "reason": reason or "",
        "engine": engine,
    }


def platform_lines(data: Mapping[str, Any], width: int) -> Iterator[Text]:
    """Its line, and what there is to know of it."""
    name, columns = data["name"], f"{data['name']:<{NAME}} {data['driver']:<{DRIVER}} "
    if width >= WIDE:
        indent = " " * len(columns)
        yield Text(f"{columns}{data['title']}")
    else:
        indent = "  "
        yield Text(f"{name} ({data['driver']})")
        yield Text(f"{indent}{data['title']}")
    if data["emulates"]:
        yield Text(f"{indent}emulates {data['emulates']}", "dim")
    if not data["default"]:
        emulated = f"its CPU is emulated ({data['emulator']}); " if data["emulator"] else ""
        yield Text(f"{indent}{emulated}runs only when asked for: --platform {name}", "dim")
    if data["last_run"]:
        yield Text(f"{indent}last run: {data['last_run']}", "dim")
    if data["reason"]:
        yield Text(f"{indent}not available: {data['reason']}", "yellow")


def engine_lines(entries: Iterable[Mapping[str, Any]]) -> Iterator[Text]:
    """Which engine answers for platforms that need one."""
    for engine in dict.fromkeys(data["engine"] for data in entries if data["engine"]):
        yield Text(f"containers run in {engine}", "dim")


def worker_lines(data: Mapping[str, Any]) -> Iterator[Text]:
    """A worker of a cluster: what it is, what it reaches, and why not the others."""
    if data["refused"]:
        yield Text(f"{data['name']}: refused: {data['refused']}", "yellow")
        return
    has = ", ".join([*data["resources"], *(["this client's key"] if data["has_the_key"] else [])])
    yield Text(f"{data['name']}: {data['jobs']} cells side by side; has {has}")
    yield Text(f"  reaches {', '.join(data['platforms']) or 'no platform'}")
    by_reason: dict[str, list[str]] = {}
    for name, reason in data["lacks"].items():
        by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        yield Text(f"  not {', '.join(names)}: {reason}", "dim")


def subject_data(subject: Subject) -> dict[str, Any]:
    """One subject."""
    return {"name": subject.name, "title": subject.title, "bind": list(subject.binds)}


def subject_line(data: Mapping[str, Any]) -> Text:
    """The same in a line."""
    return Text(f"{data['name']:<{NAME}} {data['title']} (bind: {', '.join(data['bind'])})")


def probe_data(probes: Iterable[ProbeText]) -> list[dict[str, Any]]:
    """What the suite asks."""
    return [{"id": each.id, "kind": each.kind, "behaviour": each.behaviour, "rule": each.rule} for each in probes]


def probe_line(data: Mapping[str, Any]) -> Text:
    """The same in two lines."""
    return Text(f"{data['kind']:<9} {data['id']}\n{'':10}{data['behaviour']}")
