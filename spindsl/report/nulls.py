"""The scores that need no reading of matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .reading import Curve, group, switches
from .scores import Level

if TYPE_CHECKING:
    import xarray as xr

NULLS = {"ceiling": ("Bayes ceiling", (5.0, 2.0)), "memoryless": ("present field alone", (1.5, 1.5))}


def nulls(tree: xr.DataTree, curves: Sequence[Curve]) -> list[Level]:
    """The scores that need no reading of matter: what the protocol knows, and chance."""
    protocol = group(tree, "/protocol")
    found = []
    for variable, (name, dashes) in NULLS.items():
        if protocol is not None and variable in protocol:
            found.append(Level(name, switches(protocol), level(protocol[variable]), dashes))
    blind = [c for c in curves if np.isfinite(c.chance)]
    if blind:
        ends = np.array([min(c.switch[0] for c in blind), max(c.switch[-1] for c in blind)])
        found.append(Level("chance", ends, np.full(2, blind[0].chance), (1.0, 0.0)))
    return found


def level(null: xr.DataArray) -> np.ndarray:
    """A null against time; of several realizations the mean."""
    return (null.mean("realization") if "realization" in null.dims else null).values
