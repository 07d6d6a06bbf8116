"""The server's key: 128 hexadecimal digits in a file that only its owner can read."""

from __future__ import annotations

import os
import stat

from chatlib.common.errors import ServiceError, reason

try:
    # The C function behind hmac.compare_digest. Importing hmac itself loads hashlib and OpenSSL: 3 ms a start.
    from _operator import _compare_digest as compare_digest
except ImportError:
    from hmac import compare_digest  # type: ignore[no-redef]

KEY_DIGITS = 128
HEX_DIGITS = b"0123456789abcdef"


def load_key(path: str) -> bytes:
    """Return the key in the file at *path*, in lower case; ServiceError with the reason when it is not a proper one."""
    try:
        # O_NONBLOCK: opening a FIFO must not wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        raise ServiceError(f"cannot read the key file {path}: {reason(error)}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ServiceError(f"the key file {path} is not a regular file")
        if status.st_mode & (stat.S_IRGRP | stat.S_IROTH):
            raise ServiceError(f"the key file {path} can be read by group or others: chmod 600 it")
        content = os.read(descriptor, KEY_DIGITS + 2)
    except OSError as error:
        raise ServiceError(f"cannot read the key file {path}: {reason(error)}") from None
    finally:
        os.close(descriptor)
    key = content.removesuffix(b"\n").lower()
    if len(key) != KEY_DIGITS or key.strip(HEX_DIGITS):
        raise ServiceError(f"the key file {path} does not hold {KEY_DIGITS} hexadecimal digits and at most one LF")
    return key


def key_matches(word: bytes, key: bytes) -> bool:
    """Say whether *word* is *key*, upper or lower case, in a time that does not depend on where they differ."""
    return compare_digest(word.lower(), key)
