"""All states of small systems, one by one, each energy summed afresh: what sums over states are held to.

State number a has the digits of the sites in base Q, site 0 the most significant.
"""

import numpy as np

from spindsl.kernels.energies import Colours, Model, states
from spindsl.kernels.measures import energies_of, magnetization, order


def configurations(sites: int, Q: int, spin: bool) -> np.ndarray:
    """Every state by number, (state, site) int8: ±1, or colours 0 … Q - 1."""
    d = np.stack(np.unravel_index(np.arange(Q**sites), (Q,) * sites), axis=-1).astype(np.int8)
    return 2 * d - 1 if spin else d


def spectrum(model: Model) -> tuple[np.ndarray, np.ndarray]:
    """Energy and order parameter of every state, (state)."""
    Q, spin = states(model), not isinstance(model, Colours)
    every = configurations(model.sites, Q, spin)
    return energies_of(model, every), magnetization(every) if spin else order(every, Q)


def density(model: Model, unit: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Levels of E, multiples of `unit`, and how many states each has, (level)."""
    e, _ = spectrum(model)
    level, count = np.unique(np.rint(e / unit), return_counts=True)
    assert np.abs(e / unit - np.rint(e / unit)).max() < 1e-9
    return level * unit, count
