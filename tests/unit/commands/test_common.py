"""What several commands share."""

from anyunix.commands.common import once


def test_one_argument_may_hold_several_names_as_ci_files_write_them() -> None:
    assert once(["a, b,,a", "c\n  d\n", ""]) == ["a", "b", "c", "d"]
    assert once(["./my file.yaml"]) == ["./my file.yaml"]
