"""Observables of configurations under a general energy."""

import numpy as np
from numba import njit

from .energies import Model, energy


@njit(nogil=True, cache=True)
def energies_of(model: Model, s: np.ndarray) -> np.ndarray:
    """E of configurations (configuration, site) -> (configuration) float64."""
    out = np.empty(len(s))
    for a in range(len(s)):
        out[a] = energy(model, s[a])
    return out


def magnetization(s: np.ndarray) -> np.ndarray:
    """Mean spin of configurations (…, site) of ±1."""
    return s.mean(axis=-1, dtype=np.float64)


def order(q: np.ndarray, colours: int) -> np.ndarray:
    """(Q max_a n_a / N - 1) / (Q - 1) of configurations (…, site) of colours 0 … Q - 1: 0 where all are alike, 1 where
    there is one only."""
    most = np.stack([(q == a).mean(axis=-1, dtype=np.float64) for a in range(colours)]).max(axis=0)
    return (colours * most - 1) / (colours - 1)
