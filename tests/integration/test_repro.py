"""The two bugs of the paper, brought about again as a user does it, and what is said where that cannot be."""

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from anyunix.catalog.edits import Edit, apply_edit
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.reader import read_file
from anyunix.drivers.docker.engine import Engine
from anyunix.drivers.netns.netns_driver import NetnsDriver
from anyunix.errors import ConfigurationError
from anyunix.repro.answers import Families, Messages, Run
from anyunix.repro.ipv6_only import Ipv6OnlyResult, counterpart
from anyunix.repro.luck import RUNS, try_luck
from anyunix.repro.show_families import print_families
from anyunix.repro.signal_reset import FAULT, PATTERN
from anyunix.repro.stage import built_here
from anyunix.trace.records import Record

WIDTH = 100
TOOLS = ("unshare", "nsenter", "mount", "sh", "env", "true", "umount", "strace")
ONLY_IPV6 = """\
import socket, sys
listener = socket.socket(socket.AF_INET6)
listener.bind(("::", int(sys.argv[1])))
listener.listen()
print("READY [::]:%d" % listener.getsockname()[1], flush=True)
while True:
    listener.accept()[0].close()
"""
ONLY_IPV6_FILE = """\
title: a server of one's own
files: [server.py]
start: ["{python}", server.py, "{port}"]
ready: '^READY (?P<addresses>\\S+)$'
"""


def repro(*arguments: str, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "anyunix", "repro", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )


def recorded(*lines: str) -> Record:
    return Record("repro", "strace", "", True, "/work", ("\n".join(lines),))


def rows(output: str) -> list[list[str]]:
    return [line.split() for line in output.splitlines() if line.strip()]


def path_without(folder: Path, **scripts: str) -> str:
    """A PATH with the tools that the stories need, no compiler, and `scripts` in place of some of them."""
    folder.mkdir()
    (folder / "python3").symlink_to(Path(sys.executable).resolve())
    for tool in TOOLS:
        if (found := shutil.which(tool)) and tool not in scripts:
            (folder / tool).symlink_to(found)
    for tool, text in scripts.items():
        (folder / tool).write_text(text)
        (folder / tool).chmod(0o755)
    return str(folder)


@pytest.fixture
def namespaces(catalog: Catalog) -> None:
    if reason := NetnsDriver(catalog.platform("local-v6only").options).available():
        pytest.skip(reason)


@pytest.fixture
def _c_compiler() -> None:
    if not (shutil.which("cc") and shutil.which("make")):
        pytest.skip("no cc and make here")


