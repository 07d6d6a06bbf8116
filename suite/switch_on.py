"""Switches differences on: compiles what is preloaded, and runs a command under them.

    python3 switch_on.py              compile with $ANYUNIX_CC, $CC or cc what is not compiled yet, try it with a Python
                                      that looks at itself, and print one line of JSON: {"error": …}, empty when all
                                      can be on here
    python3 switch_on.py --exactly    the same, where limits may not have what this user runs besides added to them
    python3 switch_on.py COMMAND…     become this command, with all differences on, limits exactly so

ANYUNIX_DIFFERENCES names the folder (support/differences.py).
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.compiler import PRELOADED, CompileError, compile_source, compiler, no_compiler
from support.cpus import cpus
from support.differences import FOLDER_VARIABLE, NotSwitchedOn, command_under, object_of, switched_on, wanted_here

EXACTLY = "--exactly"
LOOK_SECONDS = 60.0
LOOK = """
import os
from support.differences import NotSwitchedOn, check, switched_on
try:
    check(switched_on(), [os.getpid()])
except NotSwitchedOn as reason:
    raise SystemExit(str(reason))
"""


def main(command: list[str]) -> int:
    if command and command != [EXACTLY]:
        mechanisms = switched_on(exactly=True)
        argv = [*command_under(mechanisms), *command]
        for mechanism in mechanisms:
            mechanism.before_exec()
        os.execvp(argv[0], argv)
    print(json.dumps({"error": build(Path(os.environ[FOLDER_VARIABLE]), exactly=bool(command))}), flush=True)
    return 0


def build(folder: Path, *, exactly: bool) -> str:
    """Compile what is wanted here and not there yet, and try it: why that cannot be; empty when it can."""
    wanted = {folder / each["preload"] for each in wanted_here(folder) if each["preload"]}
    return compile_missing(wanted) or why_not_here(exactly)


def compile_missing(wanted: set[Path]) -> str:
    """Why something cannot be compiled; empty when all is there."""
    missing = sorted(source for source in wanted if not object_of(source).exists())
    if missing and (reason := no_compiler()):
        names = ", ".join(source.name for source in missing)
        return f"{reason}, and {names} has to be compiled: install one, or give the platform's file `cross: TARGET`"
    if missing:
        missing[0].parent.chmod(0o755)
    with ThreadPoolExecutor(max_workers=cpus()) as pool:
        return "; ".join(filter(None, pool.map(compiled, missing)))


def compiled(source: Path) -> str:
    """Why it does not compile; empty when it does."""
    unfinished = source.with_suffix(".unfinished")
    try:
        compile_source([*compiler(), "-Wall", "-o", str(unfinished), str(source), *PRELOADED])
    except (CompileError, subprocess.TimeoutExpired, OSError) as error:
        said = str(error).replace(f"{source.parent}/", "").splitlines() or [type(error).__name__]
        return f"{source.name} does not compile: {next((line for line in said if 'error' in line), said[0])}"
    unfinished.chmod(0o755)  # for servers of other users as well
    unfinished.rename(object_of(source))  # whole, or not there
    return ""


def why_not_here(exactly: bool) -> str:
    """Why they are not on in a Python that is started under all of them; empty when they are."""
    try:
        mechanisms = switched_on(exactly=exactly)
    except NotSwitchedOn as reason:
        return str(reason)
    if not mechanisms:
        return ""
    look = [*command_under(mechanisms), sys.executable, "-S", "-c", LOOK]
    try:
        done = subprocess.run(look, capture_output=True, text=True, timeout=LOOK_SECONDS)
    except subprocess.TimeoutExpired:
        return "a Python that has all of them on does not end"
    if not done.returncode:
        return ""
    return f"not on in a Python here: {next(iter(done.stderr.strip().splitlines()), 'it said nothing')}"


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except NotSwitchedOn as reason:
        sys.exit(f"switch_on: {reason}")
