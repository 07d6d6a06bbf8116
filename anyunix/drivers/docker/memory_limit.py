"""A container's memory limit, in words."""

UNITS = {"k": "KiB", "m": "MiB", "g": "GiB"}


def killed_by_memory_limit(limit: str) -> str:
    """`killed by the memory limit of 2 GiB`, for the limit `2g` of a platform file."""
    unit = UNITS.get(limit[-1:].lower(), "")
    return f"killed by the memory limit of {f'{limit[:-1]} {unit}' if unit else f'{limit} bytes'}"
