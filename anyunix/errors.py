"""What can go wrong, as types that carry the sentence to print."""


class ConfigurationError(Exception):
    """Something the user wrote is wrong: the text names file, key and reason. Exit status 2."""


class PlatformError(Exception):
    """A platform could not be reached, or broke on the way: the text says why and what to do."""


class NotRun(Exception):
    """A cell has no answer on this platform, for the reason given; nobody is to blame."""
