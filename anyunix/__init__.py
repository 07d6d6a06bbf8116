"""anyunix: does this server behave the same on every Unix, and where it does not, why?"""

__version__ = "0.1.0"
