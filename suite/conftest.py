"""Fixtures of the suite, and what each probe reports about itself.

Every probe becomes a JUnit test case with these properties: `kind` (fact or contract); for each fact it measured
`fact:<name>` with the value as JSON, and `phrase:<name>` how to say it; a contract's `explained_by` (fact names),
`failing` and `fix`, the `promises` that it is one of, `follows_from` for each contract that it cannot be kept without,
and `bound`, the addresses that its servers say they bound, or `answered`, those that answer; `failed_by`, the exception
that failed it; `not_tried_because_of`, the contract whose failure leaves nothing to try.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.deadline import SLOWNESS, patience
from support.differences import NotSwitchedOn
from support.finished import ALOUD_VARIABLE, FINISHED_VARIABLE, Finished
from support.launcher import Launcher
from support.left_out import why_left_out
from support.memory import MemoryLimit, own_cgroup
from support.net import can_bind
from support.order import failed, in_order, root_of
from support.own_probes import folders, lacking, own_module
from support.server import Server
from support.starting import CannotBeHere, NotItsOwn
from support.subject import BIND_VARIABLE, Subject, subject_from_environment
from support.tool import TOOL_VARIABLE, Tool, find_tool, keep, told
from support.workers import workers_from_environment

sys.path += folders()  # before any conftest.py in them is loaded, which is before the first hook is called
Fact = Callable[[str, Any], None]
KIND_VARIABLE = "ANYUNIX_KIND"
"""`fact` or `contract`, where only these are to run: facts may be known, or be measured in a process of their own."""


@pytest.fixture
def fact(request: pytest.FixtureRequest) -> Fact:
    """Record something measured about the platform: `fact("ipv6.v6only_default", 1)`. Values are JSON."""

    def record(name: str, value: Any) -> None:
        request.node.user_properties.append((f"fact:{name}", json.dumps(value)))

    return record


@pytest.fixture(scope="session")
def subject() -> Subject:
    """The subject under test; probes that need one are skipped when there is none."""
    subject = subject_from_environment()
    if subject is None:
        pytest.skip("no subject: ANYUNIX_SUBJECT is not set")
    return subject


@pytest.fixture(scope="session")
def bind(subject: Subject) -> str:
    """The bind mode under test."""
    mode = os.environ.get(BIND_VARIABLE) or next(iter(subject.binds))
    assert mode in subject.binds, f"{subject.name} has no bind mode {mode!r}; it has {', '.join(subject.binds)}"
    return mode


@pytest.fixture(scope="session")
def tool() -> Tool | None:
    """What servers are to run under, when that was asked for."""
    name = os.environ.get(TOOL_VARIABLE)
    return find_tool(name) if name else None


@pytest.fixture
def start_server(
    request: pytest.FixtureRequest, subject: Subject, bind: str, work: Path, tool: Tool | None
) -> Iterator[Launcher]:
    """Start servers with options of the probe's own; all of them end with the probe."""
    if bind == "ipv6" and (error := can_bind("::1")):
        pytest.skip(f"no IPv6 to be served over here: {error} for ::1")
    launcher = Launcher(subject, bind, work, tool)
    yield launcher
    told_by = "bound" if subject.ready.names_addresses else "answered"
    request.node.user_properties.append((told_by, " ".join(launcher.bound())))
    launcher.end()
    if tool is not None:
        keep(
            records_of(request.config),
            told(request.node.nodeid, tool, chat=subject.protocol == "chat", folder=work, texts=launcher.records()),
        )


@pytest.fixture
def server(start_server: Launcher) -> Server:
    """The subject's server, listening, in the bind mode under test."""
    return start_server()


