"""Images of a real engine, saved and loaded."""

from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.drivers.docker.engine import Engine
from anyunix.drivers.docker.engine_image import EngineImage
from anyunix.drivers.registry import Drivers
from anyunix.errors import PlatformError


@pytest.fixture
def image(engine: Engine, catalog: Catalog) -> EngineImage:
    found = Drivers(engine).image(catalog.platform("alpine"))
    assert isinstance(found, EngineImage)
    found.make(lambda text: None)
    return found


def test_a_saved_image_is_loaded_with_its_base(image: EngineImage, tmp_path: Path) -> None:
    """Into the same engine, where that changes nothing."""
    tag, base = image.find(), image.base()
    file = tmp_path / "image.tar"
    image.save(file)
    image.load(file, tag)
    assert (image.find(), image.base()) == (tag, base)


def test_an_archive_that_names_another_image_is_refused(image: EngineImage, tmp_path: Path) -> None:
    file = tmp_path / "image.tar"
    image.save(file)
    with pytest.raises(PlatformError, match="which nobody asked for"):
        image.load(file, "anyunix/alpine:another")


def test_what_is_no_archive_is_refused(image: EngineImage, tmp_path: Path) -> None:
    file = tmp_path / "image.tar"
    file.write_bytes(b"nothing of the kind")
    with pytest.raises(PlatformError, match="no archive of images"):
        image.load(file, image.find())


def test_an_image_that_is_too_large_is_not_sent(
    image: EngineImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anyunix.drivers.docker.engine_image.SAVED_LIMIT", 1_000_000)
    with pytest.raises(PlatformError, match="larger than the 1000000 bytes that are sent"):
        image.save(tmp_path / "image.tar")
