"""anyunix: does this server behave the same on every Unix, and where it does not, why?"""


def __getattr__(name: str) -> str:
    """`__version__`, looked up when somebody asks: an import of this package reads no files of others."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version(__name__)
