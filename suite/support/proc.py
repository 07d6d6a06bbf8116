"""Where the probes watch processes, and look up what Linux says of itself (proc(5))."""

from pathlib import Path

PROC = Path("//proc")
"""Two slashes, the same folder: differences/no-proc.yaml leaves it to those who watch."""
