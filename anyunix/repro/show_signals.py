"""The second story on a terminal: message by message, the flags that differ, and whose luck held."""

from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from anyunix.repro.luck import RUNS, Ending, Luck
from anyunix.repro.signal_reset import TEXTS, SignalResetResult, VariantResult
from anyunix.text import first_line

WIDTH = 100
RESTORER = (
    "0x80000000 is SA_RESETHAND. SIGSEGV: 0x04000000 is SA_RESTORER, which libc sets itself on x86-64; on i386 "
    "it is garbage too, as is sa_restorer, and the first handler to return returns to nowhere."
)
ORDINALS = ("1st", "2nd", "3rd", "4th")


def print_signals(console: Console, found: SignalResetResult) -> None:
    """Everything but the last line, which is `overall_signals`."""
    width = min(WIDTH, console.width)
    results = (found.pattern, found.zero, found.chance, found.fixed)
    console.print(_messages(found, results), width=width)
    if reason := found.pattern.answer.record.missing:
        console.print(
            Text(f"flags and the killing signal not shown: {first_line(reason)}; install strace to see them", "yellow"),
            width=width,
        )
    else:
        console.print(_flags(results), width=width)
    console.print(Text(_sentence(found)), width=width)
    console.print()
    console.print(_luck(found.luck), width=width)
    if any("SIGSEGV" in (ending.killer for ending in row.plain + row.filled) for row in found.luck.rows):
        console.print(Text(RESTORER, "dim"), width=width)
    for reason in found.luck.missing:
        console.print(Text(f"left out: {first_line(reason)}", "yellow"), width=width)


def overall_signals(found: SignalResetResult) -> str:
    """`anyunix: signal-reset: reproduced: message 2 kills SEND by SIGUSR1; …`."""
    if found.pattern.killed_by_the_second:
        by = " by SIGUSR1" if found.pattern.answer.ending else ""
        text = f"reproduced: message 2 kills SEND{by}"
    else:
        text = f"NOT reproduced: {found.pattern.answer.arrived} of {len(TEXTS)} messages arrived"
    fixed = "fixed, it lives" if found.fixed.survived else "fixed, it does NOT live"
    return f"anyunix: signal-reset: {text}; {fixed} ({found.seconds:.1f} s)"


def _messages(found: SignalResetResult, results: Iterable[VariantResult]) -> Table:
    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        title_justify="left",
        title_style="bold",
        title=f"The C server ({found.compiler} -O2) that leaves sa_flags of SEND's SIGUSR1 unset",
    )
    table.add_column("built", overflow="fold")
    for text in TEXTS:
        table.add_column(f"“{text}”", overflow="fold")
    table.add_column("Child SEND", overflow="fold")
    for each in results:
        messages = {message.text: message for message in each.answer.messages}
        cells = []
        for text in TEXTS:
            message = messages.get(text)
            arrived = message is not None and message.arrived
            cells.append(
                Text(
                    "not sent" if message is None else "arrives" if arrived else "lost",
                    "dim" if message is None else "green" if arrived else "bold red",
                )
            )
        table.add_row(each.variant.name, *cells, _fate(each))
    return table


def _flags(results: Iterable[VariantResult]) -> Table:
    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        title_justify="left",
        title_style="bold",
        title="What Child SEND asked the kernel for: rt_sigaction(SIGUSR1, …), seen by strace",
    )
    table.add_column("built", no_wrap=True)
    table.add_column("sa_flags", overflow="fold")
    for each in results:
        flags = first_line(each.answer.handler_flags)
        table.add_row(each.variant.name, Text(flags.replace("|", " | "), "red" if "SA_RESETHAND" in flags else ""))
    return table


def _fate(result: VariantResult) -> Text:
    if result.answer.alive:
        return Text("lives", "green")
    return Text(result.answer.ending or "gone", "bold red")


def _sentence(found: SignalResetResult) -> str:
    lost = next((message for message in found.pattern.answer.messages if not message.arrived), None)
    if lost is None:
        return ""
    stored = "is in the log all the same" if lost.text in found.pattern.answer.stored else "is not in the log either"
    return (
        f"“{lost.text}” {stored}: Child RECV stored it and sent SIGUSR1, SA_RESETHAND had set the disposition back "
        f"to default, which is death, and the client sees the connection end ({first_line(lost.said)})."
    )


def _luck(luck: Luck) -> Table:
    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        title_justify="left",
        title_style="bold",
        title="The same mistake in a program of its own: what the kernel got as sa_flags, and who lives",
    )
    for heading in ("compiler", "bits", "level", f"stack as it was ({RUNS} runs)", "stack filled with a pattern"):
        table.add_column(heading, overflow="fold")
    for row in luck.rows:
        table.add_row(row.compiler.name, str(row.compiler.bits), row.level, _endings(row.plain), _endings(row.filled))
    return table


def _endings(endings: tuple[Ending, ...]) -> Text:
    """The ending, when all runs had the same; else how many died."""
    if not endings:
        return Text("does not know the option", "dim")
    if len(set(endings)) == 1:
        return Text(f"{endings[0].flags} {_words(endings[0])}", "red" if endings[0].killer else "green")
    dead = sum(bool(ending.killer) for ending in endings)
    flags = list(dict.fromkeys(ending.flags for ending in endings))
    more = ", …" if len(flags) > 1 else ""
    return Text(f"{flags[0]}{more} {dead} of {len(endings)} runs die", "red" if dead else "yellow")


def _words(ending: Ending) -> str:
    if not ending.killer:
        return "lives"
    return f"{ending.killer} at the {ORDINALS[min(ending.lived, 3)]}"
