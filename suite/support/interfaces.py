"""The addresses of this platform's interfaces."""

import fcntl
import ipaddress
import re
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from support.net import can_bind
from support.proc import PROC

SIOCGIFADDR = 0x8915  # netdevice(7), Linux
LINK_LOCAL = ("fe8", "fe9", "fea", "feb")
LINUX_IPV6 = PROC / "net/if_inet6"


def interface_addresses() -> list[str]:
    """Numeric addresses that can be bound here, without loopback and link-local ones (those need a scope)."""
    found = _linux() if (PROC / "net/dev").exists() else _ifconfig()
    addresses = {ipaddress.ip_address(text) for text in found}
    usual = [str(address) for address in addresses if not address.is_loopback and not address.is_link_local]
    return sorted(address for address in usual if can_bind(address) is None)


def link_local_addresses() -> list[str]:
    """Those of fe80::/10 that can be bound here, each with its interface: `fe80::1%eth0`."""
    if LINUX_IPV6.exists():
        rows = [line.split() for line in LINUX_IPV6.read_text().splitlines()]
        found = [f"{ipaddress.IPv6Address(bytes.fromhex(row[0]))}%{row[5]}" for row in rows]
    elif (PROC / "net/dev").exists():
        return []  # Linux without IPv6
    else:
        listing = subprocess.run(["ifconfig", "-a"], capture_output=True, text=True, check=True, timeout=10).stdout
        found = re.findall(r"^\s*inet6 (fe[0-9a-f]{2}:[0-9a-f:]+%\w+)", listing, re.MULTILINE)
    return sorted(text for text in found if text.startswith(LINK_LOCAL) and _can_bind_with_zone(text))


def _can_bind_with_zone(address: str) -> bool:
    """The zone is a part of what getaddrinfo(3) gives, and not of the text (RFC 4007)."""
    try:
        place = socket.getaddrinfo(address, 0, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)[0][4]
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(place)
    except OSError:
        return False
    return True


@contextmanager
def unless_lost(address: str) -> Iterator[None]:
    """Let OSError pass where the address is not this machine's any more: a container's network comes and goes."""
    try:
        yield
    except OSError:
        if can_bind(address) is None:
            raise


def _linux() -> Iterator[str]:
    """One IPv4 address an interface by ioctl, and the kernel's list of IPv6 addresses (absent without IPv6)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for _, name in socket.if_nameindex():
            with suppress(OSError):  # an interface without an IPv4 address
                answer = fcntl.ioctl(any_socket, SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
                yield socket.inet_ntoa(answer[20:24])
    if LINUX_IPV6.exists():
        for line in LINUX_IPV6.read_text().splitlines():
            yield str(ipaddress.IPv6Address(bytes.fromhex(line.split()[0])))


def _ifconfig() -> Iterator[str]:
    """The BSDs, macOS and illumos: `inet 10.0.2.15 netmask …`, `inet6 2001:db8::1 prefixlen …`."""
    listing = subprocess.run(["ifconfig", "-a"], capture_output=True, text=True, check=True, timeout=10).stdout
    for match in re.finditer(r"^\s*inet6? ([0-9a-fA-F.:]+)", listing, re.MULTILINE):
        yield match[1]
