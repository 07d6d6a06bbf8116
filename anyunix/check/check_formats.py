"""The formats for other programs. Text, for people, is printed on a console."""

from collections.abc import Callable

from anyunix.check.check_json import as_json
from anyunix.check.check_junit import junit
from anyunix.check.exposition import exposition
from anyunix.check.nagios import nagios
from anyunix.check.rounds import Round

FORMATS: dict[str, Callable[[Round], str]] = {
    "json": as_json,
    "junit": junit,
    "nagios": nagios,
    "prometheus": exposition,
}
