"""A plan for people's CI systems."""

import shlex
from typing import Any

import msgspec
import yaml

from anyunix.shards.planning import Plan, Shard

INSTALL = "pip install 'anyunix[cross]'"


def as_json(plan: Plan) -> str:
    """All of it, for `anyunix merge --plan`."""
    return msgspec.json.format(msgspec.json.encode(plan), indent=1).decode() + "\n"


def as_github(plan: Plan) -> str:
    """One line for `strategy: {matrix: ${{ fromJSON(…) }}}` of GitHub Actions."""
    rows = [
        {
            "shard": shard.name.partition("/")[0],
            "name": _title(shard),
            "command": shlex.join(shard.command),
            "out": _out(shard),
        }
        for shard in plan.shards
    ]
    return msgspec.json.encode({"include": rows}).decode() + "\n"


def as_gitlab(plan: Plan) -> str:
    """A child pipeline of GitLab CI: a job a shard, run again when it dies, and one that judges what they kept.

    The pipeline that starts it has plan.json from its job `plan`, and says its number in PARENT_PIPELINE_ID.
    """
    jobs: dict[str, Any] = {
        f"anyunix {shard.name}": {
            "stage": "shards",
            "script": [INSTALL, shlex.join(shard.command)],
            "retry": 1,
            "artifacts": {"when": "always", "paths": [_out(shard)], "reports": {"junit": f"{_out(shard)}/junit.xml"}},
        }
        for shard in plan.shards
    }
    verdict = {
        "stage": "verdict",
        "when": "always",
        "services": [],
        "needs": [{"pipeline": "$PARENT_PIPELINE_ID", "job": "plan"}, *({"job": name} for name in jobs)],
        "script": [
            INSTALL,
            shlex.join(["anyunix", "merge", *map(_out, plan.shards), "--plan", "plan.json", "--out", "portability"]),
        ],
        "artifacts": {"when": "always", "paths": ["portability"], "reports": {"junit": "portability/junit.xml"}},
    }
    return yaml.safe_dump(
        {
            "default": {"image": "python:3.13", "services": ["docker:dind"]},
            "variables": {"DOCKER_HOST": "tcp://docker:2375", "DOCKER_TLS_CERTDIR": ""},
            "stages": ["shards", "verdict"],
            **jobs,
            "verdict": verdict,
        },
        sort_keys=False,
        width=1000,
    )


FORMATS = {"json": as_json, "github": as_github, "gitlab": as_gitlab}


def _title(shard: Shard) -> str:
    platforms = ", ".join(dict.fromkeys(cell.platform for cell in shard.cells))
    return f"{shard.name}: {platforms}"


def _out(shard: Shard) -> str:
    return shard.command[-1]
