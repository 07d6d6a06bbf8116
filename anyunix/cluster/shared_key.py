"""The key that a client and its workers share: who shows it may have them run what did not come with anyunix."""

import hashlib
import hmac
import os
import stat
from pathlib import Path

from anyunix.errors import ConfigurationError
from anyunix.host.regular import read_regular

VARIABLE = "ANYUNIX_CLUSTER_KEY_FILE"
"""For workers, whose options are Dask's."""
SIZES = range(16, 4097)
"""Bytes of a key."""
MARK = hashlib.sha256().digest_size
NEW_KEY = "head -c 32 /dev/urandom | base64 >FILE; chmod 600 FILE"


def read_key(path: Path) -> bytes:
    """The key in a file, but for white space around it. Raises ConfigurationError."""
    try:
        key = read_regular(path, SIZES.stop).strip()
        others = stat.S_IMODE(os.stat(path).st_mode) & 0o077
    except OSError as error:
        raise ConfigurationError(f"key {path}: cannot be read: {error.strerror}; {NEW_KEY}") from None
    if len(key) not in SIZES:
        raise ConfigurationError(f"key {path}: {len(key)} bytes, expected {SIZES.start} to {SIZES.stop - 1}; {NEW_KEY}")
    if others:
        raise ConfigurationError(f"key {path}: others may read it or write to it; chmod 600 {path}")
    return key


def signed(message: bytes, key: bytes) -> bytes:
    """The message with its mark in front (HMAC-SHA-256, RFC 2104); without a key the mark is nobody's."""
    return (_mark(message, key) if key else bytes(MARK)) + message


def opened(data: bytes, key: bytes) -> tuple[bytes, bool]:
    """The message, and whether whoever sent it has the key."""
    mark, message = data[:MARK], data[MARK:]
    return message, bool(key) and hmac.compare_digest(mark, _mark(message, key))


def proof(worker: str, key: bytes) -> str:
    """What a worker shows of its key, that a client can see whether it is its own; empty without one."""
    return _mark(f"worker {worker}".encode(), key).hex() if key else ""


def _mark(message: bytes, key: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()
