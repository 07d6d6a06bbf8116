"""What the tests of mutation testing share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from tiny_catalog import make_tiny


@pytest.fixture
def tiny(tmp_path: Path, make_suite: Callable[[str], Path]) -> Catalog:
    """A catalog of its own: one subject, one platform, one fault that is caught."""
    return make_tiny(tmp_path, make_suite(""))
