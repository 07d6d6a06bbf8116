"""An image that has all that a cell needs, and the Docker engine's socket."""

import os
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.drivers.docker.endpoint import find_address
from anyunix.drivers.docker.engine import Engine
from short_cell import Run, run_cell, write_platform


@pytest.fixture(scope="module")
def image(engine: Engine, catalog: Catalog) -> str:
    """The image of the platform alpine in the Docker engine."""
    return engine.image(catalog.platform("alpine").options.image, lambda text: None)


@pytest.fixture
def platform_file(image: str, tmp_path: Path) -> Path:
    return write_platform(tmp_path, image)


@pytest.fixture
def run(platform_file: Path) -> Run:
    """Run the short cell with some of Docker's variables."""
    return lambda **environment: run_cell(platform_file, environment)


@pytest.fixture
def docker_socket(engine: Engine) -> str:
    """The path of the Docker engine's socket."""
    where = find_address(os.environ)
    if not where.is_here:
        pytest.skip("the Docker engine is on another machine")
    return where.url.removeprefix("unix://")
