"""A check on terminals of several widths: what says least goes first, and nothing is cut."""

import io
import socket
from pathlib import Path

import pytest
from rich.console import Console

from anyunix.check.check_report import print_check
from anyunix.check.examine import CheckOptions, examine
from anyunix.check.exchange_options import exchange_of
from anyunix.check.round_table import print_round
from anyunix.check.rounds import Query, Round, examine_all
from anyunix.check.tls import trusted
from anyunix.check.url import parse_endpoint
from check_servers import V4, V6, http, make_certificate, over_tls, redis, serving


def options(url: str, *also: str, ca: Path | None = None) -> CheckOptions:
    server = parse_endpoint(url)
    store = trusted(ca) if ca else None
    return CheckOptions(server, exchange_of(server, None, None, None, None), also, 60.0, False, None, store)


def printed(width: int, what: "CheckOptions | Round") -> list[str]:
    console = Console(file=io.StringIO(), width=width, highlight=False, markup=False)
    if isinstance(what, Round):
        print_round(console, what)
    else:
        print_check(console, examine(what))
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]  # StringIO


@pytest.mark.parametrize(("width", "times", "stacked"), [(100, True, False), (80, False, False), (40, False, True)])
def test_a_server_fits_the_terminal(width: int, times: bool, stacked: bool) -> None:
    with serving(V4, V6, answer=redis) as port:
        lines = printed(width, options(f"redis://127.0.0.1:{port}", "::1"))
    about = lines[:-1]
    assert max(map(len, about)) <= width
    assert any("5 times" in line for line in about) == times
    assert ("address" not in about[0]) == stacked
    assert "\n".join(about).count("+PONG") == 2
    assert "\n".join(about).count("answered") == 2


def test_a_long_reply_does_not_cost_the_table_its_form() -> None:
    def talkative(peer: socket.socket) -> None:
        with peer:
            peer.sendall(b"220 " + b"x" * 200 + b"\r\n")

    with serving(V4, answer=talkative) as port:
        lines = printed(60, options(f"smtp://127.0.0.1:{port}"))
    assert max(map(len, lines[:-1])) <= 60
    assert lines[0] == "127.0.0.1  answered"


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (100, "served connect round trip days left"),
        (70, "served round trip days left"),
        (60, "served days left"),
        (48, "served"),
    ],
)
def test_many_servers_fit_the_terminal(width: int, columns: str, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path / "a.pem")
    with serving(V4, V6, answer=redis) as port, serving(V4, answer=over_tls(http, certificate)) as secure:
        asked = [
            Query("the cache of the shop, at home", options(f"redis://127.0.0.1:{port}", "::1")),
            Query("the shop", options(f"https://127.0.0.1:{secure}", ca=certificate)),
        ]
        done = examine_all(asked, 2, 120.0)
    lines = printed(width, done)
    assert lines[0].split() == ["server", *columns.split()]
    assert max(map(len, lines[:3])) <= width
    assert "the cache of the shop, at home  IPv4, IPv6" in lines[1]


def test_a_column_that_says_nothing_is_left_out() -> None:
    with serving(V4, answer=redis) as port:
        asked = [Query(name, options(f"redis://127.0.0.1:{port}")) for name in ("one", "two")]
        lines = printed(100, examine_all(asked, 1, 120.0))
    assert lines[0].split() == ["server", "served", "connect", "round", "trip"]
