"""The files that come with anyunix: platforms, suite, Dockerfiles and whatever else is no Python of its own."""

from importlib.resources import files
from pathlib import Path


def data_folder() -> Path:
    """Where they were installed with the package, or the checkout that it runs from."""
    package = Path(str(files("anyunix")))
    return package / "data" if (package / "data").is_dir() else package.parent
