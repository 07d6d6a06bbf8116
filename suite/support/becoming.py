"""The user whom a server is started as."""

import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

from support.child import in_child
from support.starting import CannotBeHere


@dataclass(frozen=True)
class User:
    """One of this system's."""

    uid: int
    gid: int
    groups: tuple[int, ...]

    @classmethod
    def named(cls, name: str, folder: Path, program: str) -> "User":
        """Whom a subject file names, who has to reach a folder, and a program from there. Raises CannotBeHere."""
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            raise CannotBeHere(f"user: there is no {name} here") from None
        found = cls(entry.pw_uid, entry.pw_gid, tuple(os.getgrouplist(name, entry.pw_gid)))
        if found.uid == os.geteuid():
            return found
        if os.geteuid() != 0:
            raise CannotBeHere(f"user: only root can start a server as {name}")
        if reason := in_child(_why_not, found.uid, found.gid, found.groups, str(folder), program):
            raise CannotBeHere(f"user: {name}: {reason}")
        return found

    def own(self, folder: Path) -> None:
        """Give that user a folder, with all in it."""
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self.uid, self.gid)


def _why_not(_: object, uid: int, gid: int, groups: list[int], folder: str, program: str) -> str | None:
    """None where this process can become that user, who can reach the folder then, and the program."""
    try:
        os.setgroups(groups)
        os.setgid(gid)
        os.setuid(uid)
    except OSError as error:
        return error.strerror
    if not os.access(folder, os.R_OK | os.X_OK):
        return f"cannot reach {folder}"
    found = os.path.join(folder, program) if "/" in program else shutil.which(program) or program
    return None if os.access(found, os.X_OK) else f"cannot run {program}"
