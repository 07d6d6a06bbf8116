"""The table of docs/servers.md, out of a run's matrix.json: where each server listens, and its verdict.

python examples/servers/table.py MATRIX.json            prints the table
python examples/servers/table.py MATRIX.json PAGE.md    exit status 1 when PAGE.md has another one
"""

import sys
from collections import Counter
from pathlib import Path

from anyunix.errors import ConfigurationError
from anyunix.results.matrix_file import read_matrix
from anyunix.results.model import CellResult, Matrix

LINUX, FREEBSD = "debian-servers", "debian-servers-v6only"
HEAD = (
    "| server | listens on, Linux's defaults | listens on, FreeBSD's defaults | verdict |\n| --- | --- | --- | --- |\n"
)


def listens(cell: CellResult | None) -> str:
    """`IPv4 and IPv6`, `IPv6 alone`, with `loopback` where no other address answers."""
    seen = Counter(probe.answered for probe in cell.probes if probe.answered) if cell else Counter()
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


def table(matrix: Matrix) -> str:
    """The whole table."""
    cells = {(cell.subject, cell.platform): cell for cell in matrix.cells}
    rows = [
        f"| {verdict.subject} | {listens(cells.get((verdict.subject, LINUX)))} "
        f"| {listens(cells.get((verdict.subject, FREEBSD)))} | {verdict.verdict} |"
        for verdict in matrix.verdicts
    ]
    return HEAD + "\n".join(rows) + "\n"


def main(arguments: list[str]) -> int:
    try:
        made = table(read_matrix(Path(arguments[0])))
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    print(made, end="")
    if len(arguments) > 1 and made not in Path(arguments[1]).read_text():
        print(f"{arguments[1]} holds another table: put this one in", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
