"""Tables of the chat server's benchmark."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from anyunix.bench.bench_report import Rows, about, as_json, counted, page, print_invalid, print_tables, write_files
from anyunix.bench.chat_runs import PACED, ChatSummary, bare_us, summarize_chat
from anyunix.bench.remote.chat_run import BareCosts, ChatMeasured
from anyunix.bench.remote.programs import Inventory
from anyunix.text import first_line


def report_chat(
    console: Console,
    measured: Sequence[ChatMeasured],
    bare: BareCosts | None,
    name: str,
    inventory: Inventory,
    out: Path,
) -> None:
    """Print the tables, and write them into a folder. Raises OSError."""
    cells = summarize_chat(measured)
    tables = chat_tables(cells, bare)
    print_tables(console, tables)
    print_invalid(console, [chat_run_line(run) for run in measured if run.invalid])
    write_files(
        console,
        out,
        {
            "chat.md": page(f"The chat servers on {name}", about(inventory), tables).encode(),
            "chat.json": as_json(name, inventory, bare=bare, cells=cells, runs=measured),
        },
    )


def chat_tables(cells: Sequence[ChatSummary], bare: BareCosts | None) -> list[tuple[str, Rows]]:
    """Title and rows."""
    tables = [
        ("Everybody sends when the last message is back", _busy([c for c in cells if not c.point.rate], bare)),
        (f"{PACED:g} messages a second in all", _paced([c for c in cells if c.point.rate], bare)),
    ]
    if bare:
        tables.append(
            (
                "The bare system calls, nanoseconds of CPU",
                [
                    ["read socket", "append to the log", "read the log", "write socket"],
                    [f"{each:.0f}" for each in (bare.read_socket, bare.write_log, bare.read_log, bare.write_socket)],
                ],
            )
        )
    return tables


def _busy(cells: Sequence[ChatSummary], bare: BareCosts | None) -> Rows:
    rows = [["clients", "server", "messages/s", "deliveries/s", *_COSTS, "let in/s", "KiB a client"]]
    rows += [
        [
            str(cell.point.clients),
            cell.point.server,
            f"{cell.messages_a_second:.0f}",
            f"{cell.messages_a_second * cell.point.clients:.0f}",
            *_costs(cell, bare),
            f"{cell.opened_a_second:.0f}",
            f"{cell.memory_bytes / cell.point.clients / 1024:.0f}",
        ]
        for cell in cells
    ]
    return rows


def _paced(cells: Sequence[ChatSummary], bare: BareCosts | None) -> Rows:
    rows = [["clients", "server", "median µs", "99th percentile µs", *_COSTS]]
    rows += [
        [str(cell.point.clients), cell.point.server, f"{cell.median_us:.0f}", f"{cell.p99_us:.0f}", *_costs(cell, bare)]
        for cell in cells
    ]
    return rows


_COSTS = ("CPU µs a delivery", "times bare", "system calls a delivery")


def _costs(cell: ChatSummary, bare: BareCosts | None) -> list[str]:
    least = bare_us(bare, cell.point.clients) if bare else 0.0
    return [f"{cell.cpu_us:.2f}", f"{cell.cpu_us / least:.2f}" if least else "", counted(cell.calls)]


def chat_run_line(run: ChatMeasured) -> str:
    """One run in a line that is safe to print."""
    point = run.point
    seconds = run.seconds or 1.0
    found = first_line(run.invalid) or f"{run.messages / seconds:.0f} messages/s, median {run.median_us:.0f} µs"
    how = f"{point.rate:g} messages a second" if point.rate else "as fast as they come back"
    return f"{point.server}, {point.clients} clients, {how}: {found}"
