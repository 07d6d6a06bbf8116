"""Files that a platform in a container names: where they are looked for, and what is said of a bad one."""

from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.errors import ConfigurationError

PLATFORM = "title: a container\ndriver: docker\ndockerfile: a.Dockerfile\nbase: a:1\n"
PROFILE = '{"defaultAction": "SCMP_ACT_ALLOW"}'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("platforms/seccomp", "Dockerfiles"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "Dockerfiles" / "a.Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "platforms" / "seccomp" / "new.json").write_text(PROFILE)
    return tmp_path


def confined(root: Path, seccomp: str) -> str:
    (root / "platforms" / "p.yaml").write_text(f"{PLATFORM}seccomp: {seccomp}\n")
    return str(Catalog(root).platform("p").options.seccomp)


def test_a_seccomp_profile_lies_beside_its_platform_file(root: Path) -> None:
    assert confined(root, "seccomp/new.json") == str(root / "platforms" / "seccomp" / "new.json")
    assert confined(root, "unconfined") == "unconfined"


def test_a_platform_elsewhere_that_extends_one_has_its_profile(root: Path) -> None:
    confined(root, "seccomp/new.json")
    (root / "elsewhere").mkdir()
    (root / "elsewhere" / "mine.yaml").write_text("extends: p\ntitle: mine\n")
    found = Catalog(root).platform(str(root / "elsewhere" / "mine.yaml")).options
    assert found.seccomp == str(root / "platforms" / "seccomp" / "new.json")


@pytest.mark.parametrize(
    ("seccomp", "content", "said"),
    [
        ("seccomp/nwe.json", None, "did you mean 'seccomp/new.json'?"),
        ("../../profile.json", None, "lies outside of"),
        ("bad.json", "{", "bad.json is no JSON: "),
        ("bad.json", "[" * 100_000, "bad.json is no JSON: "),
        ("bad.json", "[]", "is no seccomp profile: expected an object with defaultAction"),
        ("bad.json", '{"syscalls": []}', "is no seccomp profile: expected an object with defaultAction"),
    ],
)
def test_a_bad_profile_is_said_with_the_platform_file_and_the_key(
    root: Path, seccomp: str, content: str | None, said: str
) -> None:
    if content is not None:
        (root / "platforms" / seccomp).write_text(content)
    with pytest.raises(ConfigurationError) as caught:
        confined(root, seccomp)
    assert "p.yaml" in str(caught.value)
    assert "seccomp" in str(caught.value)
    assert said in str(caught.value)
