"""anyunix: does this server behave the same on every Unix, and where it does not, why?"""

from importlib.metadata import version

__version__ = version("anyunix")
