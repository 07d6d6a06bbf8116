"""The league table of docs/servers.md: the servers of this folder are run, and held against the page.

python examples/servers/table.py                  all of them
python examples/servers/table.py --sample N       a quarter of them, another one for each N
python examples/servers/table.py --server nginx   this one; repeatable
python examples/servers/table.py --write …        puts their rows into the page

Other options are for `anyunix run`, whose exit status this has; 1 when the page has other rows. How many contracts were
tried may differ by some: what a busy machine cannot try is left out. What was broken may not.
"""

import argparse
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from anyunix.catalog.subject_file import read_subject
from anyunix.differences.outcomes import meaning
from anyunix.errors import ConfigurationError
from anyunix.results.matrix_file import read_matrix
from anyunix.results.model import CellResult, Matrix

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "servers.md"
EXPECTATIONS, PLATFORMS = HERE / "expectations", HERE / "platforms"
LINUX, FREEBSD = "debian-servers", "debian-servers-v6only"
PROBES = "any_server or datagrams or ipv6_facts or getaddrinfo_facts"
QUARTERS = 4
HEAD = """\
| server | listens on, Linux's defaults | listens on, FreeBSD's defaults | promises kept | known to break | verdict |
| --- | --- | --- | --- | --- | --- |
"""
ROW = re.compile(r"\| (\S+) \|.*")
WHERE = ("ipv4", "ipv6", "interfaces")
"""Promises that say where it listens, which other columns do."""


def names() -> list[str]:
    """All servers of this folder."""
    return sorted(file.stem for file in HERE.glob("*.yaml"))


def quarter(number: int) -> list[str]:
    """Each fourth one of them."""
    return names()[number % QUARTERS :: QUARTERS]


def run(servers: Sequence[str], out: Path, more: Sequence[str]) -> int:
    """The exit status of `anyunix run`."""
    command = [
        sys.executable,
        "-m",
        "anyunix",
        "run",
        "--trace",
        "never",
        "--no-experiments",
        "-k",
        PROBES,
        "--out",
        str(out),
    ]
    for platform in (LINUX, FREEBSD):
        command += ["--platform", str(PLATFORMS / f"{platform}.yaml")]
    for server in servers:
        command += ["--subject", str(HERE / f"{server}.yaml")]
    if any((EXPECTATIONS / f"{server}.yaml").exists() for server in servers):
        command += ["--expectations", str(EXPECTATIONS)]
    return subprocess.run([*command, *more], check=False).returncode


def rows_of(matrix: Matrix) -> dict[str, str]:
    """Server -> its row."""
    cells = {(cell.subject, cell.platform): cell for cell in matrix.cells}
    return {
        verdict.subject: row(
            verdict.subject,
            [cells[verdict.subject, platform] for platform in (LINUX, FREEBSD) if (verdict.subject, platform) in cells],
            verdict.verdict,
        )
        for verdict in matrix.verdicts
    }


def row(server: str, cells: Sequence[CellResult], verdict: str) -> str:
    kept, tried = (
        sum(len(some) for some in each) for each in zip(*((c.kept(), c.tried()) for c in cells), strict=True)
    )
    columns = [server, *map(listens, cells), f"{kept} of {tried}", breaks(server, cells), verdict]
    return f"| {' | '.join(columns)} |"


def listens(cell: CellResult) -> str:
    """`IPv4 and IPv6`, `IPv6 alone`, with `loopback` where no other address answers."""
    seen = Counter(probe.answered for probe in cell.probes if probe.answered)
    if not seen:
        return "not run"
    hosts = seen.most_common(1)[0][0]  # a probe of its own may have taken one family away
    families = [
        name
        for name, there in (("IPv4", any("." in host for host in hosts)), ("IPv6", any(":" in host for host in hosts)))
        if there
    ]
    loopback = all(host.startswith("127.") or host == "::1" for host in hosts)
    said = " and ".join(families) if len(families) > 1 else f"{families[0]} alone"
    return f"{said}, loopback" if loopback else said


def breaks(server: str, cells: Sequence[CellResult]) -> str:
    """The promises that its file takes back, and, in italics, what it fails at."""
    promises = read_subject(HERE / f"{server}.yaml").promises
    taken_back = [f"`{word}`" for word, said in sorted(promises.items()) if said is False and word not in WHERE]
    fails = dict.fromkeys(f"*{meaning(probe)}*" for cell in cells for probe in cell.failures)
    return ", ".join([*taken_back, *fails]) or "nothing"


def compared(row: str) -> str:
    """A row with the number of what was broken in place of what was tried."""
    return re.sub(r"(\d+) of (\d+)", lambda found: f"{int(found[2]) - int(found[1])} broken", row)


def rows_on(page: str) -> dict[str, str]:
    """Server -> its row there. Raises ConfigurationError."""
    _, head, rest = page.partition(HEAD)
    if not head:
        raise ConfigurationError(f"{PAGE}: no table with this head:\n{HEAD}")
    table = rest.partition("\n\n")[0]
    return {found[1]: found[0] for found in ROW.finditer(table)}


def with_rows(page: str, rows: Mapping[str, str]) -> str:
    """The page with these rows and no others. Raises ConfigurationError."""
    rows_on(page)
    before, head, rest = page.partition(HEAD)
    _, _, after = rest.partition("\n\n")
    table = "\n".join(rows[name] for name in sorted(rows))
    return f"{before}{head}{table}\n\n{after}"


def settle(made: Mapping[str, str], *, everything: bool, write: bool) -> list[str]:
    """The servers of which the page has other rows, where none is written. Raises ConfigurationError."""
    page = PAGE.read_text()
    there = rows_on(page)
    wanted = dict(made) if everything else {**{name: there[name] for name in there if name in names()}, **made}
    if write:
        PAGE.write_text(with_rows(page, wanted))
        return []
    print(HEAD + "\n".join(made.values()))
    others = sorted(
        name for name in {*there, *wanted} if compared(there.get(name, "")) != compared(wanted.get(name, ""))
    )
    if others:
        print(f"{PAGE} holds other rows of {', '.join(others)}: --write puts these in", file=sys.stderr)
    return others


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--server", action="append", choices=names())
    parser.add_argument("--sample", type=int)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("anyunix-out", "servers"))
    options, more = parser.parse_known_args(arguments)
    servers = options.server or (names() if options.sample is None else quarter(options.sample))
    try:
        status, others = judged(servers, options.out, more, write=options.write)
        if status == 1 and set(others) <= set(servers) and others:
            print(f"once more, because a busy machine breaks contracts as well: {', '.join(others)}", flush=True)
            status, _ = judged(others, options.out / "again", more, write=False)
        return status
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2


def judged(servers: Sequence[str], out: Path, more: Sequence[str], *, write: bool) -> tuple[int, list[str]]:
    """The exit status of a run, 1 also where rows differ; and whose do. Raises ConfigurationError."""
    status = run(servers, out, more)
    if status not in (0, 1):
        return status, []
    others = settle(rows_of(read_matrix(out / "matrix.json")), everything=list(servers) == names(), write=write)
    return status or int(bool(others)), others


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
