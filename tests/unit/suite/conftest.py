"""The suite as it is on a platform."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from anyunix.catalog.lookup import Catalog


@pytest.fixture
def support(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The suite's support package importable, as it is on a platform."""
    monkeypatch.syspath_prepend(str(catalog.suite))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "support"]:
        del sys.modules[name]


@pytest.fixture
def suite(support: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same in a folder of the test's own, where what is compiled stays."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def injections(catalog: Catalog, support: None) -> ModuleType:
    """The probe's file, imported as pytest does on a platform."""
    spec = importlib.util.spec_from_file_location("injections", catalog.suite / "sweep" / "injections.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
