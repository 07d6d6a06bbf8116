"""Prometheus' text format, read back by its grammar."""

import re
from pathlib import Path

import pytest

from anyunix.cli import main
from check_servers import V4, V6, http, make_certificate, over_tls, redis, serving

HELP = re.compile(r"# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (?:[^\\\n]|\\\\|\\n)+")
TYPE = re.compile(r"# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) gauge")
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"([a-zA-Z_:][a-zA-Z0-9_:]*)\{{({LABEL}(?:,{LABEL})*)\}} (-?[0-9.]+(?:e[+-]?[0-9]+)?)")


def parsed(text: str) -> dict[str, dict[str, float]]:
    """Metric -> its labels -> value, by Prometheus' "Exposition formats".

    The samples of a metric stand together behind its HELP and its TYPE, which stand once; no series stands twice; the
    last line ends in a line feed.
    """
    assert text.endswith("\n")
    found: dict[str, dict[str, float]] = {}
    name, typed = "", ""
    for line in text.splitlines():
        if match := HELP.fullmatch(line):
            name = match[1]
            assert name not in found
            found[name] = {}
        elif match := TYPE.fullmatch(line):
            typed = match[1]
            assert typed == name
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            assert match[1] == name == typed
            assert match[2] not in found[name]
            found[name][match[2]] = float(match[3])
    return found


def test_every_target_and_address_has_its_samples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certificate = make_certificate(tmp_path / "a.pem", days=15)
    with serving(V4, V6, answer=redis) as port, serving(V4, answer=over_tls(http, certificate)) as web:
        words = ["--also", "::1", "--timeout", "60", "--ca", str(certificate)]
        targets = [f"redis://127.0.0.1:{port}", f"https://127.0.0.1:{web}", "nowhere.invalid:80"]
        assert main(["check", "--format", "prometheus", *targets, *words]) == 3
    found = parsed(capsys.readouterr().out)
    assert list(found["anyunix_check_state"].values()) == [0, 1, 3]
    served = found["anyunix_check_address_served"]
    assert served[f'target="https://127.0.0.1:{web}",address="127.0.0.1",family="IPv4"'] == 1
    assert served[f'target="https://127.0.0.1:{web}",address="::1",family="IPv6"'] == 0
    assert list(found["anyunix_check_certificate_valid"].values()) == [1]
    assert min(found["anyunix_check_certificate_not_after_timestamp_seconds"].values()) > 1.7e9
    assert len(found["anyunix_check_connect_seconds"]) == 3
    assert set(found) == {
        f"anyunix_check_{name}"
        for name in (
            "state",
            "duration_seconds",
            "happy_eyeballs_seconds",
            "address_served",
            "connect_seconds",
            "round_trip_seconds",
            "tls_handshake_seconds",
            "certificate_not_after_timestamp_seconds",
            "certificate_valid",
        )
    }


def test_labels_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(V4, answer=redis) as port:
        words = ["--label", 'a "b" \\ c', "--timeout", "60"]
        assert main(["check", f"redis://127.0.0.1:{port}", "--format", "prometheus", *words]) == 0
    assert list(parsed(capsys.readouterr().out)["anyunix_check_state"]) == [r'target="a \"b\" \\ c"']


def test_the_file_is_replaced_whole_and_readable_for_the_exporter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "anyunix.prom"
    with serving(V4, answer=redis) as port:
        words = ["--format", "prometheus", "--out", str(file), "--timeout", "60"]
        assert main(["check", f"redis://127.0.0.1:{port}", *words]) == 0
    before = file.stat().st_ino
    assert main(["check", "tcp://127.0.0.1:1", *words]) == 1
    assert capsys.readouterr().out == ""
    assert file.stat().st_ino != before
    assert oct(file.stat().st_mode & 0o777) == "0o644"
    assert list(parsed(file.read_text())["anyunix_check_state"].values()) == [2]
    assert [path.name for path in tmp_path.iterdir()] == ["anyunix.prom"]
    assert main(["check", "tcp://127.0.0.1:1", "--format", "prometheus", "--out", str(file / "x")]) == 2
    assert "cannot be written" in capsys.readouterr().err