@pytest.fixture(autouse=True)
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of the probe's own as cwd, HOME and TMPDIR; UTC, the C locale, umask 022."""
    with tempfile.TemporaryDirectory(prefix="probe-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for variable in ("HOME", "TMPDIR"):
            monkeypatch.setenv(variable, name)
        monkeypatch.setenv("TZ", "UTC")
        monkeypatch.setenv("LC_ALL", "C")
        monkeypatch.chdir(folder)
        umask = os.umask(0o022)
        yield folder
        os.umask(umask)
        monkeypatch.undo()  # out of the folder before it is removed


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """On a busy machine probes may take longer, as all deadlines in them do (support/deadline.py)."""
    config.option.timeout = (config.option.timeout or float(config.getini("timeout"))) * patience() / SLOWNESS


def pytest_sessionstart(session: pytest.Session) -> None:
    """What a tool recorded has a file, even where no server was started under it; results are written as they come."""
    if os.environ.get(TOOL_VARIABLE):
        records_of(session.config).touch()
    if name := os.environ.get(FINISHED_VARIABLE):
        session.config.pluginmanager.register(
            Finished(Path(name).absolute(), aloud=bool(os.environ.get(ALOUD_VARIABLE)))
        )
    if (cgroup := own_cgroup()) is not None:
        session.config.pluginmanager.register(MemoryLimit(cgroup))
    if (workers := workers_from_environment()) is not None:
        session.config.pluginmanager.register(workers)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """A failure tells its kind, and how a server ended that is no longer there."""
    report = yield
    if call.excinfo is not None and report.failed:
        failed(item)
        item.user_properties.append(("failed_by", call.excinfo.typename))
        report.user_properties = list(item.user_properties)
        launcher = getattr(item, "funcargs", {}).get("start_server")
        deaths = "\n".join(launcher.deaths()) if call.when == "call" and launcher else ""
        if deaths and hasattr(report.longrepr, "addsection"):  # not for every way in which pytest itself fails a probe
            report.longrepr.addsection("server", "\n".join(f"E   {line}" for line in deaths.splitlines()))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Nothing was tried where a difference is not on in the server, or in what it has started until the end; where it
    cannot be started in its way; nor where a module is not there, which no server is to blame for.
    """
    with skipped_where_off():
        done = yield
        if launcher := pyfuncitem.funcargs.get("start_server"):
            launcher.check_switched_on()
        return done


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup() -> Generator[None, Any, Any]:
    """As pytest_pyfunc_call: most servers are started by a fixture."""
    with skipped_where_off():
        return (yield)


@contextmanager
def skipped_where_off() -> Iterator[None]:
    try:
        yield
    except (NotSwitchedOn, CannotBeHere) as reason:
        pytest.skip(f"not tried: {reason}")
    except NotItsOwn as reason:
        pytest.skip(f"left out: {reason}")
    except ModuleNotFoundError as error:
        pytest.skip(lacking(error))


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Files of the user's own say what they lack; the suite's lack nothing."""
    return own_module(module_path, parent)


def records_of(config: pytest.Config) -> Path:
    """Where the records of tools go: beside the suite."""
    return config.rootpath.parent / "records.json"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each probe behind those that it depends on; those of one kind where that was asked for."""
    kind = os.environ.get(KIND_VARIABLE)
    wanted = [item for item in items if not kind or kind_of(item) == kind]
    items[:] = in_order(wanted, subject_from_environment())


def kind_of(item: pytest.Item) -> str:
    return "fact" if "fact" in getattr(item, "fixturenames", ()) else "contract"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out what the subject does not speak or promise, and say so."""
    item.user_properties.append(("kind", kind_of(item)))
    for mark in item.iter_markers("explained_by"):
        item.user_properties.append(("explained_by", " ".join(mark.args)))
        item.user_properties += [(key, text) for key, text in mark.kwargs.items() if text]
    for mark in item.iter_markers("promises"):
        item.user_properties.append(("promises", " ".join(mark.args)))
    for mark in item.iter_markers("follows_from"):
        item.user_properties += [("follows_from", contract) for contract in mark.args]
    for mark in item.iter_markers("says"):
        item.user_properties.append((f"phrase:{mark.args[0]}", mark.args[1]))
    if kind_of(item) == "fact":
        return
    subject = subject_from_environment()
    if subject is None:
        pytest.skip("no subject: ANYUNIX_SUBJECT is not set")
    mode = os.environ.get(BIND_VARIABLE) or next(iter(subject.binds))
    if reason := why_left_out(item, subject, mode):
        pytest.skip(f"left out: {reason}")
    if root := root_of(item, subject):
        item.user_properties.append(("not_tried_because_of", root))
        pytest.skip(f"not tried because of {root}, which fails")
