"""A subject file to start from, with a server that it runs against as it is."""

from collections.abc import Collection
from pathlib import Path

from anyunix.catalog.json_schema import json_schema
from anyunix.catalog.reader import NAME
from anyunix.catalog.subject_file import SubjectFile
from anyunix.catalog.subjects import ENDS, PROMISES
from anyunix.errors import ConfigurationError
from anyunix.host.whole_file import write_whole

SCHEMA = Path(".anyunix", "subject.schema.json")
"""Beside the subject file, so that editors find it offline, and wherever the folder goes."""
TEMPLATE = """\
# yaml-language-server: $schema={schema}
# What anyunix has to know of a server. Every path is relative to this file.
#   anyunix run --subject {file}
# runs it as it is, against the server of two functions below. Put yours in its place.
title: {name}

# What travels to a platform: files and folders beside this file.
files: []

# Commands that have to be on the platform, and how the server is built there. C programs that honour CC can be
# cross-built for platforms that have no compiler (`anyunix build --subject {file}`).
# needs: [cc, make]
# build: [make, -s]
# Several commands, one after the other: [[make, -C, lib], [make, -C, src]]

# How it is started: in front, unless a key below says otherwise. {{port}} is the port to listen on, {{work}} an empty
# folder that is new for each start and removed afterwards, {{python}} the platform's Python.
start:
  - "{{python}}"
  - -c
  - |
    import asyncio, sys
    def greet(reader, writer): writer.write(b"hello\\n"), writer.close()
    async def main(port): await (await asyncio.start_server(greet, port=port)).serve_forever()
    asyncio.run(main(int(sys.argv[1])))
  - "{{port}}"

# A daemon: the command ends, and the server goes on. Who it is, its pid file says; or whoever has its port is it.
# daemon: true
# pid_file: "{{work}}/my.pid"
# Or its sockets are made by a service manager (LISTEN_FDS), or by a super-server: inetd-nowait, inetd-wait.
# activation: systemd
# The only port that it can have, the user whom it is started as by root, where it can run, what is started before it:
# port: 7
# user: nobody
# platforms: [debian*, local]
# syslog: true                 # what it logs to /dev/log is added to its stderr
# also: [{{start: [my-backend, "{{work}}/socket"], file: "{{work}}/socket"}}]

# The port can also come by the environment, or in a file that is written into {{work}} first.
# environment: {{PORT: "{{port}}"}}
# configuration:
#   server.conf: |
#     listen {{port}}

# Of your own variables it gets the usual ones (PATH, LANG, CFLAGS, …). More of them, on this machine only:
# pass_env: [DATABASE_URL]

# Modes of listening, each with the arguments that ask for it. The names dual, ipv4 and ipv6 say what they promise.
# bind:
#   dual: [--listen, both]
#   ipv4: [--listen, ipv4]

# How it is known that it listens: the port answers. Or: {{line: '^ready$'}} on its stdout, {{file: "{{work}}/ready"}}.
ready: {{port: true}}

# What proves that a client is served: what is sent (nothing here: the server speaks first), what has to come back.
talk: {{send: "", expect: "^hello$"}}
# Where a connection is good for more than one exchange:
#   talk: {{send: "PING\\r\\n", expect: "^PONG", again: true}}
# A conversation: all guests are connected, then each step is done in its turn.
#   talk:
#     - {{as: ada, send: "hello {{n}}\\n", again: true}}
#     - {{as: bob, expect: "hello {{n}}", again: true}}
# Or a client of its own: {{client: [my-client, "{{host}}", "{{port}}"], expect: "^welcome"}}

# Over UDP, or a Unix socket whose path is {{socket}}:
# transport: udp

# The signal that ends it.
stop: SIGTERM

# What it does not promise, or promises in another way. Each line says the opposite of what holds without it: all is
# promised but what has `true` here.
# promises:
{promises}
"""


def write_template(file: Path) -> None:
    """Write the file, over none that is there, and its schema. Raises ConfigurationError."""
    check_new(file)
    write_new(file, TEMPLATE.format(schema=SCHEMA, file=as_argument(file), name=file.stem, promises=promise_lines()))


def check_new(file: Path) -> None:
    """Whether a subject file can be called that, and there is none. Raises ConfigurationError."""
    if file.suffix not in (".yaml", ".yml") or not NAME.fullmatch(file.stem):
        raise ConfigurationError(f"{file}: a subject file is called NAME.yaml, NAME of letters, digits and . _ -")
    if file.exists() or file.is_symlink():
        raise ConfigurationError(f"{file} is there already: it is left as it is")


def write_new(file: Path, text: str) -> None:
    """Write a subject file, over none that is there, and its schema. Raises ConfigurationError."""
    try:
        _write_text(file, text)
        write_whole(file.parent / SCHEMA, json_schema("subject", SubjectFile).encode())
    except OSError as error:
        raise ConfigurationError(f"{error.filename or file}: cannot be written: {error.strerror}") from None


def _write_text(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        raise ConfigurationError(f"{file} is there already: it is left as it is") from None


def as_argument(file: Path) -> str:
    """As --subject takes it: a bare name would be one of anyunix's own subjects."""
    return str(file) if "/" in str(file) else f"./{file}"


def promise_lines(but: Collection[str] = ()) -> str:
    """One comment line per promise, `but` these: the value that takes it back, and what it is."""
    lines = [
        f"#   {f'{name}: {str(not next(iter(values))).lower()}':<26} # {values[True]}"
        for name, values in PROMISES.items()
        if True in values and name not in but
    ]
    ends = [f"#     {str(value).lower():<9} {meaning}" for value, meaning in ENDS.items()]
    signals = [f"#   {name + ': quick':<26} # or one of the words below" for name in ("sigterm", "sigint")]
    return "\n".join([*lines, *signals, "#   sighup: either", *ends])
