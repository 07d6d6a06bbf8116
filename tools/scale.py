"""How anyunix grows with workers and cells: the figures of docs/scale.md.

    python tools/scale.py                              # everything, for some 20 minutes
    python tools/scale.py --only instant,killed --no-containers
    python tools/scale.py --page docs/scale.md         # and write the table into the page

A scheduler and workers are started on this machine, as processes and as containers with a CPU each. Simulated cells are
named so: their workers answer with a made-up result. What was measured goes to a JSON file, where earlier measurements
on the same machine stay.
"""

import argparse
import cProfile
import pstats
import sys
import tempfile
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

import msgspec
from scales.figures import load, read, table, write, write_into
from scales.image import built_image, remove_image
from scales.measures import MEASURES, Ground, Scale
from scales.workers import NotThere

from anyunix.catalog.lookup import find_catalog
from anyunix.text import nearest
from speeds.machine import BUSY, busy_share, description
from speeds.supervision import ends_on_sigterm
from speeds.tables import NoMarkers
from speeds.versions import ROOT, CannotInstall, present_commit

SMALL = Scale(50, 4, 4, "test_ipv4_client_is_served", 200, 0.2, 16, 60, 0.5, 3.0)
"""To try the tool itself."""


def main() -> int:
    arguments = parsed()
    ends_on_sigterm()
    try:
        measure(arguments)
    except (CannotInstall, NotThere, NoMarkers, OSError, msgspec.DecodeError) as error:
        print(f"scale: {error}", file=sys.stderr)
        return 2
    return 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").split("\n\n")[0], epilog="Exit status: 0 measured, 2 could not be."
    )
    add = parser.add_argument
    add("--only", type=names, default=tuple(MEASURES), metavar="NAME,…", help=f"of {', '.join(MEASURES)}")
    add("--no-containers", action="store_true", help="workers as processes only")
    add("--small", action="store_true", help="a little of everything, to try this tool")
    add("--anyway", action="store_true", help="measure on a busy machine, too")
    add("--profile", action="store_true", help="say where the client's time goes, which makes it slower")
    add("--out", type=Path, default=ROOT / "anyunix-out" / "scale.json", metavar="FILE", help="(default: %(default)s)")
    add("--page", type=Path, metavar="FILE", help="write the table into this page: docs/scale.md")
    return parser.parse_args()


def measure(arguments: argparse.Namespace) -> None:
    """Raises CannotInstall, NotThere, NoMarkers, OSError."""
    record = read(arguments.out, machine())
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        containers = not arguments.no_containers and {"instant", "real"} & set(arguments.only)
        image = built_image(Path(name)) if containers else ""
        try:
            ground = Ground(find_catalog(), Path(name), image)
            for each in arguments.only:
                if (busy := busy_share()) > BUSY and not arguments.anyway:
                    raise NotThere(f"others use {100 * busy:.0f} % of this machine's CPU time; wait, or --anyway")
                before, profile = load(busy), cProfile.Profile()
                figures = []
                if arguments.profile:
                    profile.enable()
                for figure in MEASURES[each](ground, SMALL if arguments.small else Scale()):
                    figures.append(msgspec.structs.replace(figure, load=before))
                    print(f"{figure.work}: {figure.figure}; {figure.more} ({before})", file=sys.stderr, flush=True)
                if arguments.profile:
                    profile.disable()
                    pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(25)
                measures = {**record.measures, each: (made(), tuple(figures))}
                record = msgspec.structs.replace(
                    record, measures={known: measures[known] for known in MEASURES if known in measures}
                )
                write(arguments.out, record)
        finally:
            if image:
                remove_image(image)
    print(table(record))
    if arguments.page:
        write_into(arguments.page, record)


def names(text: str) -> tuple[str, ...]:
    """Reads `one,another`."""
    if strange := [name for name in text.split(",") if name and name not in MEASURES]:
        raise argparse.ArgumentTypeError(f"{strange[0]!r} is no measurement{nearest(strange[0], MEASURES)}")
    return tuple(filter(None, text.split(",")))


def machine() -> str:
    """What the figures depend on, but for anyunix."""
    return f"{description()}, distributed {version('distributed')}"


def made() -> str:
    """When, and of which commit."""
    return f"{datetime.now(timezone.utc).date().isoformat()} of `{present_commit()}`"


if __name__ == "__main__":
    sys.exit(main())
