"""What a result holds, in lines of text: a line a variable, at most 80 columns where names allow it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .slices import parameters, realizations

if TYPE_CHECKING:
    import xarray as xr

COLUMNS, PATH, UNIT = 80, 40, 5
WHOLE = "\N{NO-BREAK SPACE}"  # between a dimension and its size
BOUNDS = ("_se", "_low", "_high")


def contents(tree: xr.DataTree) -> Iterator[str]:
    """Paths, dimensions, units; dimensions that a sweep puts in front are said once and stand as … ."""
    front = [p.name for p in parameters(tree)] + ["realization"] * (realizations(tree) > 1)
    front = front if len(front) > 1 else []
    if front:
        sizes = {d: n for node in tree.subtree for d, n in node.dataset.sizes.items()}
        yield f"  … is {', '.join(f'{d} {sizes[d]}' for d in front)}"
    for node in tree.subtree:
        for name, variable in node.dataset.data_vars.items():
            if node.path.startswith("/quenched") and str(name).endswith(BOUNDS):
                continue
            yield from row(f"{node.path}/{name}", shortened(variable, front), str(variable.attrs.get("units", "")))
    if "quenched" in tree.children:
        yield f"  /quenched holds with each also {', '.join(BOUNDS)}"


def shortened(variable: xr.DataArray, front: Sequence[str]) -> str:
    """drive 5, trial 100; what all that is swept has in front as … ."""
    dims = [str(d) for d in variable.dims]
    whole = bool(front) and dims[: len(front)] == list(front)
    rest = dims[len(front) :] if whole else dims
    return ", ".join((["…"] if whole else []) + [f"{d}{WHOLE}{variable.sizes[d]}" for d in rest])


def row(path: str, dims: str, unit: str) -> Iterator[str]:
    """One line; further ones below its dimensions where they are too many."""
    left = f"  {path:<{PATH}}"
    if len(left) > PATH + 2:
        left += "  "
    room = max(COLUMNS - len(left) - UNIT - 2, 24)
    first, *others = textwrap.wrap(dims, room) or [""]
    yield f"{left}{first:<{room}}  {unit}".rstrip().replace(WHOLE, " ")
    for more in others:
        yield " " * len(left) + more.replace(WHOLE, " ")
