"""docs/sweep.md: what each server of this folder does when the system says no, `anyunix sweep` of all of them.

python examples/servers/sweeps.py                   all of them, in an hour or two
python examples/servers/sweeps.py --server redis    this one; repeatable
python examples/servers/sweeps.py --kept            sweeps nothing: what is kept of earlier sweeps
python examples/servers/sweeps.py PAGE.md           exit status 1 when PAGE.md says otherwise of what breaks them
python examples/servers/sweeps.py --write PAGE.md   puts the rows and the findings of these servers into it

What each sweep found is kept as JSON in --out. The image of the servers is made when it is not there.
"""

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PLATFORM = "examples/servers/platforms/debian-servers.yaml"
WHOLE = ("beanstalkd", "dropbear", "lighttpd", "memcached", "redis", "rsync", "socat", "tinyproxy", "vsftpd", "xinetd")
"""Small enough for all injections; of the others those of --quick."""
ANSWERED = (0, 1)
"""Exit statuses of `anyunix sweep` that are an answer."""
HEAD = """\
| server | injections | kept | client lost | broken | how | flaky | not reached | not tried |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""
ROW = re.compile(r"\| (\S+) \|.*")
BEGIN, END = "<!-- what broke them: made by examples/servers/sweeps.py -->\n", "<!-- end of what broke them -->\n"
SECTION = re.compile(r"### (\S+)\n(.*?)(?=### |\Z)", re.DOTALL)
REPEAT = re.compile(r"--injection (\S+)")
Found = Mapping[str, Any]
"""A document of `anyunix sweep --json`."""


def names() -> list[str]:
    """All servers of this folder that have connections: of a datagram none of a sweep's clients is known to be one."""
    return sorted(file.stem for file in HERE.glob("*.yaml") if "\ntransport: udp" not in file.read_text())


def swept(server: str, out: Path) -> Found | None:
    """What `anyunix sweep` says of a server, which is kept; None where that is no answer."""
    subject = (HERE / f"{server}.yaml").relative_to(HERE.parent.parent)
    command = [sys.executable, "-m", "anyunix", "sweep", "--json", "--subject", str(subject), "--platform", PLATFORM]
    command += [] if server in WHOLE else ["--quick"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE.parent.parent)
    if done.returncode not in ANSWERED:
        print(f"{server}: exit status {done.returncode}: {done.stderr.strip()}", file=sys.stderr)
        return None
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{server}.json").write_text(done.stdout)
    return kept(server, out)


def kept(server: str, out: Path) -> Found | None:
    """What an earlier sweep found; None for no such sweep."""
    file = out / f"{server}.json"
    found: Found | None = json.loads(file.read_text()) if file.exists() else None
    return found


def row(found: Found) -> str:
    """`| redis | 84 | 70 | 12 | 2 | spins | 0 | 0 | 0 |`"""
    answers = Counter(each["answer"] for each in found["injections"])
    ways = dict.fromkeys(way(each) for each in broken(found))
    counts = [answers[answer] for answer in ("kept", "client lost", "broken")]
    others = [answers[answer] for answer in ("flaky", "not reached", "not tried")]
    made = f"{len(found['injections'])}{'' if found['subject'] in WHOLE else ' (quick)'}"
    return f"| {' | '.join(map(str, [found['subject'], made, *counts, ', '.join(ways) or 'nothing', *others]))} |"


def broken(found: Found) -> list[Mapping[str, str]]:
    return [each for each in found["injections"] if each["answer"] == "broken"]


def way(each: Mapping[str, str]) -> str:
    """`spins`"""
    return each["how"].partition(":")[0]


def section(found: Found) -> str:
    """What broke a server, each with the command that makes it again; empty for nothing."""
    if not broken(found):
        return ""
    lines = [f"### {found['subject']}\n"]
    for each in broken(found):
        how = " ".join(each["how"].split()).replace("`", "'")
        lines += [
            f"- *{each['phase']}*, `{each['role']}: {each['text']}` answers {each['error']} ({each['times']}): {how}\n",
            f"    `anyunix sweep --subject examples/servers/{found['subject']}.yaml --platform {PLATFORM} "
            f"--injection {each['id']}`\n",
        ]
    return "\n".join(lines) + "\n"


class Page:
    """docs/sweep.md: a table with a row for each server, and a section for each that something broke."""

    def __init__(self, path: Path) -> None:
        """Exits where the page has no place for them."""
        self._path, self._text = path, path.read_text()
        for mark in (HEAD, BEGIN, END):
            if mark not in self._text:
                sys.exit(f"{path}: nothing like this in it:\n{mark}")
        self.rows = {match[1]: match[0] for match in ROW.finditer(self._between(HEAD, "\n\n"))}
        self.sections = {match[1]: match[0] for match in SECTION.finditer(self._between(BEGIN, END))}

    def breaking(self, server: str) -> set[str]:
        """The IDs of what breaks a server."""
        return set(REPEAT.findall(self.sections.get(server, "").replace("`", " ")))

    def differs(self, found: Found) -> list[str]:
        """The injections that break a server and do not here, or the other way round; those that were made."""
        there = self.breaking(found["subject"])
        answered = [each for each in found["injections"] if each["answer"] in ("kept", "client lost", "broken")]
        return [each["id"] for each in answered if (each["answer"] == "broken") != (each["id"] in there)]

    def write(self, made: Sequence[Found]) -> None:
        """Put these in."""
        rows = self.rows | {found["subject"]: row(found) for found in made}
        sections = self.sections | {found["subject"]: section(found) for found in made}
        table = "\n".join(rows[name] for name in sorted(rows))
        text = "\n" + "".join(sections[name] for name in sorted(sections))
        self._path.write_text(replaced(replaced(self._text, HEAD, "\n\n", table), BEGIN, END, text))

    def _between(self, begin: str, end: str) -> str:
        return self._text.partition(begin)[2].partition(end)[0]


def replaced(text: str, begin: str, end: str, inner: str) -> str:
    """A text with something else between two marks."""
    before, mark, rest = text.partition(begin)
    return f"{before}{mark}{inner}{end}{rest.partition(end)[2]}"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("page", nargs="?", type=Path, metavar="PAGE.md")
    parser.add_argument("--server", action="append", choices=names())
    parser.add_argument("--kept", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("anyunix-out", "sweeps"))
    options = parser.parse_args(arguments)
    page = Page(options.page) if options.page else None
    made, others, status = [], {}, 0
    print(HEAD, end="", flush=True)
    for server in options.server or names():
        found = kept(server, options.out) if options.kept else swept(server, options.out)
        if found and page and not options.write and page.differs(found) and not options.kept:
            print(f"{server} once more", flush=True)
            found = swept(server, options.out)
        if found is None:
            status = 2
            continue
        made.append(found)
        print(row(found), flush=True)
        if page and not options.write and (different := page.differs(found)):
            others[server] = different
    if page and options.write:
        page.write(made)
    for server, different in others.items():
        print(f"{options.page} says otherwise of {server}: {', '.join(different)}; --write puts it in", file=sys.stderr)
    return status or int(bool(others))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
