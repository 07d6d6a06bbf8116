"""How fast anyunix is, beside the commit before: the tables of docs/speed.md, both columns measured in one run.

    python tools/speed.py                             # everything, for hours
    python tools/speed.py --only version,check,cell-c --repeats 3
    python tools/speed.py --ci-before OLD.log --ci-after NEW.log --only ci

Each version is installed into a virtual environment of its own, and the two are measured in turn. What was measured
goes to a JSON file, where earlier rows of the same two commits stay; --page writes the tables into docs/speed.md.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path

from msgspec.structs import replace

from anyunix.text import nearest
from speeds.ci_log import parts
from speeds.machine import BUSY, busy_share, description
from speeds.meter import Meter, waiting_server, with_row
from speeds.record import OtherRecord, Profile, Record, read, write
from speeds.supervision import ends_on_sigterm
from speeds.tables import NoMarkers, targets, write_into
from speeds.versions import ROOT, CannotInstall, abbreviated, earlier, present, present_commit
from speeds.works import ROWS, needed

BEFORE = "1cd843a"
"""The commit before this was worked on."""
PROFILES = ("programs", "probes")
SUBJECTS = ("c", "python")


def main() -> int:
    arguments = parsed()
    ends_on_sigterm()
    rows = [name for name in arguments.only if name != "ci"]
    busy = busy_share() if rows else 0.0
    if busy > BUSY and not arguments.anyway:
        print(f"speed: others use {100 * busy:.0f} % of this machine's CPU time; wait, or --anyway", file=sys.stderr)
        return 2
    try:
        logs = {"before": arguments.ci_before, "now": arguments.ci_after}
        record = Record(
            abbreviated(arguments.before),
            present_commit(),
            description(),
            (datetime.now(timezone.utc).date().isoformat(),),
            busy,
            ci={column: parts(log) for column, log in logs.items() if log},
        ).over(read(arguments.out))
        write(arguments.out, record)
        if rows:
            record = measured(record, arguments, rows)
        print(targets(record))
        if arguments.page:
            write_into(arguments.page, record)
    except OtherRecord as error:
        print(f"speed: {arguments.out}: {error}; move it away, or give another one by --out", file=sys.stderr)
        return 2
    except (CannotInstall, NoMarkers, OSError) as error:
        print(f"speed: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"speed: interrupted; the rows that were done are in {arguments.out}", file=sys.stderr)
        return 130
    return 0


def parsed() -> argparse.Namespace:
    choices = (*ROWS, *PROFILES, "ci")
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").split("\n\n")[0], epilog="Exit status: 0 measured, 2 could not be."
    )
    add = parser.add_argument
    add("--before", default=BEFORE, metavar="COMMIT", help="what to compare with (default: %(default)s)")
    add("--only", type=names(choices), default=choices, metavar="ROW,…", help=f"of {', '.join(choices)} (default: all)")
    add("--repeats", type=int, default=3, metavar="N", help="rounds; long runs have one (default: %(default)s)")
    add(
        "--now-only",
        type=names(ROWS),
        default=(),
        metavar="ROW,…",
        help="rows that are measured of this checkout alone: what takes too long before",
    )
    add("--anyway", action="store_true", help="measure on a busy machine, too")
    add("--ci-before", type=Path, metavar="LOG", help="what .ci/run printed before")
    add("--ci-after", type=Path, metavar="LOG", help="what it prints now")
    add("--out", type=Path, default=ROOT / "anyunix-out" / "speed.json", metavar="FILE", help="(default: %(default)s)")
    add("--page", type=Path, metavar="FILE", help="write the tables into this page: docs/speed.md")
    return parser.parse_args()


def measured(record: Record, arguments: argparse.Namespace, rows: Sequence[str]) -> Record:
    """With these rows; each is written when it is done."""
    with (
        tempfile.TemporaryDirectory(prefix="speed-") as name,
        earlier(arguments.before, Path(name)) as before,
        waiting_server() as address,
    ):
        say(f"installed: {before.commit}; installing this checkout")
        meter = Meter((before, present(Path(name))), Path(name), address, arguments.repeats, say)
        for row in rows:
            if row not in PROFILES:
                meter.now_only = row in arguments.now_only
                meter.measure(needed(row))
                record = with_row(record, row, meter)
                write(arguments.out, record)
        wanted = [name for name in rows if name in PROFILES]
        for subject in SUBJECTS if wanted else ():
            profile = meter.profile(subject, wanted).over(record.profiles.get(subject, Profile()))
            record = replace(record, profiles={**record.profiles, subject: profile})
            write(arguments.out, record)
    return record


def names(known: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    """Reads `one,another`."""

    def chosen(text: str) -> tuple[str, ...]:
        if strange := [name for name in text.split(",") if name not in known]:
            raise argparse.ArgumentTypeError(f"{strange[0]!r} is no row{nearest(strange[0], known)}")
        return tuple(text.split(","))

    return chosen


def say(text: str) -> None:
    print(f"{datetime.now():%H:%M:%S} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
