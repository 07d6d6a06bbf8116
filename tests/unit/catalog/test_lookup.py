"""Platform and subject files: what is read, and what is said of a bad one."""

import os
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.drivers.ssh.ssh_options import SshOptions
from anyunix.errors import ConfigurationError

SUBJECT = """\
title: a server
start: [./server, "{port}"]
ready: '^READY (?P<addresses>.+)$'
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("platforms", "chat", "Dockerfiles"):
        (tmp_path / name).mkdir()
    (tmp_path / "Dockerfiles" / "a.Dockerfile").write_text("FROM scratch\n")
    return tmp_path


def platform_error(root: Path, text: str) -> str:
    (root / "platforms" / "bad.yaml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        Catalog(root).platform("bad")
    assert "bad.yaml" in str(caught.value)
    return str(caught.value)


def subject_error(root: Path, text: str) -> str:
    (root / "chat" / "bad.yaml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        Catalog(root).subject("bad")
    return str(caught.value)


def test_every_platform_of_the_project_is_valid(catalog: Catalog) -> None:
    names = catalog.platform_names()
    assert {"local", "local-v6only", "debian", "debian-v6only", "debian-i386", "alpine", "alpine-v6only"} <= set(names)
    assert all(catalog.platform(name).title for name in names)


def test_both_chat_servers_are_subjects(catalog: Catalog) -> None:
    assert catalog.subject_names() == ["c", "python"]
    for name in catalog.subject_names():
        assert list(catalog.subject(name).binds) == ["dual", "ipv4", "ipv6", "first"]


def test_extends_merges_mappings_and_replaces_the_rest(root: Path) -> None:
    (root / "platforms" / "base.yaml").write_text(
        "title: base\ndriver: docker\ndockerfile: a.Dockerfile\nbase: a:1\nsysctls: {a.b: 1, c.d: 2}\n"
    )
    (root / "platforms" / "child.yaml").write_text("title: child\nextends: base\nsysctls: {c.d: 3}\n")
    child = Catalog(root).platform("child")
    assert (child.title, child.options.base, child.options.sysctls) == ("child", "a:1", {"a.b": "1", "c.d": "3"})


def test_a_platform_that_extends_one_of_another_driver_has_the_rest_of_it(root: Path) -> None:
    (root / "platforms" / "base.yaml").write_text(
        "title: base\ndriver: docker\ndockerfile: a.Dockerfile\nbase: a:1\ncross: native\n"
    )
    (root / "platforms" / "child.yaml").write_text("extends: base\ndriver: ssh\naddress: a\n")
    child = Catalog(root).platform("child")
    assert (child.title, child.cross, child.options) == ("base", "native", SshOptions("a"))
    (root / "platforms" / "altered.yaml").write_text("extends: base\nsysctls: {a: 1}\n")
    assert "ssh changes nothing on its machine" in platform_error(root, "extends: altered\ndriver: ssh\naddress: a\n")


def test_extends_in_a_circle_is_an_error(root: Path) -> None:
    (root / "platforms" / "other.yaml").write_text("extends: bad\n")
    assert "circle" in platform_error(root, "extends: other\n")


def test_extends_names_the_nearest_platform(root: Path) -> None:
    (root / "platforms" / "debian.yaml").write_text("title: x\n")
    assert "did you mean 'debian'?" in platform_error(root, "extends: debain\n")


def test_unknown_key_names_the_nearest(root: Path) -> None:
    message = platform_error(root, "title: x\ndriver: local\nsysctl: {a: 1}\n")
    assert "'sysctl'" in message
    assert "did you mean 'sysctls'?" in message


def test_unknown_driver_names_the_nearest(root: Path) -> None:
    assert "did you mean 'docker'?" in platform_error(root, "title: x\ndriver: dokcer\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("driver: local\n", "key 'title': missing"),
        ("title: x\ndriver: docker\nbase: a\n", "key 'dockerfile': missing"),
        ("title: x\ndriver: docker\nbase: a\ndockerfile: b.Dockerfile\n", "no 'b.Dockerfile'"),
        ("title: [x]\ndriver: local\n", "key 'title': expected a text, found a list"),
        (
            "title: x\ndriver: docker\nbase: a\ndockerfile: a.Dockerfile\ninit: 1\n",
            "key 'init': expected true or false",
        ),
        ("title: x\ndriver: local\ninit: true\n", "line 3: key 'init': for driver docker only"),
        (
            "title: x\ndriver: docker\nbase: a\ndockerfile: a.Dockerfile\nprocesses: true\n",
            "key 'processes': expected a whole number",
        ),
        ("title: x\ndriver: local\nsysctls: {a: 1}\n", "need another driver, such as netns"),
        ("title: x\ndriver: netns\nsysctls: [a]\n", "key 'sysctls': expected keys and values"),
        ("title: x\ndriver: netns\nsysctls: {a: [1]}\n", "key 'sysctls': expected words or numbers"),
        ("title: x\ndriver: ssh\n", "key 'address': missing: driver ssh needs it"),
        ("title: x\ndriver: ssh\naddress: -oProxyCommand=x\n", "key 'address': '-oProxyCommand=x' is neither"),
        ("title: x\ndriver: ssh\naddress: ssh://a:b@c\n", "key 'address': a password has no place"),
        ("title: x\ndriver: ssh\naddress: a\nssh_config: nowhere\n", "key 'ssh_config': no file 'nowhere'"),
        ("title: x\ndriver: ssh\naddress: a\nsysctls: {a: 1}\n", "ssh changes nothing on its machine"),
        ("title: x\ndriver: local\naddress: a\n", "key 'address': for driver ssh only"),
        ("title: x\ndriver: ssh\naddres: a\n", "did you mean 'address'?"),
        ("- title\n", "expected keys and values at the top, found a list"),
        ("", "found nothing"),
        ("title: a: b\n", "not YAML"),
        ("{" * 3000, "not YAML"),
        ("!!python/object/apply:os.system [ls]\n", "line 1: the tag"),
        (
            "title: x\ndriver: docker\nbase: a\ndockerfile: ../../etc/shadow\n",
            "key 'dockerfile': '../../etc/shadow' lies",
        ),
        (
            "title: x\ndriver: docker\nbase: a\ndockerfile: /etc/passwd\n",
            "key 'dockerfile': '/etc/passwd' lies outside",
        ),
        (
            "title: x\ndriver: ssh\naddress: a\nssh_config: ../../etc/shadow\n",
            "key 'ssh_config': '../../etc/shadow' lies",
        ),
        ("title: 'a\\u001b]0;b'\ndriver: local\n".replace("'", '"'), "key 'title': holds control characters"),
        ("title: x\ndriver: netns\nfiles: {a: b}\n", "key 'files.a': expected an absolute path"),
        ("title: x\ndriver: netns\nfiles: {/a/../b: c}\n", "key 'files./a/../b': expected an absolute path"),
        ('title: x\ndriver: netns\nfiles: {"/a\\0": b}\n', "key 'files': holds a NUL character"),
        (f"title: x\ndocumented: {'[' * 21 + ']' * 21}\n", "nested deeper than 20 levels"),
        *(
            (
                f"title: x\ndriver: documented\ndocumented: {{a: {{value: {value}, source: s}}}}\n",
                f"line 3: key 'documented.a.value': {said}",
            )
            for value, said in (
                ("!!set {a}", "the tag"),
                (2**64, "'18446744073709551616' is a number of more than 64 bits"),
                ('"\\ud800"', "'\\ud800' holds a surrogate"),
            )
        ),
        *(
            (
                f"title: x\ndriver: documented\ndocumented: {{a: {{value: {value}, source: s}}}}\n",
                f"key 'documented.a.value': expected what JSON can say, found {said}",
            )
            for value, said in (
                (".inf", "inf, which JSON does not have"),
                ("2023-02-28", "a value of type date, which"),
                ("{1: a}", "a mapping with a key that is no text: 1"),
            )
        ),
    ],
)
def test_bad_platform_file_says_key_and_reason(root: Path, text: str, said: str) -> None:
    assert said in platform_error(root, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: x\n\ndriver: dokcer\n", "bad.yaml: line 3: key 'driver': unknown 'dokcer'"),
        ("title: x\ndriver: documented\ndocumented:\n  a.b: {value: 1}\n", "line 4: key 'documented.a.b': expected"),
        ("title: x\ndriver: local\nslowness: 0\n", "line 3: key 'slowness': expected a whole number above 0"),
        ("driver: local\n", "bad.yaml: key 'title': missing"),
    ],
)
def test_what_is_wrong_with_a_key_says_its_line(root: Path, text: str, said: str) -> None:
    """Where the key is not there, nor is a line."""
    assert said in platform_error(root, text)


def test_links_that_stay_in_the_subjects_folder_travel(root: Path, catalog: Catalog) -> None:
    (root / "src").mkdir()
    (root / "real.py").write_text("")
    (root / "src" / "same.py").symlink_to("../real.py")
    (root / "also.py").symlink_to("src/same.py")
    (root / "mine.yaml").write_text(SUBJECT + "files: [src, also.py]\n")
    assert catalog.subject(str(root / "mine.yaml")).files == ("src", "also.py")


def test_a_dockerfile_that_is_a_link_out_of_its_folder_is_refused(root: Path) -> None:
    (root / "platforms" / "x.Dockerfile").symlink_to("/etc/passwd")
    text = "title: x\ndriver: docker\nbase: a\ndockerfile: x.Dockerfile\n"
    assert "'x.Dockerfile'" in platform_error(root, text)


def test_file_that_is_not_utf8_is_an_error(root: Path) -> None:
    (root / "platforms" / "bad.yaml").write_bytes(b"title: \xff\n")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Catalog(root).platform("bad")


def test_unknown_names_say_the_nearest_and_how_to_see_all(catalog: Catalog) -> None:
    with pytest.raises(ConfigurationError, match=r"did you mean 'alpine'\?.*anyunix list platforms"):
        catalog.platform("alpin")
    with pytest.raises(ConfigurationError, match=r"did you mean 'python'\?.*anyunix list subjects"):
        catalog.subject("pyhton")
    with pytest.raises(ConfigurationError, match="no such platform file"):
        catalog.platform("./nowhere.yaml")


def test_subject_file_of_ones_own(root: Path, catalog: Catalog) -> None:
    (root / "mine.yaml").write_text(SUBJECT)
    subject = catalog.subject(str(root / "mine.yaml"))
    assert (subject.name, subject.start, subject.binds) == ("mine", ("./server", "{port}"), {"default": ()})


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ("redy: x\n", "did you mean 'ready'?"),
        ("protocol: irc\n", "key 'protocol': 'irc' is not spoken"),
        ("files: [nowhere]\n", "key 'files': no 'nowhere'"),
        ("files: [../platforms]\n", "lies outside"),
        ("files: [/etc/passwd]\n", "lies outside"),
        ("files: [pipe]\n", "'pipe' is no file and no folder"),
        ("files: [shadow]\n", "'shadow' lies outside"),
        ("files: [src]\n", "key 'files': 'src/deep/shadow' is a link to '/etc/shadow', outside of"),
        ("files: [.]\n", "is a link to '/etc/shadow', outside of"),
        ("bind: {'a/b': []}\n", "key 'bind.a/b': a bind mode's name has at most"),
        ("bind: {dual: --bind}\n", "key 'bind.dual': expected a list of words"),
        ("bind: {}\n", "key 'bind': expected at least one bind mode"),
        ("needs: cc\n", "key 'needs': expected a list of words"),
    ],
)
def test_bad_subject_file_says_key_and_reason(root: Path, extra: str, said: str) -> None:
    (root / "chat" / "src" / "deep").mkdir(parents=True)
    for link in ("shadow", "src/deep/shadow"):
        (root / "chat" / link).symlink_to("/etc/shadow")
    os.mkfifo(root / "chat" / "pipe")
    assert said in subject_error(root, SUBJECT + extra)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("ready: '('", "key 'ready': not a regular expression"),
        ("ready: READY", "key 'start': nowhere is {port}"),
        ("ready: {socket: true}", "key 'ready': expected one of the keys line, port, file, found socket"),
        ("ready: {port: 80}", "key 'ready.port': expected true, found 80"),
        ("ready: {file: }", "key 'ready.file': expected a text"),
        ("ready: READY\nprotocol: chat", "key 'ready': a chat server says what it bound"),
        ("ready: {port: true}\nconfiguration: {../b: '{port}'}", "key 'configuration.../b': expected a path such as"),
        ("ready: {port: true}\ntalk: {send: x}", "key 'talk': the key expect is missing"),
        ("ready: {port: true}\ntalk: {expect: '('}", "key 'talk.expect': not a regular expression"),
        (
            "ready: {port: true}\ntalk: {send: '\u20ac', expect: x}",
            "key 'talk.send': expected a text of characters up to",
        ),
        ("ready: {port: true}\npromises: {ipv7: false}", "did you mean 'ipv"),
        ("ready: {port: true}\npromises: {sigterm: soon}", "key 'promises.sigterm': expected one of quick, slow"),
        ("ready: {port: true}\npromises: {ipv6: [1]}", "key 'promises.ipv6': expected one of true, false"),
    ],
)
def test_bad_keys_of_a_server_of_ones_own(root: Path, keys: str, said: str) -> None:
    assert said in subject_error(root, f"title: x\nstart: [a]\n{keys}\n")


def test_what_a_subject_promises_follows_from_its_bind_mode_and_its_file(root: Path, catalog: Catalog) -> None:
    path = root / "mine.yaml"
    path.write_text(
        "title: x\nstart: [a, '{port}']\nready: {port: true}\nbind: {ipv4: [], other: []}\n"
        "promises: {sigterm: slow, orphans: false}\n"
    )
    promises = catalog.subject(str(path)).described()["promises"]
    assert (promises["ipv4"]["ipv4"], promises["ipv4"]["ipv6"]) == (True, False)
    assert (promises["other"]["ipv4"], promises["other"]["ipv6"]) == (True, True)
    assert {(each["sigterm"], each["sigint"], each["sighup"], each["orphans"]) for each in promises.values()} == {
        ("slow", "quick", "either", False)
    }
