"""A small foreign server on this machine, with differences switched on for it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.catalog.difference import Difference
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.cli import main
from anyunix.differences.differences_report import as_json
from anyunix.differences.outcomes import NO_TIME, Tryout, answer_for
from anyunix.differences.trying import TryOptions, try_out
from anyunix.errors import ConfigurationError
from anyunix.run.cell import SuiteOptions
from anyunix.run.pool import LocalPool
from checkout import ROOT

SERVED = "binding/test_a_contracts.py::test_served"
PROBES = '''\
from support.marks import explained_by


@explained_by("ipv6.v6only_default", "getaddrinfo.passive_order", failing="IPv4 clients are refused")
def test_served(server):
    """A client of 127.0.0.1 is served."""
    server.serve("127.0.0.1")


def test_ends(server):
    """It ends at SIGTERM."""
    server.stop(5.0)
'''
MORE_PROBES = '''\
import threading

from support.marks import explained_by


@explained_by("descriptors.born_with_flags")
def test_names_a_fact(server):
    """A client is served, too."""
    server.serve()


def test_takes_long(server):
    """It takes longer than any time limit of a quick contract, on a busy machine as well."""
    threading.Event().wait(600)
'''


@pytest.fixture
def suite(make_suite: Callable[[str], Path]) -> Path:
    """Two contracts in the group that is about binding."""
    folder = make_suite(PROBES)
    (folder / "group").rename(folder / "binding")
    (folder / "binding" / "test_probes.py").rename(folder / "binding" / "test_a_contracts.py")
    return folder


@pytest.fixture
def try_it(catalog: Catalog, suite: Path) -> Callable[..., Tryout]:
    def run(
        subject: Subject,
        *names: str,
        known: tuple[Difference, ...] = (),
        platform: str = "local",
        seconds: float = 600,
        quick: bool = False,
    ) -> Tryout:
        differences = known or tuple(each for each in catalog.differences if each.name in names)
        options = TryOptions(
            subject,
            catalog.platform(platform),
            next(iter(subject.binds)),
            differences,
            ("freebsd", "macos"),
            seconds,
            quick,
        )
        with LocalPool(2) as pool:
            return try_out(options, SuiteOptions(suite), pool)

    return run


@pytest.fixture
def echo(catalog: Catalog) -> Subject:
    return catalog.subject(str(ROOT / "examples" / "first" / "echo.yaml"))


@pytest.fixture
def private(catalog: Catalog) -> None:
    from anyunix.drivers.netns.netns_driver import NetnsDriver, NetnsOptions

    if reason := NetnsDriver(NetnsOptions()).available():
        pytest.skip(reason)


def test_two_that_break_a_server_together_are_named(
    private: None, echo: Subject, try_it: Callable[..., Tryout]
) -> None:
    tryout = try_it(echo, "v6only-default", "passive-order", "accept-nonblock")
    assert {name: tried.state for name, tried in tryout.alone.items()} == {
        "accept-nonblock": "kept",
        "passive-order": "kept",
        "v6only-default": "kept",
    }
    assert tryout.together["freebsd"].state == "broken"
    assert answer_for(tryout, "freebsd") == (
        "FreeBSD: would break (IPv4 clients are refused: passive-order and v6only-default, together)"
    )
    assert answer_for(tryout, "macos") == "macOS: kept all that can be emulated (1 of 1)"
    assert tryout.exit_status == 1
    assert '"minimal": true' in as_json(tryout)


def test_without_time_only_whole_systems_are_tried_and_it_is_said(echo: Subject, try_it: Callable[..., Tryout]) -> None:
    tryout = try_it(echo, "accept-nonblock", "nofile-256", "sigchld-reset-by-exec", seconds=0)
    assert {tried.problem for tried in tryout.alone.values() if tried.state == "not tried"} == {NO_TIME}
    assert tryout.alone["accept-nonblock"].state == "untouched", "it costs nothing to know that"
    assert answer_for(tryout, "macos") == (
        "macOS: kept all that can be emulated (2 of 2), in the 1 of 2 contracts that were tried"
    )


def test_quick_leaves_out_what_takes_long_and_what_names_no_fact_of_a_difference(
    echo: Subject, suite: Path, try_it: Callable[..., Tryout]
) -> None:
    (suite / "binding" / "test_b_contracts.py").write_text(MORE_PROBES)
    tryout = try_it(echo, "no-accept4", "nofile-256", "accept-nonblock", quick=True)
    slow, named = (f"binding/test_b_contracts.py::test_{name}" for name in ("takes_long", "names_a_fact"))
    assert tryout.too_long == (slow,)
    assert slow not in {*tryout.contracts, *tryout.not_kept}
    assert named in tryout.alone["no-accept4"].contracts
    if "flaky" not in tryout.together["macos"].contracts.values():  # what breaks with the whole is tried with each
        assert named not in tryout.alone["nofile-256"].contracts
    assert {*tryout.together["macos"].contracts} == {*tryout.contracts}, "of a whole system all quick ones"
    assert all(each.complete for each in (*tryout.alone.values(), *tryout.together.values()))
    assert answer_for(tryout, "macos") == "macOS: kept all that can be emulated (2 of 2)"


def test_a_server_that_clears_its_environment_is_not_tried(
    catalog: Catalog, echo: Subject, try_it: Callable[..., Tryout]
) -> None:
    escaping = replace(echo, start=("env", "-i", *echo.start))
    tryout = try_it(escaping, "accept-nonblock")
    assert tryout.alone["accept-nonblock"].state == "not tried"
    assert "clears its environment" in tryout.alone["accept-nonblock"].problem
    assert answer_for(tryout, "macos").startswith(
        "macOS: not tried as a whole (nothing can be preloaded into it: it clears its environment"
    )
    assert tryout.exit_status == 3


def test_a_source_that_does_not_compile_is_not_tried(
    catalog: Catalog, echo: Subject, try_it: Callable[..., Tryout], tmp_path: Path
) -> None:
    known = next(each for each in catalog.differences if each.name == "accept-nonblock")
    sources = tmp_path / "preload"
    sources.mkdir()
    (sources / "accept_nonblock.c").write_text("int\naccept(int fd)\n{\n\tnonsense\n}\n")
    tryout = try_it(echo, known=(replace(known, sources=sources),))
    assert tryout.alone["accept-nonblock"].state == "not tried"
    assert "does not compile" in tryout.alone["accept-nonblock"].problem
    assert tryout.exit_status == 3


def test_a_server_that_does_not_start_is_an_error_of_its_file(echo: Subject, try_it: Callable[..., Tryout]) -> None:
    with pytest.raises(ConfigurationError, match="cannot be started"):
        try_it(replace(echo, start=("false",)), "accept-nonblock")


def test_the_command_says_so_with_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "no.yaml").write_text("title: none\nstart: ['false', '{port}']\nready: {port: true}\n")
    assert main(["differences", "accept-nonblock", "--subject", str(tmp_path / "no.yaml"), "--quick"]) == 2
    assert "subject 'no' cannot be started (local)" in capsys.readouterr().err


def test_a_platform_that_changes_nothing_takes_what_is_done_to_the_server_alone(
    catalog: Catalog, echo: Subject, try_it: Callable[..., Tryout], monkeypatch: pytest.MonkeyPatch
) -> None:
    from anyunix.catalog import switching

    monkeypatch.setattr(switching, "altering", lambda options: None)
    tryout = try_it(echo, "v6only-default", "accept-nonblock")
    assert tryout.alone["accept-nonblock"].state == "kept"
    assert "changes nothing on its machine" in tryout.alone["v6only-default"].problem
    assert answer_for(tryout, "freebsd").startswith("FreeBSD: not tried as a whole (driver local changes nothing")
    assert tryout.exit_status == 0


def test_the_reference_is_the_platform_itself(local: Platform, echo: Subject, try_it: Callable[..., Tryout]) -> None:
    assert try_it(echo, "accept-nonblock").contracts[0] == SERVED