def test_list_names_the_stories(tmp_path: Path) -> None:
    done = repro("--list", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [words[0] for words in rows(done.stdout)] == ["ipv6-only", "signal-reset"]


@pytest.mark.usefixtures("namespaces", "_c_compiler")
def test_ipv6_only_is_there_with_freebsds_defaults_and_gone_with_either_fix(tmp_path: Path) -> None:
    done = repro("ipv6-only", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "fork-based chat server in C" in done.stdout
    served = {tuple(words[:2]): words[-2:] for words in rows(done.stdout) if len(words) > 4}
    assert served["local", "first"] == ["served", "ECONNREFUSED"]
    assert served["local-v6only", "first"] == ["ECONNREFUSED", "served"]
    assert served["local-v6only", "ipv4"] == ["served", "ECONNREFUSED"]
    assert served["local-v6only", "dual"] == ["served", "served"]
    said = " ".join(done.stdout.split())
    assert (
        "IPv4 clients are refused on local-v6only, which may be because with bind `first` the server took `::` "
        "(getaddrinfo offers it first here, 0.0.0.0 on local), and IPV6_V6ONLY is 1 by default here, 0 on local."
    ) in said
    assert done.stdout.splitlines()[-1].startswith(
        "anyunix: ipv6-only: reproduced on local-v6only, not on local; gone with bind ipv4, dual"
    )
    assert max(map(len, done.stdout.splitlines())) <= WIDTH
    if "system calls not shown" not in done.stdout:  # containers may forbid ptrace(2)
        parting = next(line for line in done.stdout.splitlines() if line.startswith(" ≠"))
        assert parting.split()[1:] == ["bind(socket,", "[::]:port)", "bind(socket,", "0.0.0.0:port)"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("namespaces")
def test_without_a_compiler_the_python_server_tells_it(tmp_path: Path) -> None:
    done = repro("ipv6-only", cwd=tmp_path, PATH=path_without(tmp_path / "bin"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no cc and no make on PATH: the server in Python instead of C" in done.stdout
    assert "reproduced on local-v6only, not on local; gone with bind ipv4, dual" in done.stdout


@pytest.mark.usefixtures("namespaces")
def test_a_subject_of_ones_own_is_judged_by_connecting(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(ONLY_IPV6_FILE)
    (tmp_path / "server.py").write_text(ONLY_IPV6)
    done = repro("ipv6-only", "--subject", "./own.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    served = {tuple(words[:2]): words[-2:] for words in rows(done.stdout) if words[1:2] == ["default"]}
    assert served == {
        ("local", "default"): ["served", "served"],
        ("local-v6only", "default"): ["ECONNREFUSED", "served"],
    }
    assert "the server took" not in done.stdout  # it binds the same address on both


OWN_MAKEFILE = "made/server.py: src/server.py\n\tmkdir made\n\tcp src/server.py made/\n"


@pytest.fixture
def own_build(tmp_path: Path) -> Path:
    """A subject's file whose build puts the server outside of `files`."""
    (tmp_path / "own" / "src").mkdir(parents=True)
    (tmp_path / "own" / "Makefile").write_text(OWN_MAKEFILE)
    (tmp_path / "own" / "src" / "server.py").write_text(ONLY_IPV6)
    own = tmp_path / "own" / "own.yaml"
    own.write_text(
        ONLY_IPV6_FILE.replace("server.py", "made/server.py", 2).replace(
            "[made/server.py]", "[src, Makefile]\nbuild: [make, -s]"
        )
    )
    return own


@pytest.mark.usefixtures("namespaces")
@pytest.mark.skipif(not shutil.which("make"), reason="no make here")
def test_what_a_build_makes_is_carried_wherever_it_is(own_build: Path, tmp_path: Path) -> None:
    """As in `anyunix run`, which builds there."""
    done = repro("ipv6-only", "--subject", str(own_build), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (own_build.parent / "made").exists()


@pytest.mark.skipif(not shutil.which("make"), reason="no make here")
def test_the_whole_folder_is_copied_and_built(own_build: Path, catalog: Catalog, tmp_path: Path) -> None:
    own_build.write_text(own_build.read_text().replace("[src, Makefile]", '["."]'))
    copy = built_here(catalog.subject(str(own_build)), tmp_path / "copy")
    assert (copy.folder / "made" / "server.py").read_text() == ONLY_IPV6


@pytest.mark.usefixtures("namespaces")
def test_a_server_without_the_bug_is_exit_1(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(ONLY_IPV6_FILE)
    (tmp_path / "server.py").write_text(
        ONLY_IPV6.replace("listener.bind", "listener.setsockopt(41, 26, 0)\nlistener.bind")
    )  # IPV6_V6ONLY
    done = repro("ipv6-only", "--subject", "./own.yaml", cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "NOT reproduced on local-v6only, although IPV6_V6ONLY is 1 and :: comes first there" in done.stdout


def test_ipv6_only_through_docker(tmp_path: Path, engine: Engine) -> None:
    """Alpine's libc keeps its own order; what is preloaded changes it, in what measures and in the server."""
    done = repro("ipv6-only", "--platform", "alpine-v6only", "--subject", "python", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "reproduced on alpine-v6only, not on alpine; gone with bind ipv4, dual" in done.stdout + done.stderr
    assert "system calls not shown: no strace or truss on PATH (alpine)" in done.stdout


def test_ipv6_only_does_not_come_of_one_difference_alone(tmp_path: Path, engine: Engine) -> None:
    (tmp_path / "one.yaml").write_text("title: one\nextends: alpine\ndifferences: [v6only-default]\n")
    done = repro("ipv6-only", "--platform", "./one.yaml", "--subject", "python", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not reproduced on one, as was to be expected" in done.stdout


@pytest.mark.usefixtures("_c_compiler")
def test_signal_reset_is_there_with_a_pattern_on_the_stack_and_gone_with_the_fix(tmp_path: Path) -> None:
    done = repro("signal-reset", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    fates = {
        line[:36].strip(): line[36:].split()
        for line in done.stdout.splitlines()
        if line.strip().startswith(("stack", "fixed")) and "arrives" in line
    }
    assert fates["stack filled with a pattern"][:4] == ["arrives", "lost", "not", "sent"]
    assert (
        fates["stack filled with zeros"]
        == fates["fixed, stack filled with a pattern"]
        == ["arrives", "arrives", "arrives", "lives"]
    )
    assert "“two” is in the log all the same" in done.stdout
    last = done.stdout.splitlines()[-1]
    assert last.startswith("anyunix: signal-reset: reproduced: message 2 kills SEND")
    assert "fixed, it lives" in last
    if "killing signal not shown" not in done.stdout:
        assert fates["stack filled with a pattern"][4:] == ["killed", "by", "SIGUSR1"]
        asked = done.stdout.partition("rt_sigaction")[2].partition("“two”")[0]
        patterned, _, others = asked.partition("stack filled with zeros")
        assert "SA_RESETHAND" in patterned
        assert "SA_RESETHAND" not in others.partition("stack as it was")[0] + others.partition("fixed")[2]
    assert max(map(len, done.stdout.splitlines())) <= WIDTH
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("_c_compiler")
def test_the_small_program_dies_with_a_pattern_whoever_compiled_it(catalog: Catalog, tmp_path: Path) -> None:
    luck = try_luck(catalog.root / "chat" / "faults" / "sa_flags.c", tmp_path, PATTERN)
    assert luck.rows, luck.missing
    for row in luck.rows:
        assert len(row.plain) == RUNS
        assert all(ending.killer for ending in row.filled)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ipv6"], "no story is called 'ipv6' (did you mean 'ipv6-only'?)"),
        (["signal-rest"], "did you mean 'signal-reset'?"),
        ([], "which story? ipv6-only, signal-reset"),
        (["ipv6-only", "--platform", "locl-v6only"], "did you mean 'local-v6only'?"),
        (["ipv6-only", "--platform", "local"], "--platform local: that is what the others are compared with"),
        (["ipv6-only", "--subject", "pyton"], "did you mean 'python'?"),
        (
            ["signal-reset", "--platform", "debian"],
            "--platform: signal-reset is told with the C server on this machine",
        ),
    ],
)
def test_wrong_usage_is_exit_2_with_a_reason(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = repro(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr


FORBIDDEN = "#!/bin/sh\necho 'unshare: unshare failed: Operation not permitted' >&2\nexit 1\n"
OLD_COMPILER = '#!/bin/sh\necho "cc: error: unrecognized command-line option" >&2\nexit 1\n'


@pytest.mark.parametrize(
    ("arguments", "scripts", "said"),
    [
        (["ipv6-only"], {"unshare": FORBIDDEN}, "local-v6only: user namespaces are forbidden here"),
        (["ipv6-only", "--subject", "c"], {}, "no cc and no make on PATH here: install a C compiler and make"),
        (["ipv6-only", "--platform", "macos"], {}, "macos: known from its manuals and sources only"),
        (["ipv6-only", "--platform", "debian-v6only"], {}, "debian-v6only: no Docker engine answers"),
        (["signal-reset"], {}, "no cc and make on PATH here: install gcc 12 or newer"),
        (
            ["signal-reset"],
            {"cc": OLD_COMPILER, "make": "#!/bin/sh\n"},
            "none of cc knows -ftrivial-auto-var-init=pattern",
        ),
    ],
)
@pytest.mark.usefixtures("namespaces")
def test_what_is_missing_is_exit_3_in_one_line(
    tmp_path: Path, arguments: list[str], scripts: dict[str, str], said: str
) -> None:
    done = repro(
        *arguments,
        cwd=tmp_path,
        PATH=path_without(tmp_path / "bin", **scripts),
        DOCKER_HOST=f"unix://{tmp_path}/none.sock",
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert done.stderr.startswith(f"anyunix: {arguments[0]}: not run: ")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_counterparts_have_the_same_image_and_the_systems_own_defaults(catalog: Catalog) -> None:
    names = {
        name: counterpart(catalog, catalog.platform(name)).name
        for name in ("local-v6only", "debian-v6only", "alpine-v6only", "debian", "debian-i386")
    }
    assert names == {
        "local-v6only": "local",
        "debian-v6only": "debian",
        "alpine-v6only": "alpine",
        "debian": "local",
        "debian-i386": "debian",
    }
    with pytest.raises(ConfigurationError, match="that is what the others are compared with"):
        counterpart(catalog, catalog.platform("local"))


def test_the_place_for_the_fault_is_there_exactly_once(catalog: Catalog, tmp_path: Path) -> None:
    edit = read_file(catalog.root / FAULT, Edit)
    healthy = (catalog.subject("c").folder / edit.file).read_text()
    source = tmp_path / edit.file
    source.parent.mkdir(parents=True)
    source.write_text(healthy)
    apply_edit(edit, tmp_path, FAULT.stem, str(FAULT))
    assert source.read_text() != healthy
    for text, times in ((healthy + healthy, "2 times, not once"), ("", "0 times")):
        source.write_text(text)
        with pytest.raises(ConfigurationError, match=times):
            apply_edit(edit, tmp_path, FAULT.stem, str(FAULT))


def test_what_a_platform_says_is_printed_without_escapes_and_without_markup(catalog: Catalog) -> None:
    evil = "\x1b[31m[bold]\u202e\r"
    run = Run(evil, (evil,), {"127.0.0.1": evil}, evil)
    families = Families(1, (evil,), (run,), recorded(f"1 socket(AF_INET, {evil}) = 3"))
    found = Ipv6OnlyResult(catalog.subject("c"), "local", catalog.platform("local-v6only"), families, families, 1.0)
    console = Console(file=io.StringIO(), width=WIDTH)
    print_families(console, found)
    printed = console.file.getvalue()  # type: ignore[attr-defined]  # StringIO
    assert "[bold]" in printed
    assert not {"\x1b", "\u202e", "\r"} & set(printed)


def test_flags_and_ending_are_those_of_the_sender() -> None:
    lines = (
        "40 fork() = 41",
        "41 fork() = 42",
        "41 rt_sigaction(SIGUSR1, {sa_handler=0x5, sa_mask=[], sa_flags=SA_RESTART}, NULL, 8) = 0",
        "42 rt_sigaction(SIGUSR1, {sa_handler=0x5, sa_mask=[], sa_flags=SA_RESETHAND|0xffff}, NULL, 8) = 0",
        "42 rt_sigaction(SIGUSR1, {sa_handler=SIG_IGN, sa_mask=[], sa_flags=SA_RESTORER}, NULL, 8) = 0",
        "41 +++ exited with 0 +++",
        "42 +++ killed by SIGUSR1 +++",
        "40 +++ killed by SIGKILL +++",
    )
    told = Messages((), False, (), recorded(*lines))
    assert (told.handler_flags, told.ending) == ("SA_RESETHAND|…", "killed by SIGUSR1")
    untold = Messages((), False, (), recorded())
    assert (untold.handler_flags, untold.ending) == ("", "")


@pytest.mark.parametrize(
    ("v6only", "order", "breeds"),
    [(1, ("::", "0.0.0.0"), True), (0, ("::", "0.0.0.0"), False), (1, ("0.0.0.0", "::"), False), (None, (), False)],
)
def test_it_takes_both_defaults_to_breed_the_bug(v6only: "int | None", order: tuple[str, ...], breeds: bool) -> None:
    run = Run("first", (), {"127.0.0.1": "ECONNREFUSED", "::1": "served"})
    assert run.refuses_ipv4_alone
    assert Families(v6only, order, (run,), recorded()).breeds_the_bug is breeds
