"""The large run of tools/page.py."""

import importlib.util

from anyunix.results.model import Matrix
from checkout import ROOT


def large_matrix() -> Matrix:
    """16,000 results."""
    spec = importlib.util.spec_from_file_location("tools_page", ROOT / "tools" / "page.py")
    assert spec is not None
    assert spec.loader is not None
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    matrix: Matrix = bench.large_matrix()
    return matrix


def long_logs(matrix: Matrix) -> dict[str, str]:
    """A log for each cell, longer than what is shown of it."""
    return {cell.key: f"{cell.platform} says a line of its log\n" * 1000 for cell in matrix.cells}
