"""Who is served: clients of each family on each platform, for each subject and bind mode."""

from collections.abc import Iterable
from dataclasses import dataclass

from anyunix.report.page.sections import Row, Section
from anyunix.results.model import Matrix

CLIENTS = {
    "IPv4": (
        "binding/test_served_contracts.py::test_ipv4_client_is_served",
        "binding/test_any_server_contracts.py::test_a_client_on_ipv4_loopback_is_served",
    ),
    "IPv6": (
        "binding/test_served_contracts.py::test_ipv6_client_is_served",
        "binding/test_any_server_contracts.py::test_a_client_on_ipv6_loopback_is_served",
    ),
    "IPv4, from outside": ("binding/test_any_server_contracts.py::test_a_client_of_any_interface_is_served[ipv4]",),
    "IPv6, from outside": ("binding/test_any_server_contracts.py::test_a_client_of_any_interface_is_served[ipv6]",),
    "by a path (AF_UNIX)": ("binding/test_unix_sockets_contracts.py::test_a_client_of_its_socket_is_served",),
    "from outside": ("binding/test_served_contracts.py::test_client_of_every_interface_is_served",),
}
"""Whom a client comes as -> the contracts that he is served. From outside: by an interface that is not loopback."""
ALWAYS = ("IPv4", "IPv6")
"""Shown where they were left out on all platforms, too: nobody promised them."""
ANSWERS = {
    "failed": ("✗", "not served"),
    "error": ("!", "error"),
    "flaky": ("~", "served, but not each time"),
    "fails as expected": ("(✗)", "not served, as expected"),
    "passed": ("✓", "served"),
    "left out": ("–", "left out"),
    "no result": ("·", "no result"),
    "no answer": ("…", "not run"),
}
"""What a contract's cell says -> sign and words here; of two contracts the first in this order counts."""


@dataclass(frozen=True)
class Client:
    """Clients of one family, at one subject in one bind mode and build."""

    name: str
    row: Row
    words: tuple[str, ...]
    """For each platform, a key of ANSWERS."""


@dataclass(frozen=True)
class ServedClients:
    """One subject in one bind mode and build."""

    section: Section
    clients: tuple[Client, ...]


def served_of(matrix: Matrix, sections: Iterable[Section]) -> list[ServedClients]:
    """For each section that tried to serve a client at all."""
    found = ((section, _clients(section, len(matrix.platforms))) for section in sections)
    return [ServedClients(section, clients) for section, clients in found if clients]


def _clients(section: Section, platforms: int) -> tuple[Client, ...]:
    order = list(ANSWERS)
    clients: list[Client] = []
    for name, contracts in CLIENTS.items():
        rows = [row for row in section.rows if row.id in contracts]
        words = [section.words(row) for row in rows]
        worst = tuple(min((each[place] for each in words), key=order.index) for place in range(platforms) if words)
        tried = any(order.index(word) <= order.index("passed") for word in worst)
        told = name == "from outside" and any(name in client.name for client in clients)
        if rows and not told and (tried or name in ALWAYS):
            clients.append(Client(name, rows[0], worst))
    return tuple(clients)
