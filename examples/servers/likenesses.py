"""A line for each server of this folder, and for each system that Linux can be made like: what would break it there.

python examples/servers/likenesses.py            tries them all, and prints the table
python examples/servers/likenesses.py PAGE.md    exit status 1 when PAGE.md has another one

It takes `anyunix differences` about a minute a server. The image of the servers is made when it is not there.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PLATFORM = HERE / "platforms" / "debian-servers.yaml"
SYSTEMS = {"freebsd": "FreeBSD", "netbsd": "NetBSD", "openbsd": "OpenBSD", "macos": "macOS", "illumos": "illumos"}
ANSWERED = (0, 1)
"""Exit statuses of `anyunix differences` that are an answer."""


def tried(subject: Path) -> Mapping[str, Any]:
    """What `anyunix differences` says of a server. Exits when that is no answer."""
    command = [sys.executable, "-m", "anyunix", "differences", "--json", "--quick"]
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
    """`kept, 23 of 23` for `kept all that can be emulated (23 of 23)`."""
    before, kept, count = answer.partition("kept all that can be emulated (")
    return f"kept, {count.removesuffix(')')}" if kept and not before else answer.replace("|", "\\|")


def table(rows: list[str]) -> str:
    """The whole table."""
    head = f"| server | {' | '.join(f'like {title}' for title in SYSTEMS.values())} |"
    return "\n".join([head, "| --- " * (len(SYSTEMS) + 1) + "|", *rows]) + "\n"


def main(arguments: list[str]) -> int:
    made = table([row(tried(subject)) for subject in sorted(HERE.glob("*.yaml"))])
    print(made, end="")
    if arguments and made not in Path(arguments[0]).read_text():
        print(f"{arguments[0]} holds another table: put this one in", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
