"""CI files: they are for the subject that they name, at the repository's top, and never written over another."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from anyunix import __version__
from anyunix.cli import main
from checkout import ROOT


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def github(repository: Path) -> dict[str, Any]:
    text = (repository / ".github" / "workflows" / "portability.yml").read_text()
    job: dict[str, Any] = yaml.safe_load(text)["jobs"]["portability"]
    return job


def script(job: dict[str, Any], name: str) -> str:
    return next(str(step["run"]) for step in job["steps"] if step.get("name") == name)


def test_one_for_github_installs_this_version_and_runs_the_subject(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "mine.yaml", "--ci", "github"]) == 0
    assert (repository / "mine.yaml").is_file()
    assert ".github/workflows/portability.yml: written; it runs ./mine.yaml on local, " in capsys.readouterr().out
    job = github(repository)
    assert f"'anyunix[cross]=={__version__}'" in script(job, "anyunix")
    assert script(job, "The matrix") == 'anyunix run --subject ./mine.yaml --platform "$PLATFORMS"\n'


def test_the_actions_are_those_that_this_projects_own_files_use(repository: Path) -> None:
    """Which are kept up to date."""
    assert main(["init", "mine.yaml", "--ci", "github"]) == 0
    own = (ROOT / "action.yml").read_text() + (ROOT / "examples" / "ci" / "github" / "portability.yml").read_text()
    for step in github(repository)["steps"]:
        assert "uses" not in step or f"uses: {step['uses']}\n" in own


def test_a_subject_that_is_there_stays_as_it_is_and_its_path_is_the_tops(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "my tests").mkdir()
    monkeypatch.chdir(repository / "my tests")
    assert main(["init", "mine.yaml"]) == 0
    before = Path("mine.yaml").read_bytes()
    assert main(["init", "mine.yaml", "--ci", "github"]) == 0
    assert Path("mine.yaml").read_bytes() == before
    assert "--subject 'my tests/mine.yaml' " in script(github(repository), "The matrix")


def test_no_file_is_written_over_another(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "mine.yaml", "--ci", "github"]) == 0
    assert main(["init", "mine.yaml", "--ci", "github"]) == 2
    assert "portability.yml is there already: it is left as it is" in capsys.readouterr().err


def test_gitlab_reads_one_file_and_another_is_included(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "mine.yaml", "--ci", "gitlab"]) == 0
    job = yaml.safe_load((repository / ".gitlab-ci.yml").read_text())["portability"]
    assert job["script"] == ['anyunix run --subject ./mine.yaml --platform "$PLATFORMS"\n']
    assert "local" not in job["variables"]["PLATFORMS"]
    assert main(["init", "mine.yaml", "--ci", "gitlab"]) == 0
    assert (repository / "portability.gitlab-ci.yml").is_file()
    assert "add to .gitlab-ci.yml: include: [{local: portability.gitlab-ci.yml}]" in capsys.readouterr().out


def test_a_file_that_is_no_subject_gets_none(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "mine.yaml").write_text("titel: x\n")
    assert main(["init", "mine.yaml", "--ci", "github"]) == 2
    assert "titel" in capsys.readouterr().err
    assert not (repository / ".github").exists()
