"""A `talk` that proves nothing, or cannot be done, is refused with the key, the step and what to write."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anyunix.catalog.subject_file import read_subject
from anyunix.errors import ConfigurationError

Read = Callable[[str], Any]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(text: str) -> Any:
        path = tmp_path / "mine.yaml"
        path.write_text(f"title: x\nstart: [a, '{{port}}', '{{socket}}']\nready: {{port: true}}\n{text}\n")
        return read_subject(path)

    return read


@pytest.mark.parametrize(
    ("talk", "said"),
    [
        ("{send: x}", "key 'talk': the key expect is missing"),
        ("{expect: '('}", "key 'talk.expect': not a regular expression"),
        ("{expect: \u20ac}", "key 'talk.expect': expected a text of characters up to"),
        ("{hex: 'f', expect: x}", "key 'talk.hex': expected pairs of hexadecimal digits, found 'f'"),
        ("{hex: 'ff', send: x, expect: x}", "key 'talk.hex': expected no send beside it"),
        ("{send: x, repeat: 0, expect: x}", "key 'talk.repeat': expected a whole number above 0, found 0"),
        ("{send: x, repeat: 99999999, expect: x}", "key 'talk.repeat': expected 16777216 bytes at most in one step"),
        ("{steps: [{expect: x}], client: [a]}", "key 'talk.steps': expected no client beside it"),
        ("{client: [a], expect: x, again: true}", "key 'talk.client': expected no again beside it"),
        ("{tls: a, steps: [{expect: x, half_close: true}]}", "key 'talk.steps': half_close: a connection with TLS has"),
        ("3", "key 'talk': expected one exchange, or a list of steps, found 3"),
        ("[]", "key 'talk': expected a list of steps, found an empty list"),
        ("[{as: ada}]", "key 'talk': step 1: nothing to do; expected one of connect, send, hex"),
        ("[{as: ada, send: x}]", "key 'talk': no step expects anything"),
        ("[{send: x}, {expct: y}]", "step 2: expected the keys as, connect, send, hex"),
        ("[{expect: x, close: true}, {send: x}]", "key 'talk': step 2: guest is not connected there; expected connect"),
        ("[{send: x}, {as: bob, connect: true, expect: x}, {send: y, close: true, again: true}]", "again: expected no"),
        ("[{send: x, again: true}, {expect: x}]", "key 'talk': no step with again: true expects anything"),
        ("[{expect: x, again: true}, {close: true}]", "again: guest is not connected at the end"),
    ],
)
def test_what_is_wrong_is_said(read: Read, talk: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(f"talk: {talk}")
    assert said in str(caught.value)
    assert "mine.yaml: line 4: " in str(caught.value)


def test_one_exchange_is_a_conversation_of_one_step(read: Read) -> None:
    (sent, expected) = read("talk: {hex: '00 ff', repeat: 2, expect: x, again: true}").described()["talk"]["actions"]
    assert sent == {"step": 1, "guest": "guest", "what": "send", "data": "\0\xff", "times": 2, "again": True}
    assert expected == {"step": 1, "guest": "guest", "what": "expect", "data": "x", "times": 1, "again": True}


def test_what_is_done_in_a_step_has_an_order(read: Read) -> None:
    step = "{as: ada, close: true, expect_end: true, expect: y, half_close: true, send: x, connect: true}"
    actions = read(f"talk: [{step}]").described()["talk"]["actions"]
    assert [each["what"] for each in actions] == ["connect", "send", "half_close", "expect", "expect_end", "close"]


def test_the_certificate_travels_unless_the_build_makes_it(read: Read, tmp_path: Path) -> None:
    talk = "talk: {tls: server.pem, expect: x}"
    assert read(talk).files == ()
    (tmp_path / "server.pem").write_text("")
    assert read(talk).files == ("server.pem",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("transport: udp", "key 'talk': missing: without connections, an answer alone shows"),
        ("transport: udp\ntalk: {tls: a, expect: x}", "key 'talk.tls': expected none with transport: udp"),
        ("transport: sctp", "key 'transport': unknown 'sctp' (did you mean 'tcp'?); known: tcp, udp, unix"),
    ],
)
def test_a_transport_that_cannot_be_is_refused(read: Read, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    assert said in str(caught.value)
