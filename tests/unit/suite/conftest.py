"""The suite as it is on a platform."""

import sys
from collections.abc import Iterator

import pytest

from anyunix.catalog.lookup import Catalog


@pytest.fixture
def support(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The suite's support package importable, as it is on a platform."""
    monkeypatch.syspath_prepend(str(catalog.suite))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "support"]:
        del sys.modules[name]
