"""Energies of a few sites, written out in full, and what equilibrium is for them."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import stats

from spindsl.kernels import energies

FALSE = 1e-6  # of an alarm, in each test


@dataclass(frozen=True)
class Tiny:
    """A model, all its states (state, site), E of each by a formula of its own, and an inverse temperature."""

    model: energies.Model
    states: np.ndarray
    E: np.ndarray
    beta: float

    @property
    def pi(self) -> np.ndarray:
        """exp(-beta E) / Z."""
        weight = np.exp(-self.beta * (self.E - self.E.min()))
        return weight / weight.sum()

    def number(self, s: np.ndarray) -> np.ndarray:
        """Which states configurations (…, site) are."""
        values = len(np.unique(self.states))
        digit = (s + 1) // 2 if values == 2 and self.states.min() < 0 else s
        return digit @ values ** np.arange(self.states.shape[1])[::-1]


def spins(sites: int) -> np.ndarray:
    """All states of ±1."""
    return np.array(list(product((-1, 1), repeat=sites)), dtype=np.int8)


def whole(model: energies.Model, states: np.ndarray, formula: Callable, beta: float) -> Tiny:
    return Tiny(model, states, np.array([formula(s.astype(float)) for s in states]), beta)


def glass(seed: int = 3, field: float = 0.6, beta: float = 0.9) -> Tiny:
    """Four spins, all coupled, frustrated, with fields; as pairs."""
    rng = np.random.default_rng(seed)
    i, j = np.triu_indices(4, 1)
    c, h = rng.normal(size=6), field * rng.normal(size=4)
    model = energies.paired(energies.coupled(4, i, j, c, h))
    return whole(model, spins(4), lambda s: (c * s[i] * s[j]).sum() + h @ s, beta)


def bodies(beta: float = 0.8) -> Tiny:
    """Terms of one to four spins."""
    terms, c = [(0,), (2,), (0, 1), (1, 3), (0, 1, 2), (1, 2, 3), (0, 1, 2, 3)], [0.3, -0.5, -1.0, 0.7, 0.4, -0.6, 0.5]
    return whole(
        energies.clusters(4, terms, c), spins(4), lambda s: sum(x * np.prod(s[list(t)]) for t, x in zip(terms, c)), beta
    )


def windows(beta: float = 0.7) -> Tiny:
    """Four windows of three on a ring of four."""
    table = np.random.default_rng(8).normal(size=8)
    window = np.array([[0, 1, 2], [1, 2, 3], [2, 3, 0], [3, 0, 1]])
    weight = np.array([1, 2, 4])
    return whole(
        energies.tiles(4, window, table), spins(4), lambda s: sum(table[int((s[w] > 0) @ weight)] for w in window), beta
    )


def coloured(Q: int = 3, kind: str = "delta", beta: float = 0.8, field: float = 0.5, sites: int = 3) -> Tiny:
    """A triangle of colours whose couplings differ in size and sign, with fields on every colour."""
    rng = np.random.default_rng(Q)
    i, j = np.triu_indices(sites, 1)
    J, h = rng.normal(size=len(i)), field * rng.normal(size=(sites, Q))
    a = np.arange(Q)
    phi = np.eye(Q) if kind == "delta" else np.cos(2 * np.pi * (a[:, None] - a) / Q)
    model = energies.colours(sites, i, j, np.arange(len(i)), -J[:, None, None] * phi, -h)
    states = np.array(list(product(range(Q), repeat=sites)), dtype=np.int8)

    def formula(q):
        q = q.astype(int)
        return -(J * phi[q[i], q[j]]).sum() - h[np.arange(sites), q].sum()

    return whole(model, states, formula, beta)


def torus(L: int) -> tuple[np.ndarray, np.ndarray]:
    """Edges of an L x L torus, L > 2."""
    n = np.arange(L * L).reshape(L, L)
    return np.tile(n.ravel(), 2), np.concatenate([np.roll(n, -1, 1).ravel(), np.roll(n, -1, 0).ravel()])


def ferromagnet(L: int) -> energies.Paired:
    """E = - sum s s on a torus."""
    i, j = torus(L)
    return energies.paired(energies.coupled(L * L, i, j, -np.ones(len(i))))


def potts(L: int, Q: int) -> energies.Colours:
    """E = - sum delta(q, q') on a torus."""
    i, j = torus(L)
    return energies.colours(L * L, i, j, np.zeros(len(i), dtype=int), -np.eye(Q)[None])


def agree(means: np.ndarray, exact: np.ndarray, tests: int = 1) -> None:
    """Means of chains (chain, …) agree with exact values: Student's t, false alarm FALSE of all `tests`."""
    se = means.std(axis=0, ddof=1) / np.sqrt(len(means))
    z = (means.mean(axis=0) - exact) / se
    limit = stats.t.isf(FALSE / (2 * tests * np.size(z)), len(means) - 1)
    assert (np.abs(z) < limit).all(), f"{z} standard errors, limit {limit:.2f}"


def distributed(count: np.ndarray, p: np.ndarray, tests: int = 1) -> None:
    """Counts of independent draws follow p: chi^2, cells of fewer than 5 put together, false alarm FALSE / tests."""
    assert count[p < 1e-15].sum() == 0, "what cannot happen has happened"
    expected = p * count.sum()
    few = expected < 5
    got, want = np.append(count[~few], count[few].sum()), np.append(expected[~few], expected[few].sum())
    got, want = got[want > 0.5], want[want > 0.5]
    chi2 = ((got - want) ** 2 / want).sum()
    assert chi2 < stats.chi2.isf(FALSE / tests, max(len(got) - 1, 1)), (chi2, len(got))
