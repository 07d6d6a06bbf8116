"""What several commands share."""

from rich.console import Console

from anyunix.catalog import Catalog


def console_for_reports() -> Console:
    """Where the output is no terminal nobody knows its width: 100 columns, which the matrix fits."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=100)


def usual_order(catalog: Catalog) -> list[str]:
    """All platforms, this machine first: it needs nothing, so its results come soonest."""
    return sorted(catalog.platform_names(), key=lambda name: (not name.startswith("local"), name))
