"""How often the engine is asked: an engine may be far away, and each question costs a round trip then."""

import io
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
import requests

from anyunix.catalog.lookup import Catalog
from anyunix.drivers.docker.docker_driver import DockerDriver
from anyunix.drivers.docker.engine import Engine


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Method and path of each request, with `ID` for what has one."""
    found: list[str] = []
    send = requests.Session.send

    def counted(session: requests.Session, request: requests.PreparedRequest, **rest: object) -> requests.Response:
        path = re.sub(r"/v1\.\d+|/[0-9a-f]{64}", lambda part: "/ID" if len(part[0]) > 9 else "", request.path_url)
        found.append(f"{request.method} {re.sub(r'/images/.*/json|[?].*', '', path)}".strip())
        return send(session, request, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(requests.Session, "send", counted)
    return found


def test_a_cell_asks_for_nothing_that_it_knows(
    engine: Engine, catalog: Catalog, tmp_path: Path, asked: list[str]
) -> None:
    with tarfile.open(tmp_path / "payload.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("file"), io.BytesIO())
    driver = DockerDriver(catalog.platform("debian").options, engine)
    driver.up(lambda text: None)
    try:
        begun = asked.copy()
        driver.put(tmp_path / "payload.tar")
        driver.get(PurePosixPath("file"), limit=100)
        used = asked[len(begun) :]
    finally:
        driver.down()
    assert begun[-4:] == [
        "POST /networks/create",
        "POST /containers/create",
        "POST /containers/ID/attach",
        "POST /containers/ID/start",
    ]
    assert len(begun) == 6, "the base image and the image built from it are looked up"
    assert used == ["POST /containers/ID/exec", "POST /exec/ID/start", "GET /exec/ID/json"] * 2


def test_one_version_is_asked_for(asked: list[str], engine: Engine) -> None:
    engine = Engine()
    assert engine.available() is None
    assert engine.available() is None
    assert asked.count("GET /version") == 1
