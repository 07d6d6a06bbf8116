"""The pages below docs/reference/, made from what the project itself holds: docstrings, data, types, the parser."""
