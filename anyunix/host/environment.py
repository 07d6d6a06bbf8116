"""What commands on this machine get of the user's environment: what is listed here, because the rest holds secrets.

Tokens, passwords and addresses of agents are in the variables of many a shell and of every CI system, and what runs
here is a server under test with all that it loads. A subject file may name more (`pass_env`).
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
KEPT = {
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "PYENV_ROOT",  # programs, Python itself, and what they load
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TERM",
    "TMPDIR",
    "TZ",
    "LANG",
    "LANGUAGE",  # POSIX, XBD chapter 8
    "CC",
    "CXX",
    "CPPFLAGS",
    "CFLAGS",
    "CXXFLAGS",
    "LDFLAGS",
    "LDLIBS",
    "MAKEFLAGS",
    "PKG_CONFIG_PATH",  # make(1)
    "CPATH",
    "C_INCLUDE_PATH",
    "CPLUS_INCLUDE_PATH",
    "LIBRARY_PATH",
    "SDKROOT",
    "DEVELOPER_DIR",  # gcc(1), xcrun(1)
    "XDG_CACHE_HOME",
    "ZIG_GLOBAL_CACHE_DIR",
    "ZIG_LOCAL_CACHE_DIR",
    "CCACHE_DIR",  # caches of compilers
}
KEPT_BEGINNINGS = ("LC_", "ANYUNIX_")
SHIMS = "shims"
"""The folder of scripts that look for the program of their own name, in versions of it that a user has (pyenv)."""
SHIM_SECONDS = 10.0


def local_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables of the user's that every command on this machine gets."""
    found = {name: value for name, value in environment.items() if name in KEPT or name.startswith(KEPT_BEGINNINGS)}
    if "PATH" in found:
        found["PATH"] = past_shims(found["PATH"])
    return found


@cache
def past_shims(path: str) -> str:
    """PATH with the folder of what `python3` is in front, where a shim would look for that each time: it takes about
    0.1 s, and then puts the same folder in front itself.
    """
    shim = shutil.which("python3", path=path)
    if shim is None or Path(shim).parent.name != SHIMS:
        return path
    ask = [shim, "-S", "-c", "import sys; print(sys.executable)"]
    try:
        done = subprocess.run(
            ask, capture_output=True, text=True, cwd="/", env={**os.environ, "PATH": path}, timeout=SHIM_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return path
    python = Path(done.stdout.strip())
    return f"{python.parent}{os.pathsep}{path}" if python.name and not done.returncode else path


def passed_on(names: Iterable[str], environment: Mapping[str, str] = os.environ, *, here: bool) -> dict[str, str]:
    """Those that a subject asks for besides, where the platform is this machine (`here`); no other gets any variable
    of the user's. What is not set is left out.
    """
    return {name: environment[name] for name in names if here and name in environment}


def no_names(names: Iterable[Any]) -> list[str]:
    """Those of the names that no variable can have."""
    return [str(name) for name in names if not NAME.fullmatch(str(name))]
