"""A plan for people's CI systems."""

import shlex
from typing import Any

import msgspec
import yaml

from anyunix.shards.plan import Plan, Shard

INSTALL = "pip install anyunix"


def as_json(plan: Plan) -> str:
    """All of it, for `anyunix merge --plan`."""
    return msgspec.json.format(msgspec.json.encode(plan), indent=1).decode() + "\n"


def as_github(plan: Plan) -> str:
    """One line for `strategy: {matrix: ${{ fromJSON(…) }}}` of GitHub Actions."""
    rows = [{"shard": shard.name.partition("/")[0], "name": _title(shard), "command": shlex.join(shard.command),
             "out": _out(shard)} for shard in plan.shards]
    return msgspec.json.encode({"include": rows}).decode() + "\n"


def as_gitlab(plan: Plan) -> str:
    """A child pipeline of GitLab CI: a job a shard, which keeps its results whatever they are."""
    jobs: dict[str, Any] = {
        f"anyunix {shard.name}": {
            "stage": "test", "script": [INSTALL, shlex.join(shard.command)], "retry": 1,
            "artifacts": {"when": "always", "paths": [_out(shard)], "reports": {"junit": f"{_out(shard)}/junit.xml"}}}
        for shard in plan.shards}
    return yaml.safe_dump({"stages": ["test"], **jobs}, sort_keys=False, width=1000)


FORMATS = {"json": as_json, "github": as_github, "gitlab": as_gitlab}


def _title(shard: Shard) -> str:
    platforms = ", ".join(dict.fromkeys(cell.platform for cell in shard.cells))
    return f"{shard.name}: {platforms}"


def _out(shard: Shard) -> str:
    return shard.command[-1]
