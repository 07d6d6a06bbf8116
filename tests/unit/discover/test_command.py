"""A command line as the start of a subject: its program, and the files that travel with it."""

import sys
from pathlib import Path

import pytest

from anyunix.discover.command import ServerCommand, name_for
from anyunix.errors import ConfigurationError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("server", "a.conf", "server.py"):
        Path(name).write_text("")
    Path("server").chmod(0o755)
    Path("sub").mkdir()
    return tmp_path


def command(*words: str, file: str = "my.yaml", beside: tuple[str, ...] = ()) -> ServerCommand:
    return ServerCommand(words, Path(file), tuple(map(Path, beside)))


def test_words_that_are_files_here_travel(folder: Path) -> None:
    subject = command("./server", "-c", "a.conf", "sub", "b.conf", ".", "{port}", beside=("server.py",)).subject()
    assert (subject.name, subject.folder) == ("my", folder)
    assert subject.files == ("server", "a.conf", "sub", "server.py")
    assert subject.start == ("./server", "-c", "a.conf", "sub", "b.conf", ".", "{port}")
    assert subject.needs == ()


def test_a_command_on_path_is_needed_and_does_not_travel() -> None:
    subject = command("cat", "a.conf").subject()
    assert (subject.needs, subject.files) == (("cat",), ("a.conf",))


@pytest.mark.parametrize("python", ["python3", sys.executable])
def test_python_is_the_platforms(python: str) -> None:
    subject = command(python, "server.py").subject()
    assert (subject.start, subject.needs) == (("{python}", "server.py"), ())


def test_a_socket_in_a_word_is_of_the_unix_domain() -> None:
    assert command("cat", "{socket}").subject().transport == "unix"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("no-such-command",), "--detect: no-such-command: no such command, on PATH or in /usr/sbin"),
        (("./a.conf",), "--detect: ./a.conf: it is a file that cannot be run; type: chmod +x ./a.conf"),
        (("server",), "--detect: server: type ./server"),
    ],
)
def test_a_program_that_is_not_there(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said.replace("+", r"\+")):
        command(*words).subject()


def test_what_travels_is_beside_the_subject_file() -> None:
    with pytest.raises(ConfigurationError, match=r"sub/my\.yaml: a\.conf is in the current folder, and travels from"):
        command("cat", "a.conf", file="sub/my.yaml").subject()
    with pytest.raises(ConfigurationError, match=r"nothing\.py: no file or folder in "):
        command("cat", beside=("nothing.py",)).subject()
    with pytest.raises(ConfigurationError, match=r"\.\./x: no file or folder in "):
        command("cat", beside=("../x",)).subject()


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("./server", "{port}"), "server"),
        (("python3", "app/main.py"), "main"),
        (("/usr/sbin/lighttpd", "-D"), "lighttpd"),
        (("{python}",), "subject"),
    ],
)
def test_the_file_is_called_as_the_server(words: tuple[str, ...], name: str) -> None:
    assert name_for(words) == name
