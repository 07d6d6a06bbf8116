"""What a probe needs of the platform; without it the probe is skipped with the reason."""

import socket

import pytest

from support.calls import outcome
from support.net import can_bind


def need_ipv6(address: str = "::1") -> None:
    """IPv6 with `address` bindable: `::1` for loopback, `::` where the kernel's support is enough."""
    if reason := can_bind(address):
        pytest.skip(f"no IPv6 here: {reason} for {address}")


def need_dual_stack() -> None:
    """IPV6_V6ONLY that can be cleared (OpenBSD keeps it set), and IPv6 wildcard addresses."""
    need_ipv6("::")
    with socket.socket(socket.AF_INET6) as probe:
        cleared = outcome(probe.setsockopt, socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    if cleared != "ok":
        pytest.skip(f"IPV6_V6ONLY cannot be cleared here: {cleared}")
