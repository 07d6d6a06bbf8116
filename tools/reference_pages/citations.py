"""The sources that a text names, with links to those that have a stable address."""

import re
from collections.abc import Callable

POSIX = "https://pubs.opengroup.org/onlinepubs/9799919799"
_FUNCTIONS = """
_exit accept bind chmod clock_getres close confstr connect dup exec fcntl fork fstat getaddrinfo gethostname getpgid
getppid getrlimit getsid getsockopt kill listen open pathconf pselect read recv select send setitimer setpgid setpgrp
setsid setsockopt shutdown sigaction signal sigpending sigsuspend sigtimedwait sigwait sigwaitinfo socket stat sysconf
uname wait waitpid write
"""
POSIX_FUNCTIONS = frozenset(_FUNCTIONS.split())
POSIX_HEADERS = {"signal.h": "signal.h", "sys/un.h": "sys_un.h", "sys/socket.h": "sys_socket.h"}
MANUALS_OF = {
    "Linux": ["accept4", "alarm", "close_range", "cpuset", "prctl", "prlimit", "sched_setaffinity", "signal"],
    "FreeBSD": ["accept4", "arch", "blackhole", "close_range", "fstat", "procctl", "setproctitle", "sysctl"],
    "NetBSD": ["setproctitle"],
    "OpenBSD": ["ip6", "setproctitle"],
}
"""Pages that not every system has, by who has them."""
MANUALS: dict[str, Callable[[str, str], str]] = {
    "Linux": lambda page, section: f"https://man7.org/linux/man-pages/man{section[0]}/{page}.{section}.html",
    "FreeBSD": lambda page, section: f"https://man.freebsd.org/cgi/man.cgi?query={page}&sektion={section}",
    "NetBSD": lambda page, section: f"https://man.netbsd.org/{page}.{section}",
    "OpenBSD": lambda page, section: f"https://man.openbsd.org/{page}.{section}",
    "illumos": lambda page, section: f"https://illumos.org/man/{section}/{page}",
}
SOURCES = {
    "xnu": "https://github.com/apple-oss-distributions/xnu/blob/main",
    "FreeBSD": "https://github.com/freebsd/freebsd-src/blob/main",
    "NetBSD": "https://github.com/NetBSD/src/blob/trunk",
    "OpenBSD": "https://github.com/openbsd/src/blob/master",
    "illumos": "https://github.com/illumos/illumos-gate/blob/master",
}

_PAGE = r"(?P<page>\b[a-z_][\w.]*)\((?P<section>[1-9]C?)\)"
_CITATION = re.compile(
    r"RFC (?P<rfc>\d+)(?: (?P<part>\d+(?:\.\d+)*)\b)?"
    r"|draft-[a-z0-9-]+"
    r"|PEP (?P<pep>\d+)"
    r"|POSIX(?:\.1-\d+)?(?: (?P<posix>[a-z_][\w./]*\b|\d+(?:\.\d+)+))?"
    r"|UNP \d+\.\d+"
    r"|(?P<repository>[\w.-]+/[\w.-]+)(?:#(?P<thread>\d+)| (?P<file>PORTING\.md))"
    r"|(?:chat/)?PROTOCOL\.md(?:, (?:On the wire|The stream|The log|Messages|Errors|Processes|Command line))?"
    r"|\b(?:sys|lib|linux-user)/[\w/.-]+\.c\b"
    r"|" + _PAGE
)


def citations(text: str) -> list[str]:
    """What the text cites, as Markdown, each source once and in the text's order."""
    return list(dict.fromkeys(_cited(match) for match in _CITATION.finditer(" ".join(text.split()))))


def linked(source: str) -> str:
    """The source of a documented value, as Markdown: `accept(2), FreeBSD, page of 2014` is linked to that page."""
    if found := re.match(rf"{_PAGE}, (\w+)(?: \(xnu (?P<folder>[\w/]+)\))?", source):
        page, section = found["page"], found["section"]
        if found["folder"]:
            return _link(source, f"{SOURCES['xnu']}/{found['folder']}/{page}.{section}")
        if found[3] in MANUALS:
            return _link(source, MANUALS[found[3]](page, section))
    if found := re.match(r"(xnu|FreeBSD|NetBSD|OpenBSD|illumos)(?: \d+)? ([\w/]+\.[ch])\b", source):
        return _link(source, f"{SOURCES[found[1]]}/{found[2]}")
    threads = re.split(r"(?<=\d), ", source)
    if all(re.fullmatch(r"[\w.-]+/[\w.-]+#\d+", thread) for thread in threads):
        return ", ".join(citations(source))
    return escaped(source)


def escaped(text: str) -> str:
    """Text that means nothing to Markdown, but for code between back quotes."""
    parts = " ".join(text.split()).split("`")
    return "`".join(part if number % 2 else _plain(part) for number, part in enumerate(parts))


def sentence(text: str) -> str:
    """The same with a capital letter and a full stop."""
    text = " ".join(text.split())
    return escaped(text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")) if text else ""


def _plain(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\*\[\]{}|#])|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", lambda match: f"\\{match[0]}", text)


def _cited(match: re.Match[str]) -> str:
    text = match[0]
    if match["rfc"]:
        section = f"#section-{match['part']}" if match["part"] else ""
        return _link(text, f"https://www.rfc-editor.org/rfc/rfc{match['rfc']}.html{section}")
    if match["pep"]:
        return _link(text, f"https://peps.python.org/pep-{int(match['pep']):04}/")
    if text.startswith("draft-"):
        return _link(text, f"https://datatracker.ietf.org/doc/{text}/")
    if text.startswith("POSIX"):
        return _posix(match["posix"])
    if match["repository"]:
        where = f"issues/{match['thread']}" if match["thread"] else f"blob/master/{match['file']}"
        return _link(text, f"https://github.com/{match['repository']}/{where}")
    if match["page"]:
        return _manual(match["page"], match["section"])
    return escaped(text)


def _posix(what: str | None) -> str:
    if what in POSIX_FUNCTIONS:
        return _link(f"POSIX {what}()", f"{POSIX}/functions/{what}.html")
    if what in POSIX_HEADERS:
        return _link(f"POSIX {what}", f"{POSIX}/basedefs/{POSIX_HEADERS[what]}.html")
    if what and what[0].isdigit():
        return _link(f"POSIX, System Interfaces, {what}", f"{POSIX}/functions/V2_chap02.html")
    return _link("POSIX", f"{POSIX}/")


def _manual(page: str, section: str) -> str:
    """A page that every system has is linked for each; those of section 4 are the BSDs', of 1, 5 and 7 Linux's."""
    name = f"{page}({section})"
    systems = [system for system, pages in MANUALS_OF.items() if page in pages]
    everywhere = list(MANUALS_OF)
    by_section = {"2": everywhere, "3": everywhere, "3C": ["illumos"], "4": ["FreeBSD"]}
    systems = systems or by_section.get(section, ["Linux"])
    return f"{name} of {', '.join(_link(system, MANUALS[system](page, section)) for system in systems)}"


def _link(text: str, address: str) -> str:
    return f"[{escaped(text)}]({address})"
