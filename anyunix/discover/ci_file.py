"""A file that runs a subject as a gate in CI: for GitHub Actions, or GitLab."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from anyunix import __version__
from anyunix.catalog.subject_file import read_subject
from anyunix.catalog.subject_template import as_argument
from anyunix.errors import ConfigurationError
from anyunix.host.whole_file import write_whole
from anyunix.text import UNSAFE

GITHUB = """\
# Does the server behave the same on these platforms? Written by: anyunix init --ci github
name: portability
on: [push, pull_request]
permissions:
  contents: read
jobs:
  portability:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v7
      - name: anyunix
        run: |
          python3 -m venv "$RUNNER_TEMP/anyunix"
          "$RUNNER_TEMP/anyunix/bin/pip" install --quiet 'anyunix[cross]=={version}'
          echo "$RUNNER_TEMP/anyunix/bin" >>"$GITHUB_PATH"
      - name: User namespaces, for local-v6only and experiments
        run: sudo sysctl -qw kernel.apparmor_restrict_unprivileged_userns=0
      - name: The matrix
        env:
          PLATFORMS: {platforms}
        run: |
          anyunix run --subject {subject} --platform "$PLATFORMS"
      - uses: actions/upload-artifact@v7
        if: always()
        with:
          name: anyunix
          path: anyunix-out
"""
GITLAB = """\
# Does the server behave the same on these platforms? Written by: anyunix init --ci gitlab
# The runner has to allow Docker in Docker.
portability:
  image: python:3.13
  services:
    - name: docker:dind
      alias: docker
  variables:
    DOCKER_HOST: tcp://docker:2375
    DOCKER_TLS_CERTDIR: ""
    PLATFORMS: {platforms}
  before_script:
    - python3 -m pip install --quiet 'anyunix[cross]=={version}'
  script:
    - |
      anyunix run --subject {subject} --platform "$PLATFORMS"
  artifacts:
    when: always
    paths: [anyunix-out]
    reports:
      junit: anyunix-out/junit.xml
      codequality: anyunix-out/gl-code-quality.json
"""


@dataclass(frozen=True)
class Service:
    """A CI service, and what it reads."""

    text: str
    platforms: str
    """Those that its usual runners can run."""
    place: Callable[[Path], Path]
    """The repository's top -> the file."""


def _gitlab_file(top: Path) -> Path:
    own = top / ".gitlab-ci.yml"
    return top / "portability.gitlab-ci.yml" if own.exists() else own


SERVICES = {
    "github": Service(
        GITHUB,
        "local,local-v6only,debian,debian-i386,alpine",
        lambda top: top / ".github" / "workflows" / "portability.yml",
    ),
    "gitlab": Service(GITLAB, "debian,debian-v6only,debian-i386,alpine", _gitlab_file),
}


def write_ci(name: str, subject: Path) -> list[str]:
    """Write the file of that service, over none that is there; what is to be said about it.

    Raises ConfigurationError.
    """
    read_subject(subject.resolve())
    service, top = SERVICES[name], _top(subject.parent.resolve())
    file = service.place(top)
    inside = shlex.quote(as_argument(subject.resolve().relative_to(top)))
    if UNSAFE.search(inside) or "\n" in inside:
        raise ConfigurationError(f"{inside!r}: a path with control characters stands in no CI file")
    text = service.text.format(version=__version__, subject=inside, platforms=service.platforms)
    if file.exists() or file.is_symlink():
        raise ConfigurationError(f"{_shown(file)} is there already: it is left as it is")
    try:
        write_whole(file, text.encode())
    except OSError as error:
        raise ConfigurationError(f"{_shown(file)}: cannot be written: {error.strerror}") from None
    said = [f"{_shown(file)}: written; it runs {inside} on {service.platforms.replace(',', ', ')}"]
    if file.name == "portability.gitlab-ci.yml":
        said.append(f"add to .gitlab-ci.yml: include: [{{local: {file.name}}}]")
    return said


def _top(folder: Path) -> Path:
    """Of the repository, which alone is where the services look; the folder itself where there is none."""
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)


def _shown(file: Path) -> str:
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)
