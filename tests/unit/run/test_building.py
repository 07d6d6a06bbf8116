"""What a build finds on a platform."""

from dataclasses import replace
from pathlib import Path

from anyunix.catalog.builds import Build
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.local import LocalDriver
from anyunix.payload.archive import SUBJECT, write_payload
from anyunix.run.building import build_there


def test_a_makefile_that_names_its_folder_by_pwd_builds_there(
    subject: Subject, local: Platform, tmp_path: Path
) -> None:
    (subject.folder / "Makefile").write_text("all:\n\ttouch $(PWD)/made\n")
    made = replace(subject, files=("server.py", "Makefile"), build=("make", "-s"))
    archive = tmp_path / "payload.tar"
    suite = Path(__file__).parents[3] / "suite"
    write_payload(archive, suite, made, {})
    driver = LocalDriver()
    driver.up(lambda text: None)
    try:
        driver.put(archive)
        done = build_there(driver, local, made, Build())
        assert (done.status, done.stderr) == (0, "")
        assert (driver.folder() / SUBJECT / "made").exists()
    finally:
        driver.down()
