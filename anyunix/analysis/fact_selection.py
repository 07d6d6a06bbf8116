"""The platforms whose facts are shown: of a run, and from manuals where a platform was not in it."""

import difflib
from collections.abc import Iterable
from dataclasses import replace

from anyunix.catalog.lookup import Catalog
from anyunix.errors import ConfigurationError
from anyunix.results.model import Matrix, PlatformResult


def select(matrix: Matrix, names: Iterable[str], catalog: Catalog, *, diff: bool) -> Matrix:
    """The matrix with the named platforms only. Raises ConfigurationError for a name that nothing is known of.

    Without names: the platforms that ran, and for the differences what is documented of the others. The reference
    of the run always stays in a comparison.
    """
    wanted = list(dict.fromkeys(part for name in names for part in name.split(",") if part))
    if not wanted:
        return replace(
            matrix, platforms=tuple(platform for platform in matrix.platforms if platform.status == "ran" or diff)
        )
    found = {name: _known(matrix, name, catalog) for name in wanted}
    if diff and (reference := matrix.platform(matrix.reference)):
        found.setdefault(reference.name, reference)
    return replace(matrix, platforms=tuple(found.values()))


def _known(matrix: Matrix, name: str, catalog: Catalog) -> PlatformResult:
    """A platform of the run, else what is documented of one that was not in it."""
    if platform := matrix.platform(name):
        return platform
    in_catalog = catalog.platform(name) if name in catalog.platform_names() else None
    if in_catalog and in_catalog.documented:
        return PlatformResult(
            name, in_catalog.title, in_catalog.driver, "not-run", "not in this run", documented=in_catalog.documented
        )
    here = [platform.name for platform in matrix.platforms]
    nearest = difflib.get_close_matches(name, [*here, *catalog.platform_names()], n=1, cutoff=0.5)
    hint = f" (did you mean {nearest[0]!r}?)" if nearest and nearest[0] != name else ""
    raise ConfigurationError(
        f"no facts of a platform {name!r}{hint}; this run has {', '.join(here)}; "
        f"`anyunix run --platform {name} --out DIR` measures one that is not in it"
    )
