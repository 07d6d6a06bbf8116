"""The paper's Fig. 3 and Fig. 4 from this experiment's numbers: SVG and PNG, where matplotlib is installed."""

import io
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from anyunix.bench.summary import PAPER, PointSummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = ("svg", "png")
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")
"""Okabe and Ito's, which the colour-blind can tell apart."""
INCHES, DPI = (7.2, 4.4), 150
WHERE = "figures are left out: matplotlib is not installed here: pip install 'anyunix[figures]'"


def missing() -> str:
    """What to install; empty when figures can be drawn."""
    return "" if find_spec("matplotlib") else WHERE


def figures(cells: Sequence[PointSummary], size: int) -> dict[str, bytes]:
    """File name -> content: CPU (figure-3) and its variation (figure-4) over connections, at one size of writes."""
    chosen = [cell for cell in cells if cell.point.write_bytes == size]
    if not chosen:
        return {}
    return {
        **_drawn("figure-3", "CPU of the server, % of one", chosen, [cell.mean for cell in chosen], (0, 2)),
        **_drawn("figure-4", "variation of the CPU (σ/μ)", chosen, [cell.variation for cell in chosen], (1, 3)),
    }


def _drawn(
    name: str, label: str, cells: Sequence[PointSummary], values: Sequence[float], columns: tuple[int, int]
) -> dict[str, bytes]:
    from matplotlib.figure import Figure  # an extra

    figure = Figure(figsize=INCHES, layout="constrained")
    axes = figure.add_subplot()
    servers = list(dict.fromkeys(cell.point.server for cell in cells))
    for number, server in enumerate(servers):
        for form, style in (("paper", "-"), ("like", "--")):
            line = sorted(
                (cell.point.connections, value)
                for cell, value in zip(cells, values, strict=True)
                if (cell.point.server, cell.point.form) == (server, form)
            )
            if line:
                words = "as in the paper" if form == "paper" else "like for like"
                axes.plot(
                    *zip(*line, strict=True),
                    style,
                    color=COLOURS[number % len(COLOURS)],
                    marker="o",
                    markersize=4,
                    label=f"{server}, {words}",
                )
    for column, (language, marker) in zip(columns, (("C", "x"), ("Go", "+")), strict=True):
        axes.plot(
            list(PAPER),
            [row[column] for row in PAPER.values()],
            ":",
            color="#555555",
            marker=marker,
            markersize=6,
            label=f"paper: {language} (FreeBSD, read off top)",
        )
    _label(axes, label, sorted({cell.point.connections for cell in cells} | set(PAPER)))
    found = {}
    for kind in FORMATS:
        stream = io.BytesIO()
        figure.savefig(stream, format=kind, dpi=DPI, metadata={"Date": None} if kind == "svg" else None)
        found[f"{name}.{kind}"] = stream.getvalue()
    return found


def _label(axes: "Axes", label: str, connections: Sequence[int]) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xticks(connections, [str(each) for each in connections])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("connections of 1 Mbit/s")
    axes.set_ylabel(label)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
