"""What nobody planned for, in one line: a full disk of this machine, a library's exception, a fault of our own."""

import traceback
from pathlib import Path


def unexpected(error: BaseException) -> str:
    """`No space left on device: /tmp/x` · `a fault of anyunix: ValueError: … (docker.py:97)`"""
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror}{where}"
    text = " ".join(str(error).split())[:300]
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"a fault of anyunix: {type(error).__name__}{f': {text}' if text else ''}{place}"


def whole_story(error: BaseException) -> str:
    """The traceback, for a log."""
    return "".join(traceback.format_exception(error))
