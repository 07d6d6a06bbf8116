"""python3 -m remote.task TASK WORD...: prints one line of JSON.

build CPUS NAME...   what can be started here, of these programs, under the differences that are on
run JSON             one run of the paper's experiment
chat JSON            one run of a chat server
bare PROGRAM CPUS    what a message's system calls cost

support is the suite's, which travels too: what is switched on for a server is on as in a cell.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from support.differences import NotSwitchedOn, check, command_under, switched_on

from .chat_run import BareCosts, ChatMeasured, ChatPoint, bare_costs, measure_chat
from .conditions import NOTHING_ON, Conditions
from .experiment import Measured, NotMeasured, Point, lacking, measure
from .programs import Inventory, build_all, machine
from .trial import try_all


def main(task: str, *words: str) -> None:
    """Print the answer."""
    found: Inventory | BareCosts | Measured | ChatMeasured
    if task == "build":
        built, not_built = build_all(list(words[1:]))
        kept, left_out = try_all(built, conditions_here())
        found = Inventory(machine(), kept, (*not_built, *left_out), lacking(int(words[0])))
    elif task == "bare":
        found = bare_costs(words[0], int(words[1]))
    else:
        order = json.loads(words[0])
        how = order["command"], order["load"], order["cpus"], conditions_here()
        found = (
            measure(Point(**order["point"]), *how) if task == "run" else measure_chat(ChatPoint(**order["point"]), *how)
        )
    print(json.dumps(asdict(found)))


def conditions_here() -> Conditions:
    """What is switched on for servers on this platform. Raises NotSwitchedOn."""
    mechanisms = switched_on()

    def before_exec() -> None:
        for mechanism in mechanisms:
            mechanism.before_exec()

    def why_not(processes: Sequence[int]) -> str:
        try:
            check(mechanisms, processes)
        except NotSwitchedOn as reason:
            return str(reason)
        return ""

    return Conditions(command_under(mechanisms), before_exec, why_not) if mechanisms else NOTHING_ON


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (NotMeasured, NotSwitchedOn) as error:
        sys.exit(str(error))
