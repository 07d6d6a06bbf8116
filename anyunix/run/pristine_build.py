"""What was built on a platform that stays up, kept there for the next cell of the same subject.

What is kept is a copy that no server has run in: a server may write into its folder.
"""

import hashlib

from anyunix.catalog.builds import Build
from anyunix.catalog.subjects import Subject
from anyunix.drivers.base import Driver
from anyunix.errors import PlatformError
from anyunix.payload.archive import MANIFEST, PRISTINE, SUBJECT, SUBJECT_FILE
from anyunix.payload.supervised import last_words
from anyunix.run.building import TRIED_FLAGS
from anyunix.run.identity import digest_of
from anyunix.text import first_line

COPY_SECONDS = 60.0
BUILDS_KEPT = 16
"""On a platform; a run with a fault in each build has hundreds, none of which comes again."""
KEEP = """\
for each in ./* ./.[!.]*; do
    case $each in {stays}|'./*'|'./.[!.]*') ;; *) exit 1 ;; esac
done
mkdir -p {kept} && cp -Rp {subject} {kept}/{key}.part && rm {kept}/{key}.part/{described} &&
mv {kept}/{key}.part {kept}/{key}
"""
"""Nothing is kept of a build that made something outside of the subject's folder, which goes with the cell: a copy of
the folder would not be all of it.
"""


def build_key(subject: Subject, build: Build) -> str:
    """The same for the same files, commands and compiler."""
    how = (digest_of(subject), build.name, build.flags, build.compiler)
    return hashlib.sha256(repr(how).encode()).hexdigest()[:32]


def keep_build(driver: Driver, key: str, stays: str, slowness: int) -> bool:
    """Whether what was just built is there for later cells. `stays` is a pattern for what else may lie in the
    platform's work folder. Raises PlatformError when the platform is lost.
    """
    own = "|".join([stays, *(f"./{place}" for place in (SUBJECT, MANIFEST, TRIED_FLAGS))])
    described = SUBJECT_FILE.relative_to(SUBJECT)
    script = KEEP.format(stays=own, kept=PRISTINE, subject=SUBJECT, described=described, key=key)
    return driver.run(["sh", "-c", script], env={}, timeout=COPY_SECONDS * slowness).status == 0


def take_build(driver: Driver, key: str, slowness: int) -> None:
    """A copy of what was kept into the subject's folder. Raises PlatformError."""
    done = driver.run(["cp", "-Rp", f"{PRISTINE / key}/.", str(SUBJECT)], env={}, timeout=COPY_SECONDS * slowness)
    if done.timed_out or done.status:
        raise PlatformError(f"what was built could not be copied: {first_line(last_words(done))}")
