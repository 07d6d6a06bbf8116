"""python3 -m remote.task TASK WORD...: prints one line of JSON.

build CPUS NAME...   what can be started here, of these programs
run JSON             one run of the paper's experiment
chat JSON            one run of a chat server
bare PROGRAM CPUS    what a message's system calls cost
"""

import json
import sys
from dataclasses import asdict

from .chat_run import BareCosts, ChatMeasured, ChatPoint, bare_costs, measure_chat
from .experiment import Measured, NotMeasured, Point, lacking, measure
from .programs import Inventory, build_all, machine


def main(task: str, *words: str) -> None:
    """Print the answer."""
    found: Inventory | BareCosts | Measured | ChatMeasured
    if task == "build":
        found = Inventory(machine(), *build_all(list(words[1:])), lacking(int(words[0])))
    elif task == "bare":
        found = bare_costs(words[0], int(words[1]))
    else:
        order = json.loads(words[0])
        how = order["command"], order["load"], order["cpus"]
        found = (
            measure(Point(**order["point"]), *how) if task == "run" else measure_chat(ChatPoint(**order["point"]), *how)
        )
    print(json.dumps(asdict(found)))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except NotMeasured as error:
        sys.exit(str(error))
