"""One story from its name to its last line."""

from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from anyunix.catalog.lookup import Catalog
from anyunix.errors import ConfigurationError
from anyunix.repro import ipv6_only, signal_reset
from anyunix.repro.show_families import overall_families, print_families
from anyunix.repro.show_signals import overall_signals, print_signals
from anyunix.repro.stories import SIGNAL_RESET, Story


@dataclass(frozen=True)
class ReproOptions:
    """Which bug, and with what."""

    story: Story
    subject: str | None
    """A name or file; None for the story's own choice, as below."""
    platform: str | None


def reproduce(options: ReproOptions, catalog: Catalog, console: Console) -> bool:
    """Run and print; whether the bug is where it should be, and gone with its fix.

    Raises ConfigurationError, NotRun, PlatformError.
    """
    if options.story == SIGNAL_RESET:
        return _signals(options, catalog, console)
    return _families(options, catalog, console)


def _families(options: ReproOptions, catalog: Catalog, console: Console) -> bool:
    found = ipv6_only.reproduce(catalog, options.subject, options.platform)
    print_families(console, found)
    console.print(Text(overall_families(found), "bold"), soft_wrap=True)
    return found.as_expected


def _signals(options: ReproOptions, catalog: Catalog, console: Console) -> bool:
    for option, value in (("subject", options.subject), ("platform", options.platform)):
        if value is not None:
            raise ConfigurationError(f"--{option}: {SIGNAL_RESET.name} is told with the C server on this machine only")
    found = signal_reset.reproduce(catalog)
    print_signals(console, found)
    console.print(Text(overall_signals(found), "bold"), soft_wrap=True)
    return found.as_expected
