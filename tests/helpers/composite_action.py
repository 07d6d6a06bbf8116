"""Runs the shell steps of a composite action as GitHub's runner does, in a folder, without GitHub.

Other actions that it uses are answered by the test. Expressions are those that the project's actions are written with.
"""

import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Uses = Callable[[str, Mapping[str, str]], Mapping[str, str]]
"""`actions/cache@v6` and its inputs -> its outputs."""
CONTEXT = re.compile(r"'[^']*'|\b(?:inputs|steps|runner|github)(?:\.[\w-]+)+")
EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


def nothing(name: str, given: Mapping[str, str]) -> Mapping[str, str]:
    """Answers every action with no outputs."""
    return {}


@dataclass
class ActionRun:
    """One use of an action: what its steps printed and left behind."""

    action: Path
    """The folder of action.yml."""
    folder: Path
    """Holds the repository of the user, work/, and what a runner has beside it."""
    environment: Mapping[str, str]
    uses: Uses = nothing
    used: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    printed: dict[str, str] = field(default_factory=dict)
    """Step -> stdout and stderr."""
    context: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("work", "temp", "home"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.context |= {"runner.os": "Linux", "runner.arch": "X64", "runner.temp": str(self.folder / "temp")}

    def file(self, name: str) -> str:
        """What the steps have written into one of the runner's files: `summary`, `path`."""
        path = self.folder / name
        return path.read_text() if path.exists() else ""

    def run(self, *only: str, **inputs: str) -> bool:
        """All steps, or those alone, with these inputs; whether none of them failed."""
        known = yaml.safe_load((self.action / "action.yml").read_text())
        assert inputs.keys() <= known["inputs"].keys()
        for name, described in known["inputs"].items():
            self.context[f"inputs.{name}"] = inputs.get(name, str(described.get("default", "")))
        good = True
        for step in known["runs"]["steps"]:
            if only and step.get("id") not in only:
                continue
            condition = step.get("if", "success()")
            wanted = self.value(condition) and (good or "always()" in condition)
            fine = self._step(step) if wanted else True
            self.context[f"steps.{step['id']}.outcome"] = ("success" if fine else "failure") if wanted else "skipped"
            good = good and (fine or step.get("continue-on-error", False))
        self.context |= {f"outputs.{key}": self.text(each["value"]) for key, each in known.get("outputs", {}).items()}
        return good

    def value(self, expression: str) -> Any:
        """An expression of GitHub, of those operators and functions that Python has as well."""

        def looked_up(match: re.Match[str]) -> str:
            return match[0] if match[0].startswith("'") else repr(self.context.get(match[0], ""))

        python = CONTEXT.sub(looked_up, expression).replace("&&", " and ").replace("||", " or ")
        known = {"always": lambda: True, "success": lambda: True, "format": lambda text, *words: text.format(*words)}
        return eval(python.strip(), {"__builtins__": {}}, known)  # an expression of the project's own

    def text(self, template: object) -> str:
        return EXPRESSION.sub(lambda match: str(self.value(match[1])), str(template))

    def _step(self, step: Mapping[str, Any]) -> bool:
        if "uses" in step:
            given = {key: self.text(value) for key, value in step.get("with", {}).items()}
            self.used.append((step["uses"], given))
            try:
                answer = self.uses(step["uses"], given)
            except RuntimeError:
                return False
            self.context |= {f"steps.{step['id']}.outputs.{key}": value for key, value in answer.items()}
            return True
        script, output = self.folder / "script.sh", self.folder / "output"
        script.write_text(step["run"])
        output.write_text("")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.folder / "work",
            env={**self._environment(), **{key: self.text(value) for key, value in step.get("env", {}).items()}},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=280,
        )
        self.printed[step["id"]] = done.stdout
        pairs = (line.partition("=") for line in output.read_text().splitlines())
        self.context |= {f"steps.{step['id']}.outputs.{key}": value for key, _, value in pairs}
        return done.returncode == 0

    def _environment(self) -> dict[str, str]:
        return {
            **self.environment,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(self.action),
            "GITHUB_WORKSPACE": str(self.folder / "work"),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_PATH": str(self.folder / "path"),
            "RUNNER_TEMP": str(self.folder / "temp"),
            "HOME": str(self.folder / "home"),
        }
