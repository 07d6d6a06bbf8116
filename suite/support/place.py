"""Where a server works: its work folder, and the folder in which its command is run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """Both are there already."""

    work: Path
    """The `{work}` of its command."""
    folder: Path
    """Where the command is run."""
    relative: bool = False
    """Whether its command names the work folder from there, and not from the root."""

    def worded(self, words: Mapping[str, str]) -> dict[str, str]:
        """The words that are filled in for the command's arguments."""
        return {**words, "work": str(self.work.relative_to(self.folder))} if self.relative else dict(words)


def place_beside(root: Path, folder: Path) -> Place:
    """A new one in `folder`, with all that is in the subject's folder `root` as links beside the work folder.

    From no other folder does the relative name of that lead anywhere, least of all from `/`.
    """
    here = folder / "here"
    here.mkdir()
    for each in root.iterdir():
        (here / each.name).symlink_to(each)
    work = here / "its-work-folder"
    work.mkdir()
    return Place(work, here, relative=True)
