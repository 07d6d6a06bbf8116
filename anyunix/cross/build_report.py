"""What `anyunix build` prints: which system and CPU the subject was built for, and what the programs are."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from anyunix.cross.every_target import TargetBuild
from anyunix.cross.targets import CPUS, SYSTEMS, TargetSystem
from anyunix.text import safe

NOT_CHOSEN = "not asked for"


def print_builds(console: Console, results: Sequence[TargetBuild], title: str) -> None:
    """The table of systems and CPUs, the programs, what failed, in the compiler's words, what was not tried."""
    console.print(_table({result.target.name: result for result in results}, title), width=min(100, console.width))
    for result in results:
        for program in result.programs:
            _say(console, f"{result.target.name}: {program.path} {program.size:,} bytes, {program.header}", "dim")
    for result in results:
        if result.failure:
            _say(console, f"FAILED {result.target.name}: {result.failure}", "bold red")
    for system in SYSTEMS:
        if absent := [cpu for cpu in CPUS if cpu not in system.triples]:
            _say(console, f"not tried: {system.title} on {', '.join(absent)}: {system.absent}", "yellow")
    chosen = {result.target.name for result in results}
    if left := [name for system in SYSTEMS for name in system.triples.values() if name not in chosen]:
        _say(console, f"not tried: {', '.join(left)}: {NOT_CHOSEN} with --target", "yellow")


def overall(results: Sequence[TargetBuild], seconds: float) -> str:
    """The last line: `anyunix: built for 29 of 29 targets (80 s)`."""
    built = sum(not result.failure for result in results)
    return f"anyunix: built for {built} of {len(results)} targets ({seconds:.0f} s)"


def _table(results: dict[str, TargetBuild], title: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left", title_style="bold")
    table.add_column("system", no_wrap=True)
    for cpu in CPUS:
        table.add_column(cpu, justify="right", no_wrap=True)
    for system in SYSTEMS:
        table.add_row(system.title, *(_cell(results, system, cpu) for cpu in CPUS))
    return table


def _cell(results: dict[str, TargetBuild], system: TargetSystem, cpu: str) -> Text:
    result = results.get(system.triples.get(cpu, ""))
    if result is None:
        return Text("–", "dim")
    if result.failure:
        return Text("failed", "bold red")
    return Text(f"{sum(program.size for program in result.programs) / 1000:,.0f} kB", "green")


def _say(console: Console, line: str, style: str) -> None:
    console.print(Text(safe(line), style), soft_wrap=True)
