"""What stands on a terminal after somebody has written to it: as much of ECMA-48 as a live view uses."""

import re

PIECE = re.compile(r"\x1b\[(?P<number>[0-9;?]*)(?P<command>[A-Za-z])|(?P<control>[\r\n])|(?P<text>[^\x1b\r\n]+)")


class Screen:
    """The lines from the first one written on; `highest` is how many there were at most."""

    def __init__(self) -> None:
        self.lines: dict[int, str] = {}
        self.row = self.column = self.highest = 0

    def write(self, written: str) -> None:
        for piece in PIECE.finditer(written):
            number = piece["number"] or ""
            if piece["text"]:
                line = self.lines.get(self.row, "").ljust(self.column)
                end = self.column + len(piece["text"])
                self.lines[self.row] = line[: self.column] + piece["text"] + line[end:]
                self.column = end
            elif piece["control"] == "\n":
                self.row, self.column = self.row + 1, 0
            elif piece["control"] == "\r":
                self.column = 0
            elif piece["command"] == "A":
                self.row -= int(number or 1)
            elif piece["command"] == "K":
                self.lines[self.row] = ""
            self.highest = max(self.highest, self.row + 1)

    @property
    def shown(self) -> list[str]:
        """All that is not empty, without what is blank at the ends."""
        return [line.rstrip() for _, line in sorted(self.lines.items()) if line.strip()]
