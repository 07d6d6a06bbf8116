"""The experiment's tables: terminal and Markdown from the same rows, CSV, JSON."""

import csv
import io
import os
import platform
from collections.abc import Iterable, Sequence

import msgspec
from rich.console import Console
from rich.table import Table

from anyunix.bench.experiment import Measured
from anyunix.bench.summary import PAPER, Cell

Rows = list[list[str]]


def table_one(cells: Sequence[Cell], form: str, write_bytes: int) -> Rows:
    """Connections down, servers across: the mean, and its variation in brackets; the paper's two last."""
    chosen = [cell for cell in cells if (cell.point.form, cell.point.write_bytes) == (form, write_bytes)]
    servers = list(dict.fromkeys(cell.point.server for cell in chosen))
    rows = [["connections", *servers, "paper: C", "paper: Go"]]
    for connections in sorted({cell.point.connections for cell in chosen}):
        by_server = {cell.point.server: cell for cell in chosen if cell.point.connections == connections}
        paper = PAPER.get(connections)
        beside = [f"{paper[0]:.2f} ({paper[1]:.2f})", f"{paper[2]:.2f} ({paper[3]:.2f})"] if paper else ["", ""]
        rows.append([str(connections), *(_mean(by_server.get(server)) for server in servers), *beside])
    return rows


def by_write_size(cells: Sequence[Cell], connections: int) -> Rows:
    """Bytes a write down: C against Go and against the floor, in both forms."""
    found = {(cell.point.form, cell.point.write_bytes, cell.point.server): cell.mean for cell in cells
             if cell.point.connections == connections}
    sizes = sorted({size for _, size, _ in found})
    rows = [["bytes a write", "form", "fork-c %", "goroutine-go %", "Go / C", "fork-c / epoll-c"]]
    for size in sizes:
        for form in ("paper", "like"):
            fork, go, floor = (found.get((form, size, server)) for server in ("fork-c", "goroutine-go", "epoll-c"))
            if fork:
                rows.append([str(size), form, f"{fork:.2f}", f"{go:.2f}" if go else "",
                             f"{go / fork:.2f}" if go else "", f"{fork / floor:.2f}" if floor else ""])
    return rows


def costs(cells: Sequence[Cell], connections: int) -> Rows:
    """What else a message costs, and a connection."""
    rows = [["server", "form", "bytes a write", "read+write a message", "switches a message", "memory, MiB",
             "processes"]]
    rows += [[cell.point.server, cell.point.form, str(cell.point.write_bytes), f"{cell.calls_a_message:.4f}",
              f"{cell.switches_a_message:.4f}", f"{cell.memory_bytes / 2**20:.1f}", str(cell.processes)]
             for cell in cells if cell.point.connections == connections]
    return rows


def print_rows(console: Console, title: str, rows: Rows) -> None:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold",
                  padding=(0, 2, 0, 0))
    for column in rows[0]:
        table.add_column(column, justify="right")
    for row in rows[1:]:
        table.add_row(*row)
    console.print(table)
    console.print()


def markdown(title: str, rows: Rows) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|" + " --- |" * len(rows[0]))
    return f"## {title}\n\n" + "\n".join(lines) + "\n"


def machine() -> str:
    """The machine and its kernel, in a line."""
    model = "unknown CPU"
    try:
        with open("/proc/cpuinfo") as file:
            model = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), model)
    except OSError:
        pass
    return f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} CPUs, {model}"


def as_csv(measured: Iterable[Measured]) -> str:
    """A row a sample."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["server", "form", "connections", "write_bytes", "rate", "repeat", "sample", "cpu_percent",
                     "invalid"])
    for run in measured:
        point = run.point
        key = [point.server, point.form, point.connections, point.write_bytes, point.rate, point.repeat]
        for number, sample in enumerate(run.samples, 1):
            writer.writerow([*key, number, f"{sample:.3f}", run.invalid])
    return text.getvalue()


def as_json(measured: Sequence[Measured], cells: Sequence[Cell], made_by: Sequence[str]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(
        {"schema": 1, "machine": machine(), "made_by": made_by, "cells": cells, "runs": measured}), indent=1)


def _mean(cell: Cell | None) -> str:
    if cell is None:
        return "invalid"
    sure = f" ± {cell.interval:.2f}" if cell.interval is not None else ""
    return f"{cell.mean:.2f}{sure} ({cell.variation:.2f})"
