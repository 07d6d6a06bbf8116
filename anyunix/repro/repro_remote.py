"""Runs on the platform, in the payload's top folder: starts the server, tries it, prints one line of JSON.

    python3 repro_remote.py families first ipv4 dual      who is served in which bind mode, and what was bound for it
    python3 repro_remote.py messages first one two three  what becomes of the messages, sent one by one

Needs the standard library and the suite's support package, which is on PYTHONPATH. ANYUNIX_SUBJECT names the subject.
"""

import json
import socket
import sys
from contextlib import suppress
from pathlib import Path

from support.chat import Client
from support.forks import wait_asleep
from support.launcher import Launcher
from support.net import connect_error, errno_name
from support.ready import NotReady
from support.server import Server
from support.subject import subject_from_environment
from support.tool import Tool, find_tool, told

LOOPBACKS = ("127.0.0.1", "::1")
WAIT_SECONDS = 5.0


def families(launcher: Launcher, tool: Tool, binds: list[str]) -> dict[str, object]:
    """Each bind mode tried over both loopbacks; the system calls of the first of them."""
    runs = []
    for bind in binds:
        runs.append(try_bind(launcher, bind))
        launcher.tool = None
    return {"v6only": v6only_default(), "order": passive_order(), "runs": runs, "record": record(launcher, tool)}


def try_bind(launcher: Launcher, bind: str) -> dict[str, object]:
    try:
        server = launcher(bind=bind)
    except NotReady as error:
        return {"bind": bind, "bound": [], "answers": {}, "problem": " ".join(str(error).split())[:500]}
    answers = {host: answer(server, host) for host in LOOPBACKS}
    stop(server)
    return {"bind": bind, "bound": [str(address) for address in server.addresses], "answers": answers, "problem": ""}


def answer(server: Server, host: str) -> str:
    """`served` when a message comes back, or a connection is accepted where no chat is spoken; else what went wrong."""
    if server.subject.protocol != "chat":
        return connect_error(host, server.port) or "served"
    try:
        with server.client(host, since="end") as client:
            client.send("hello")
            return "served" if client.receive() == "hello" else "another message"
    except OSError as error:
        return str(errno_name(error))
    except (EOFError, AssertionError, ValueError) as error:
        return f"{error}"[:80]


def v6only_default() -> int | None:
    with suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as listener:
        return int(listener.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) != 0)
    return None


def passive_order() -> list[str]:
    with suppress(OSError):
        found = socket.getaddrinfo(None, 80, socket.AF_UNSPEC, socket.SOCK_STREAM, 0, socket.AI_PASSIVE)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))
    return []


def messages(launcher: Launcher, tool: Tool, arguments: list[str]) -> dict[str, object]:
    """Messages one by one to a server with one client: which of them come back, and what Child SEND asked for."""
    bind, *texts = arguments
    server = launcher(bind=bind)
    with server.client() as client:
        sender = server.senders()[0].pid
        found = []
        for text in texts:
            with suppress(TimeoutError):  # awake it may find the message before the signal finds it
                wait_asleep(sender)
            found.append(send_one(client, text))
            if not found[-1]["arrived"]:
                break
        alive = any(process.pid == sender and not process.zombie for process in server.processes())
    stored = [line.partition("> ")[2] for line in launcher.log.read_text().splitlines()]
    stop(server)
    return {"messages": found, "alive": alive, "stored": stored, "record": record(launcher, tool)}


def record(launcher: Launcher, tool: Tool) -> dict[str, object]:
    """The system calls of the servers that were started, all of which have ended."""
    return dict(
        told("repro", tool, chat=launcher.subject.protocol == "chat", folder=launcher.folder, texts=launcher.records())
    )


def send_one(client: Client, text: str) -> dict[str, object]:
    """What became of one message; `said` is how the connection ended instead, empty when it did not."""
    try:
        client.send(text)
        return {"text": text, "arrived": client.receive(WAIT_SECONDS) == text, "said": ""}
    except (OSError, EOFError, AssertionError) as error:
        return {"text": text, "arrived": False, "said": f"{error}"[:200]}


def stop(server: Server) -> None:
    with suppress(AssertionError):  # one that does not end in time is killed
        server.stop()
    server.end()


def main(arguments: list[str]) -> None:
    task, *words = arguments
    subject = subject_from_environment()
    if subject is None:
        sys.exit("ANYUNIX_SUBJECT names no subject")
    folder = Path.cwd() / "repro"
    folder.mkdir(exist_ok=True)
    tool = find_tool("trace")
    launcher = Launcher(subject, words[0], folder, tool)
    try:
        found = {"families": families, "messages": messages}[task](launcher, tool, words)
    finally:
        launcher.end()
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
