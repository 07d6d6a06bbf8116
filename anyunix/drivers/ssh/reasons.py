"""Why SSH did not get through, in one line with what to type next, from what ssh printed: untrusted text."""

import re
import shlex

from anyunix.drivers.ssh.call import PYTHON, NoAnswer
from anyunix.drivers.ssh.destination import Destination
from anyunix.text import first_line, safe

CONNECT_SECONDS = 15
"""For the connection; key exchange and login get as long again."""

# what OpenSSH prints (sshconnect.c, sshconnect2.c, ssh.c, mux.c), the more telling first
REASONS = (
    (
        "HOST IDENTIFICATION HAS CHANGED|host key for .* has changed",
        "the host key is not the one that is known: find out why before anything else; if the new one is right, "
        "`{forget}`, then connect once with `{ssh}` and compare the fingerprint",
    ),
    (
        "Host key verification failed|host key is known for",
        "the host key is not known yet: connect once with `{ssh}` and compare the fingerprint",
    ),
    (
        "Could not resolve hostname",
        "no address is known for this name: check it, or describe the host in the SSH configuration (ssh_config(5))",
    ),
    ("Connection refused", "the connection is refused: start sshd there, or name its port (ssh://host:port)"),
    (
        "timed out|Timeout",
        "no answer within {seconds} s: check that it is up and that no firewall is between (`{ssh} true`)",
    ),
    (
        "Permission denied|Too many authentication failures",
        "permission denied, and no password is asked for: put a key into the agent (`ssh-add`) or into the SSH "
        "configuration, and into authorized_keys there, until `{batch} true` works",
    ),
    (
        "Session open refused",
        "sshd there allows too few sessions a connection: raise MaxSessions in its sshd_config to 3 or more",
    ),
)


def reason(target: Destination, error: NoAnswer) -> str:
    """One line: the host, why, what to do."""
    if error.python:
        return f"{target}: {_python(error.python)}"
    hints = {
        "ssh": target.command(),
        "batch": target.command().replace("ssh", "ssh -o BatchMode=yes", 1),
        "forget": shlex.join(["ssh-keygen", "-R", _known_as(target)]),
        "seconds": CONNECT_SECONDS,
    }
    for pattern, sentence in REASONS:
        if re.search(pattern, error.said):
            return f"{target}: {sentence.format(**hints)}"
    if error.late:
        return f"{target}: connected, but no answer in time: try `{target.command()} true`"
    if said := last_line(error.said):
        return f"{target}: ssh fails ({said}): try `{target.command()} true`"
    printed = next(iter(_lines(error.printed)), "nothing")
    return f"{target}: no shell answers there; what came is {printed!r}: try `{target.command()} true`"


def last_line(text: str) -> str:
    """The last line that says something, safe to print."""
    return next(reversed(_lines(text)), "")


def _lines(text: str) -> list[str]:
    """The lines that say something; ssh ends its own as a terminal in raw mode wants it, with a carriage return."""
    lines = safe(text.replace("\r", "\n")).splitlines()
    return [line.strip().rstrip(".")[:300] for line in lines if line.strip(" .")]


def _python(found: str) -> str:
    needed = ".".join(map(str, PYTHON))
    if found == "none":
        return f"no python3 on PATH there: install Python {needed} or newer"
    return f"python3 there is {first_line(found)}; the suite needs {needed} or newer"


def _known_as(target: Destination) -> str:
    return f"[{target.host}]:{target.port}" if target.port not in (None, 22) else target.host
