"""Switches differences on: compiles what is preloaded, and runs a command under them.

    python3 switch_on.py              compile with $ANYUNIX_CC, $CC or cc what is not compiled yet, and print one line
                                      of JSON: {"error": …}, empty when all is there
    python3 switch_on.py COMMAND…     become this command, with all differences on

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


def main(command: list[str]) -> int:
    if command:
        mechanisms = switched_on()
        argv = [*command_under(mechanisms), *command]
        for mechanism in mechanisms:
            mechanism.before_exec()
        os.execvp(argv[0], argv)
    print(json.dumps({"error": build(Path(os.environ[FOLDER_VARIABLE]))}), flush=True)
    return 0


def build(folder: Path) -> str:
    """Compile what is wanted here and not there yet: why that cannot be; empty when all is there."""
    wanted = {folder / each["preload"] for each in wanted_here(folder) if each["preload"]}
    missing = sorted(source for source in wanted if not object_of(source).exists())
    if missing and (reason := no_compiler()):
        return f"{reason}, and {', '.join(source.name for source in missing)} has to be compiled"
    with ThreadPoolExecutor(max_workers=cpus()) as pool:
        return "; ".join(filter(None, pool.map(compiled, missing)))


def compiled(source: Path) -> str:
    """Why it does not compile; empty when it does."""
    unfinished = source.with_suffix(".unfinished")
    try:
        compile_source([*compiler(), "-Wall", "-o", str(unfinished), str(source), *PRELOADED])
    except (CompileError, subprocess.TimeoutExpired, OSError) as error:
        return f"{source.name} does not compile: {next(iter(str(error).splitlines()), '')}"
    unfinished.rename(object_of(source))  # whole, or not there
    return ""


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except NotSwitchedOn as reason:
        sys.exit(f"switch_on: {reason}")
