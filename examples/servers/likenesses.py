"""A line for each of eight servers, and for each system that Linux can be made like: what would break it there.

python examples/servers/likenesses.py                   tries all of them, and prints the table
python examples/servers/likenesses.py --server redis    tries this one, and prints its row; repeatable
python examples/servers/likenesses.py PAGE.md           exit status 1 when PAGE.md has other rows

It takes `anyunix differences` some minutes a server, all of whose quick contracts are tried. The image of the servers
is made when it is not there.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PLATFORM = HERE / "platforms" / "debian-servers.yaml"
SERVERS = ("beanstalkd", "iperf3", "memcached", "nginx", "postgresql", "redis", "sshd", "vsftpd")
SECONDS = 900
"""For a server: enough to try all that is asked for, where others want the CPUs as well."""
SYSTEMS = {"freebsd": "FreeBSD", "netbsd": "NetBSD", "openbsd": "OpenBSD", "macos": "macOS", "illumos": "illumos"}
ANSWERED = (0, 1)
"""Exit statuses of `anyunix differences` that are an answer."""


def tried(subject: Path) -> Mapping[str, Any]:
    """What `anyunix differences` says of a server. Exits when that is no answer."""
    command = [sys.executable, "-m", "anyunix", "differences", "--json", "--quick", "--seconds", str(SECONDS)]
    done = subprocess.run(
        [*command, "--subject", str(subject), "--platform", str(PLATFORM)], capture_output=True, text=True, check=False
    )
    if done.returncode not in ANSWERED:
        sys.exit(f"{subject}: {done.stderr.strip() or done.stdout.strip()}")
    answer: Mapping[str, Any] = json.loads(done.stdout)
    return answer


def row(found: Mapping[str, Any]) -> str:
    """`| redis | kept, 23 of 23 | would break (…) | …`"""
    answers = [found["systems"][system]["answer"].partition(": ")[2] for system in SYSTEMS]
    return f"| {found['subject']} | {' | '.join(map(short, answers))} |"


def short(answer: str) -> str:
    """`kept, 23 of 23` for `kept all that can be emulated (23 of 23)`; what follows stays."""
    before, kept, after = answer.partition("kept all that can be emulated (")
    return f"kept, {after.replace(')', '', 1)}" if kept and not before else answer.replace("|", "\\|")


def head() -> str:
    """The table's first two lines."""
    titles = " | ".join(f"like {title}" for title in SYSTEMS.values())
    return f"| server | {titles} |\n{'| --- ' * (len(SYSTEMS) + 1)}|"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="What would break eight servers on other systems.")
    parser.add_argument("page", nargs="?", type=Path, metavar="PAGE.md")
    parser.add_argument("--server", action="append", choices=SERVERS, help="repeatable (default: all)")
    options = parser.parse_args(arguments)
    rows = []
    print(head(), flush=True)
    for name in options.server or SERVERS:
        rows.append(row(tried(HERE / f"{name}.yaml")))
        print(rows[-1], flush=True)
    there = options.page.read_text().splitlines() if options.page else rows
    if other := [row for row in rows if row not in there]:
        print(f"{options.page} has not these rows: put them in\n" + "\n".join(other), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
