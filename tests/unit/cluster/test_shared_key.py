"""The key that a client and its workers share: its file, and what it shows."""

import os
from pathlib import Path

import msgspec
import pytest

from anyunix.cluster.order_message import read_order
from anyunix.cluster.shared_key import MARK, opened, proof, read_key, signed
from anyunix.errors import ConfigurationError

KEY, OTHER = b"k" * 32, b"o" * 32


def key_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    file = folder / "key"
    file.write_bytes(content)
    file.chmod(mode)
    return file


def why_not(file: Path) -> str:
    with pytest.raises(ConfigurationError) as error:
        read_key(file)
    assert "\n" not in str(error.value)
    assert str(file) in str(error.value)
    return str(error.value)


def test_white_space_around_it_is_not_part_of_the_key(tmp_path: Path) -> None:
    assert read_key(key_file(tmp_path, b"  " + KEY + b"\n")) == KEY


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o620, 0o602, 0o644, 0o666])
def test_a_key_that_others_may_read_or_change_is_refused(mode: int, tmp_path: Path) -> None:
    file = key_file(tmp_path, KEY, mode)
    assert f"chmod 600 {file}" in why_not(file)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_of_its_owner_alone_is_read(mode: int, tmp_path: Path) -> None:
    assert read_key(key_file(tmp_path, KEY, mode)) == KEY


@pytest.mark.parametrize("size", [0, 15, 4097])
def test_a_key_of_another_size_is_refused(size: int, tmp_path: Path) -> None:
    assert "expected 16 to 4096" in why_not(key_file(tmp_path, b"x" * size))


@pytest.mark.parametrize("size", [16, 4096])
def test_keys_of_the_limits_are_read(size: int, tmp_path: Path) -> None:
    assert len(read_key(key_file(tmp_path, b"x" * size))) == size


def test_a_file_of_any_size_costs_no_memory(tmp_path: Path) -> None:
    assert "larger than the 4097 bytes" in why_not(key_file(tmp_path, b"x" * 100_000))


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    assert "cannot be read" in why_not(tmp_path / "none")
    assert "cannot be read" in why_not(tmp_path)
    os.mkfifo(tmp_path / "fifo", 0o600)
    assert "cannot be read" in why_not(tmp_path / "fifo")


def test_who_has_the_key_is_known_by_the_mark() -> None:
    assert opened(signed(b"an order", KEY), KEY) == (b"an order", True)


@pytest.mark.parametrize(("there", "here"), [(OTHER, KEY), (b"", KEY), (KEY, b""), (b"", b"")])
def test_without_the_same_key_on_both_sides_nobody_is_trusted(there: bytes, here: bytes) -> None:
    assert opened(signed(b"an order", there), here) == (b"an order", False)


def test_a_message_that_was_changed_is_not_trusted() -> None:
    sent = signed(b"an order", KEY)
    for place in range(len(sent)):
        changed = sent[:place] + bytes([sent[place] ^ 1]) + sent[place + 1 :]
        assert opened(changed, KEY)[1] is False
    assert opened(sent + b" more", KEY)[1] is False


@pytest.mark.parametrize("size", [0, 1, MARK - 1, MARK])
def test_what_is_shorter_than_a_mark_is_not_trusted(size: int) -> None:
    assert opened(bytes(size), KEY) == (b"", False)


def test_a_proof_is_of_one_worker_and_one_key_and_shows_neither() -> None:
    shown = proof("tcp://amber:1", KEY)
    assert shown == proof("tcp://amber:1", KEY)
    assert shown not in (proof("tcp://amber:2", KEY), proof("tcp://amber:1", OTHER), "")
    assert proof("tcp://amber:1", b"") == ""


def test_a_proof_is_no_mark_of_an_order() -> None:
    """Who sees a worker's proof cannot have it run something by it: what it is the mark of is no order."""
    message, trusted = opened(bytes.fromhex(proof("tcp://amber:1", KEY)) + b"worker tcp://amber:1", KEY)
    assert trusted
    with pytest.raises(msgspec.DecodeError):
        read_order(message)
