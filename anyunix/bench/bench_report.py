"""The experiment's tables: terminal and Markdown from the same rows, CSV, JSON."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from anyunix.bench.figures import figures, missing
from anyunix.bench.remote.experiment import Measured
from anyunix.bench.remote.programs import Inventory
from anyunix.bench.schedule import FORMS, SIZE
from anyunix.bench.summary import PAPER, PointSummary, summarize
from anyunix.host.whole_file import write_whole
from anyunix.text import first_line

Rows = list[list[str]]


def report_paper(console: Console, measured: Sequence[Measured], name: str, inventory: Inventory, out: Path) -> None:
    """Print the tables, and write them with the samples and figures into a folder. Raises OSError."""
    cells = summarize(measured)
    tables = _tables(cells)
    print_tables(console, tables)
    print_invalid(console, [run_line(run) for run in measured if run.invalid])
    sources = ", ".join(dict.fromkeys(first_line(run.source) for run in measured if run.source))
    drawn = {} if missing() else figures(cells, SIZE)
    text = page(f"The paper's experiment on {name}", f"{about(inventory)} CPU times: {sources or 'not said'}.", tables)
    text += "".join(f"\n![{file.removesuffix('.svg')}]({file})\n" for file in drawn if file.endswith(".svg"))
    files = {
        "bench.md": text.encode(),
        "samples.csv": as_csv(measured).encode(),
        "bench.json": as_json(name, inventory, cells=cells, runs=measured),
        **drawn,
    }
    write_files(console, out, files)
    if missing():
        console.print(missing(), style="dim", soft_wrap=True)


def _tables(cells: Sequence[PointSummary]) -> list[tuple[str, Rows]]:
    most = max((cell.point.connections for cell in cells), default=0)
    other = {cell.point.connections for cell in cells if cell.point.write_bytes != SIZE}
    return [
        *(
            (f"Table I, {words}: CPU of the server, % of one (σ/μ), {SIZE} bytes a write", table_one(cells, form, SIZE))
            for form, words in zip(FORMS, ("as in the paper", "like for like"), strict=True)
        ),
        ("Over the bytes of a write", by_write_size(cells, {most, *other})),
        (f"What else a write costs the server, {most} connections", costs(cells, most)),
    ]


def table_one(cells: Sequence[PointSummary], form: str, write_bytes: int) -> Rows:
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


def by_write_size(cells: Sequence[PointSummary], connections: Iterable[int]) -> Rows:
    """Bytes per write down: C against Go and against the floor, in both forms."""
    found = {
        (cell.point.write_bytes, cell.point.connections, cell.point.form, cell.point.server): cell.mean
        for cell in cells
    }
    rows = [
        ["bytes a write", "connections", "form", "fork-c %", "goroutine-go %", "loop-c %", "Go / C", "fork-c / loop-c"]
    ]
    loads = sorted({(size, count) for size, count, _, _ in found if count in set(connections)})
    for size, count, form in ((*load, form) for load in loads for form in FORMS):
        if not any(key[:3] == (size, count, form) for key in found):
            continue
        fork, go, floor = (found.get((size, count, form, server)) for server in ("fork-c", "goroutine-go", "loop-c"))
        means = [f"{mean:.2f}" if mean is not None else "" for mean in (fork, go, floor)]
        rows.append([str(size), str(count), form, *means, _ratio(go, fork), _ratio(fork, floor)])
    return rows


def _ratio(one: float | None, other: float | None) -> str:
    return f"{one / other:.2f}" if one and other else ""


def costs(cells: Sequence[PointSummary], connections: int) -> Rows:
    """What else a write of the load costs the server, and a connection."""
    rows = [
        [
            "server",
            "form",
            "bytes a write",
            "system calls",
            "switches: voluntary",
            "involuntary",
            "memory, MiB",
            "processes",
            "load %",
        ]
    ]
    rows += [
        [
            cell.point.server,
            cell.point.form,
            str(cell.point.write_bytes),
            counted(cell.calls_a_write),
            counted(cell.voluntary_a_write),
            counted(cell.involuntary_a_write),
            f"{cell.memory_bytes / 2**20:.1f}",
            str(cell.processes),
            f"{cell.load:.1f}",
        ]
        for cell in cells
        if cell.point.connections == connections
    ]
    return rows


def counted(value: float | None) -> str:
    """A count, where the system has one."""
    return "not counted" if value is None else f"{value:.2f}"


def print_tables(console: Console, tables: Iterable[tuple[str, Rows]]) -> None:
    """Titles and rows; those without any row are left out."""
    for title, rows in tables:
        if len(rows) > 1:
            console.print(Text(title, "italic"))
            table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
            for column in rows[0]:
                table.add_column(column, justify="right", overflow="fold", no_wrap=column == "server")
            for row in rows[1:]:
                table.add_row(*row)
            console.print(table)
            console.print()


def print_invalid(console: Console, lines: Iterable[str]) -> None:
    """Name the discarded runs."""
    for line in lines:
        console.print(Text(f"invalid, excluded from all averages: {line}", "yellow"), soft_wrap=True)


def page(title: str, about: str, tables: Iterable[tuple[str, Rows]]) -> str:
    """Markdown."""
    return "\n".join([f"# {title}\n\n{about}\n", *(_markdown(head, rows) for head, rows in tables if len(rows) > 1)])


def _markdown(title: str, rows: Rows) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|" + " --- |" * len(rows[0]))
    return f"## {title}\n\n" + "\n".join(lines) + "\n"


def about(inventory: Inventory) -> str:
    """Machine, kernel, compilers, and the differences that were on, in one line."""
    made_by = dict.fromkeys(first_line(built.made_by) for built in inventory.built if built.made_by)
    on = f" {differences_on(inventory)}" if inventory.differences else ""
    return f"{first_line(inventory.machine)}. {'; '.join(made_by)}.{on}"


def differences_on(inventory: Inventory) -> str:
    """Which behaviour of other systems the servers were measured under."""
    return f"Differences that are on in the servers: {', '.join(inventory.differences)}."


def write_files(console: Console, out: Path, files: Mapping[str, bytes]) -> None:
    """Raises OSError."""
    for name, content in files.items():
        write_whole(out / name, content)
    console.print(f"Details in {out}: {', '.join(files)}", soft_wrap=True)


def as_csv(measured: Iterable[Measured]) -> str:
    """One row per sample."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        ["server", "form", "connections", "write_bytes", "rate", "repeat", "sample", "cpu_percent", "invalid"]
    )
    for run in measured:
        point = run.point
        key = [point.server, point.form, point.connections, point.write_bytes, point.rate, point.repeat]
        for number, sample in enumerate(run.samples, 1):
            writer.writerow([*key, number, f"{sample:.3f}", run.invalid])
    return text.getvalue()


def as_json(name: str, inventory: Inventory, **parts: object) -> bytes:
    """Everything, for other programs."""
    found = {"schema": 2, "platform": name, "place": inventory, **parts}
    return msgspec.json.format(msgspec.json.encode(found), indent=1)


def _mean(cell: PointSummary | None) -> str:
    if cell is None:
        return "invalid"
    sure = f" ± {cell.interval:.2f}" if cell.interval is not None else ""
    return f"{cell.mean:.2f}{sure} ({cell.variation:.2f})"


def run_line(run: Measured) -> str:
    """One run in a line that is safe to print."""
    point = run.point
    found = first_line(run.invalid) or f"{fmean(run.samples):.2f} %"
    return f"{point.server} {point.form}, {point.connections} connections, {point.write_bytes} bytes a write: {found}"
