"""Energies of patterns, learned as a table: how the table begins, its losses, and what is read off it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np

from .errors import DataError

if TYPE_CHECKING:
    import xarray as xr
    from torch import Tensor

    from .kernels.ednn import Shape
    from .kernels.tables import Table

    Slope = Callable[[Tensor, np.ndarray], tuple[float, Tensor]]  # loss of rows and its gradient, by the table

SKIP_STEPS, DECAY = 6, 1e-6  # of scoring, which fits the products by themselves


def few(side: int, dims: int) -> dict[int, tuple[int, ...]]:
    """One spin, and two in their lowest corner, of a window: bit sets, and the place of the second from the first."""
    places = list(product(range(side), repeat=dims))
    found = {1: (0,) * dims}
    for (k, a), (m, b) in combinations(enumerate(places), 2):
        if not any(map(min, a, b)):
            found[1 << k | 1 << m] = tuple(y - x for x, y in zip(a, b))
    return dict(sorted(found.items()))


def begun(shape: Shape, skip: int, seed: int, start: Tensor | None = None) -> tuple[Table, Tensor]:
    """A table and its first parameters; beside products, of coefficients `start`, the network begins small."""
    import torch

    from .kernels import tables

    g = torch.Generator().manual_seed(seed)
    model, flat = tables.begun(shape, tables.few(shape.bits, skip), g, 1e-2 if skip else 1.0)
    if start is not None:
        flat[len(flat) - len(model.terms) :] = start
    return model, flat


def regression(pattern: np.ndarray, labels: np.ndarray) -> Slope:
    """Loss of regression on labels (n) of patterns (n, window), and its gradient by the table."""
    from .kernels import conditionals

    return lambda table, rows: conditionals.labelled(table, pattern[rows], labels[rows])


def pseudolikelihood(pattern: np.ndarray, window: np.ndarray, sites: int, beta: float) -> Slope:
    """Loss of patterns (n, window) seen through windows (window, bit), and its gradient by the table."""
    from .kernels import conditionals

    where = conditionals.gathered(window, sites)
    return lambda table, rows: conditionals.valued(table, pattern[rows], window, where, beta)


def coefficients(
    shape: Shape, skip: int, pattern: np.ndarray, window: np.ndarray, sites: int, beta: float, seed: int
) -> Tensor:
    """Of products of up to `skip` spins alone, by pseudolikelihood; DataError where none can be fitted."""
    import torch

    from .kernels import scoring, tables

    alone = tables.Table([(shape.bits, 1)], tables.few(shape.bits, skip))
    first, prior, g = torch.zeros(alone.parameters), scoring.Prior(DECAY, 0.0), torch.Generator().manual_seed(seed)
    try:
        flat = scoring.scored(alone, first, pattern, window, sites, beta, prior, g, SKIP_STEPS)
    except torch.linalg.LinAlgError as error:  # pyright: ignore[reportPrivateImportUsage]
        raise DataError(f"at beta = {beta:g} no products can be fitted: {error}") from error
    start = alone.skip(flat).clone()
    start[np.searchsorted(alone.terms, 1 << np.arange(shape.bits))] += flat[: shape.bits]
    return start


def told(
    shape: Shape, model: Table, table: np.ndarray, seen: np.ndarray, loss: np.ndarray, shrink: float | None
) -> xr.Dataset:
    """Drawn to its products if asked for, and what is read off it."""
    import xarray as xr

    from .kernels import walsh

    if shrink is not None:
        table = walsh.shrunk(table, seen.astype(float), model.terms, shrink)
    clusters, J = walsh.couplings_of(table, shape.side, shape.dims, shape.step)
    asked = few(shape.side, shape.dims)
    offset = np.array(list(asked.values()), dtype=np.int16)
    return xr.Dataset({
        "pattern_energy": ("pattern", table), "patterns_seen": ((), np.int32((seen > 0).sum())), "loss": ("step", loss),
        "offset": (("cluster", "axis"), offset),
        "coupling": ("cluster", -J[np.searchsorted(clusters, list(asked))]),
    })  # fmt: skip
