"""Cells run: from subjects and platforms to a judged matrix. docs/library.md shows how to use it from Python."""

from anyunix.run.pipeline import RunOptions, run_matrix
from anyunix.run.selection import Choice, Selection, select

__all__ = ["Choice", "RunOptions", "Selection", "run_matrix", "select"]
