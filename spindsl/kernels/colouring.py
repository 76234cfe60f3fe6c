"""Colourings of the interaction graph: sites of one colour meet in no term, so that they can be tried all at once."""

import numpy as np
from numba import njit

from .energies import Clusters, Colours, Model, Paired, Tiles


def met(model: Model) -> tuple[np.ndarray, np.ndarray]:
    """Sites that meet in a term, as (start, other): those of i are other[start[i]:start[i + 1]], each once."""
    if isinstance(model, Clusters):
        row, other = together(model.start, model.site)
    elif isinstance(model, Colours | Paired):
        row, other = np.repeat(np.arange(model.sites), np.diff(model.at)), model.other
    elif isinstance(model, Tiles):
        windows, bits = model.window.shape
        row, other = together(np.arange(windows + 1) * bits, model.window.ravel())
    else:
        raise TypeError(f"no neighbours in {type(model).__name__}")
    both = np.unique(row.astype(np.int64) * model.sites + other)
    row, other = np.divmod(both, model.sites)
    keep = row != other
    return np.searchsorted(row[keep], np.arange(model.sites + 1)), other[keep]


def together(start: np.ndarray, site: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All ordered pairs of sites that share a list site[start[t]:start[t + 1]]."""
    size = np.diff(start)
    row = np.repeat(site, np.repeat(size, size))
    offset = np.arange(len(row)) - np.repeat(np.cumsum(size**2) - size**2, size**2)
    return row, site[np.repeat(start[:-1], size**2) + offset % np.repeat(size, size**2)]


@njit(cache=True)
def _greedy(start, other):
    colour = np.full(len(start) - 1, -1, dtype=np.int64)
    for i in range(len(colour)):
        free = True
        a = -1
        while a < 0 or not free:
            a += 1
            free = True
            for k in range(start[i], start[i + 1]):
                free &= colour[other[k]] != a
        colour[i] = a
    return colour


@njit(cache=True)
def _halves(start, other):
    side = np.full(len(start) - 1, -1, dtype=np.int64)
    queue = np.empty(len(side), dtype=np.int64)
    for seed in range(len(side)):
        if side[seed] >= 0:
            continue
        side[seed], queue[0], size, done = 0, seed, 1, 0
        while done < size:
            i = queue[done]
            done += 1
            for k in range(start[i], start[i + 1]):
                j = other[k]
                if side[j] < 0:
                    side[j], queue[size] = 1 - side[i], j
                    size += 1
                elif side[j] == side[i]:
                    return side, i, j
    return side, -1, -1


def halves(model: Model) -> np.ndarray:
    """0 or 1 for each site, so that neighbours differ: a checkerboard; ValueError for odd rings and terms of 3."""
    side, i, j = _halves(*met(model))
    if i >= 0:
        raise ValueError(f"no checkerboard: sites {i} and {j} meet on a ring of odd length")
    return side


def two_colourable(model: Model) -> bool:
    """Whether there is a checkerboard."""
    return bool(_halves(*met(model))[1] < 0)


def coloured(model: Model) -> np.ndarray:
    """A colour 0, 1 … for each site, so that neighbours differ: two where possible, else first come first served."""
    neighbours = met(model)
    side, i, _ = _halves(*neighbours)
    return side if i < 0 else _greedy(*neighbours)


def order(colour: np.ndarray) -> np.ndarray:
    """Sites colour by colour, uint32: an order of `chains.Metropolis`."""
    return np.argsort(colour, kind="stable").astype(np.uint32)
