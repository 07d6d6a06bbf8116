"""A pytest plugin that writes the marks of every probe to the file that MARKS_FILE names."""

import json
import os
from pathlib import Path

import pytest


def pytest_collection_finish(session: pytest.Session) -> None:
    marks = {
        item.nodeid: [
            {"name": mark.name, "args": mark.args, "kwargs": mark.kwargs}
            for mark in item.iter_markers()
            if mark.name not in ("parametrize", "usefixtures")
        ]
        for item in session.items
    }
    Path(os.environ["MARKS_FILE"]).write_text(json.dumps(marks, default=str))
