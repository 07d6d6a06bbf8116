"""A component of GitLab CI with its inputs put in: the pipeline that GitLab would make of it.

python tools/gitlab_component.py templates/anyunix/template.yml subject=./my.yaml >pipeline.yml
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

INPUT = re.compile(r"\$\[\[ inputs\.(\w+) \]\]")


def rendered(component: Path, given: Mapping[str, str]) -> str:
    """The pipeline. Raises ValueError for an input that is missing, or that there is not."""
    header, _, jobs = component.read_text(encoding="utf-8").partition("\n---\n")
    known = yaml.safe_load(header)["spec"]["inputs"]
    values = {name: given.get(name, described.get("default")) for name, described in known.items()}
    missing = [name for name, value in values.items() if value is None]
    unknown = sorted(given.keys() - known.keys())
    if missing or unknown:
        raise ValueError(f"{component}: inputs that are missing: {missing}, that there are not: {unknown}")
    return INPUT.sub(lambda match: str(values[match[1]]), jobs)


if __name__ == "__main__":
    print(rendered(Path(sys.argv[1]), dict(word.split("=", 1) for word in sys.argv[2:])), end="")
