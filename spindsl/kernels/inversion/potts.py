"""Pair tables of colours: E(q) = -sum_t sum_x table_t[q_x, q_(x+t)] - sum_x field[q_x], offsets t and tables unknown.

    p(q_i = a | rest) ~ exp(beta w_i(a)),   w_i(a) = field[a] + sum_t table_t[a, q_(i+t)] + table_t[q_(i-t), a]

Tables have rows and columns of zero sum, fields zero sum: what else they hold is a constant or another field. Offsets
enter whole tables at a time where their score, chi^2 over all entries, exceeds chance. Afterwards a table that the
observations cannot tell from J delta or J cos is refitted as one: fewer numbers, smaller errors.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import chi2
from scipy.stats import f as fisher

from .candidates import Template, candidates
from .growth import grown
from .templates import heads, runs, sandwich

CHUNK = 100  # observations worked on together
LOOK = 500  # observations that give the Hessian between candidates and fit


class Tables(NamedTuple):
    """What was found, an entry per offset (or the field, offset None)."""

    offset: list[tuple[int, ...] | None]
    table: list[np.ndarray]  # (Q, Q), or (Q) for the field
    se: list[np.ndarray]  # standard error of each entry
    shape: list[str]  # "general", "delta" or "cosine"
    J: np.ndarray  # coupling in front of the shape; nan where general
    J_se: np.ndarray
    chance: float  # probability below which a score counts
    refused: float  # least probability of a candidate left outside


class Group(NamedTuple):
    """Tables that enter together for one offset."""

    offset: tuple[int, ...] | None
    basis: np.ndarray  # (parameter, Q, Q), or (parameter, Q) for the field


def harmonics(Q: int) -> np.ndarray:
    """Orthonormal functions of zero sum on Q colours (function, Q): cosines and sines of 2 pi k q / Q."""
    angle = 2 * np.pi * np.arange(Q) / Q
    rows = [f(k * angle) for k in range(1, Q // 2 + 1) for f in (np.cos, np.sin)][: Q - 1]
    return np.array([r / np.linalg.norm(r) for r in rows])


def shapes(Q: int) -> dict[str, np.ndarray]:
    """Tables with one coupling (Q, Q), centred: delta = [a = b] - 1/Q and cosine = cos(2 pi (a - b) / Q)."""
    a = np.arange(Q)
    cosine = np.cos(2 * np.pi * (a[:, None] - a) / Q)
    return {"cosine": cosine, "delta": np.eye(Q) - 1 / Q}


def general(Q: int, mirrored: bool) -> np.ndarray:
    """All centred tables (parameter, Q, Q); the symmetric ones where the offset is its own mirror image."""
    e = harmonics(Q)
    full = np.einsum("ia,jb->ijab", e, e)
    if not mirrored:
        return full.reshape(-1, Q, Q)
    i, j = np.triu_indices(Q - 1)
    return (full[i, j] + full[i, j].transpose(0, 2, 1)) / 2


def pool(sides: tuple[int, ...], reach: int | None, Q: int) -> list[Group]:
    """The field and a general table for every offset up to `reach` on the torus, each once."""
    pairs: list[Template] = [t for t in candidates(sides, reach, 2, 1) if len(t) == 2]
    mirrored = [mirror(t[1], sides) for t in pairs]
    return [Group(None, harmonics(Q)), *(Group(t[1], general(Q, m)) for t, m in zip(pairs, mirrored))]


def design(q: np.ndarray, sides: tuple[int, ...], groups: list[Group], Q: int) -> np.ndarray:
    """Features (observation, site, colour, parameter): what w_i(a) gains per unit of each parameter."""
    grid, axes = q.reshape(len(q), *sides), tuple(range(1, len(sides) + 1))
    out = np.empty((*q.shape, Q, sum(len(g.basis) for g in groups)), dtype=np.float32)
    k = 0
    for g in groups:
        to = out[..., k : k + len(g.basis)]
        k += len(g.basis)
        if g.offset is None:
            to[:] = g.basis.T
            continue
        tables = np.moveaxis(g.basis, 0, -1).astype(np.float32)  # (Q, Q, parameter)
        ahead = np.roll(grid, [-d for d in g.offset], axes).reshape(q.shape)
        to[:] = tables.transpose(1, 0, 2)[ahead]
        if not mirror(g.offset, sides):
            to += tables[np.roll(grid, g.offset, axes).reshape(q.shape)]
    return out


def slopes(
    q: np.ndarray, sides: tuple[int, ...], groups: list[Group], Q: int, K: np.ndarray, cuts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient (block, parameter) and minus Hessian of the pseudolikelihood at the parameters K of the groups."""
    size = sum(len(g.basis) for g in groups)
    gradient, hessian = np.zeros((len(cuts), size)), np.zeros((size, size))
    for block, (start, stop) in enumerate(cuts):
        for low in range(start, stop, CHUNK):
            part = q[low : min(low + CHUNK, stop)]
            f = design(part, sides, groups, Q).reshape(-1, Q, size)
            p = _softmax(f @ K.astype(np.float32))
            mean = np.einsum("na,nak->nk", p, f)
            gradient[block] += (f[np.arange(len(f)), part.ravel()] - mean).sum(axis=0, dtype=np.float64)
            flat = f.reshape(-1, size)
            hessian += flat.T @ (flat * p.reshape(-1, 1)) - mean.T @ mean
    return gradient, hessian


def _softmax(w: np.ndarray) -> np.ndarray:
    p = np.exp(w - w.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True)


def gradients(
    q: np.ndarray, sides: tuple[int, ...], every: list[Group], chosen: list[Group], Q: int, K: np.ndarray,
    cuts: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Gradient (block, parameter) of all groups at the fit of the chosen ones.

    From sums over sites of ([q_i = a] - p_i(a)) [q_(i+d) = c], nothing else is needed for a table of (a, c).
    """
    places, out = slices(every), np.zeros((len(cuts), sum(len(g.basis) for g in every)))
    for block, (start, stop) in enumerate(cuts):
        for low in range(start, stop, CHUNK):
            part = q[low : min(low + CHUNK, stop)]
            own = np.eye(Q, dtype=np.float32)[part]
            w = design(part, sides, chosen, Q) @ K.astype(np.float32) if chosen else np.zeros(own.shape, np.float32)
            rest = (own - _softmax(w)).reshape(-1, Q)
            grid, axes = own.reshape(len(part), *sides, Q), tuple(range(1, len(sides) + 1))
            for g, s in zip(every, places):
                if g.offset is None:
                    out[block, s] += g.basis @ rest.sum(axis=0)
                    continue
                seen = rest.T @ np.roll(grid, [-d for d in g.offset], axes).reshape(-1, Q)
                if not mirror(g.offset, sides):
                    seen += (rest.T @ np.roll(grid, g.offset, axes).reshape(-1, Q)).T
                out[block, s] += np.einsum("kab,ab->k", g.basis, seen)
    return out


def mirror(offset: tuple[int, ...], sides: tuple[int, ...]) -> bool:
    """Whether the offset is its own mirror image on the torus."""
    return all((2 * d) % n == 0 for d, n in zip(offset, sides))


def refit(
    q: np.ndarray, sides: tuple[int, ...], groups: list[Group], Q: int, cuts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Parameters of largest pseudolikelihood, their covariance from the blocks."""
    K = np.zeros(sum(len(g.basis) for g in groups))
    if not groups:
        return K, np.zeros((0, 0))
    for _ in range(50):
        gradient, hessian = slopes(q, sides, groups, Q, K, cuts)
        step = np.linalg.solve(hessian, gradient.sum(axis=0))
        K = K + step
        if np.abs(step).max() < 1e-5:
            return K, sandwich(hessian, gradient)
    raise ValueError("the pseudolikelihood has no maximum: some conditionals are certain in these observations")


def fit_potts(q: np.ndarray, sides: tuple[int, ...], Q: int, beta: float, *, reach: int | None, alarm: float,
              blocks: int, level: float) -> Tables:  # fmt: skip
    """Fit colours `q` (observation, site), 0 … Q - 1, seen at `beta` on a torus.

    `alarm`: number of false tables to expect; `level`: probability below which a shape is rejected (nought keeps none).
    """
    search = Search(q, sides, pool(sides, reach, Q), Q, runs(len(q), blocks), alarm)
    found = grown(search, Grown([], np.zeros(0), np.zeros((0, 0))), np.zeros(len(search.every), dtype=np.int64))
    groups, K, covariance = search.of(found.chosen), found.K, found.covariance
    named = [named_shape(g, K[s], covariance[s, s], Q, blocks, level) for g, s in zip(groups, slices(groups))]
    groups = [g if n == "general" else Group(g.offset, shapes(Q)[n][None]) for g, n in zip(groups, named)]
    K, covariance = refit(q, sides, groups, Q, search.cuts)
    return _tables(groups, named, K / beta, covariance / beta**2, np.exp(search.chance), np.exp(found.refused))


class Grown(NamedTuple):
    """Tables in the fit."""

    chosen: list[int]
    K: np.ndarray  # (parameter)
    covariance: np.ndarray  # (parameter, parameter)
    refused: float = 0.0  # ln of the least probability of a table left outside


class Search(NamedTuple):
    """Tables that are fitted and tested by the logarithm of their probability."""

    q: np.ndarray
    sides: tuple[int, ...]
    every: list[Group]
    Q: int
    cuts: np.ndarray
    alarm: float

    @property
    def chance(self) -> float:
        """ln of the probability below which a table is taken."""
        return float(np.log(self.alarm / len(self.every)))

    def of(self, chosen: Sequence[int]) -> list[Group]:
        """These tables."""
        return [self.every[k] for k in chosen]

    def fitted(self, chosen: Sequence[int], before: Grown) -> Grown:
        """Parameters of largest pseudolikelihood."""
        return Grown(list(chosen), *refit(self.q, self.sides, self.of(chosen), self.Q, self.cuts))

    def within(self, fit: Grown) -> list[int]:
        """Tables whose own estimates are within chance of zero, likeliest first."""
        K, places = fit.K, slices(self.of(fit.chosen))
        t2 = [K[s] @ np.linalg.solve(fit.covariance[s, s], K[s]) for s in places]
        p = np.array([tail(float(t), s.stop - s.start, len(self.cuts)) for t, s in zip(t2, places)])
        return [fit.chosen[n] for n in np.argsort(-p, kind="stable") if p[n] > self.chance]

    def beyond(self, fit: Grown, shut: Sequence[int]) -> tuple[Grown, list[int]]:
        """Tables whose efficient scores are no chance, least likely first."""
        rest = sorted(set(range(len(self.every))) - {*fit.chosen, *shut})
        gradient, places = self.scores(fit), slices(self.every)
        p = np.array([hotelling(gradient[:, places[k]]) for k in rest])
        new = [rest[n] for n in np.argsort(p, kind="stable") if p[n] <= self.chance]
        return fit._replace(refused=float(p.min(initial=0.0))), new

    def scores(self, fit: Grown) -> np.ndarray:
        """Efficient scores (block, parameter) of all tables."""
        places, whole = slices(self.every), np.zeros(slices(self.every)[-1].stop)
        held = np.array([n for k in fit.chosen for n in range(places[k].start, places[k].stop)], dtype=np.int64)
        gradient = gradients(self.q, self.sides, self.every, self.of(fit.chosen), self.Q, fit.K, self.cuts)
        if not len(held):
            return gradient
        whole[held] = fit.K
        hessian = slopes(self.q, self.sides, self.every, self.Q, whole, heads(self.cuts, LOOK))[1]
        return gradient - gradient[:, held] @ np.linalg.solve(hessian[np.ix_(held, held)], hessian[held])


def hotelling(block: np.ndarray) -> float:
    """ln of the probability that sums of blocks (block, parameter) are as far from zero by chance: Hotelling's T^2."""
    n, k = block.shape
    mean = block.mean(axis=0)
    return tail(float(n * mean @ np.linalg.solve(np.atleast_2d(np.cov(block.T)), mean)), k, n)


def tail(t2: float, k: int, n: int) -> float:
    """ln of the probability of a larger T^2 of k numbers, covariance from n blocks: T^2 (n - k) / k (n - 1) is F."""
    return float(fisher.logsf(t2 * (n - k) / (k * (n - 1)), k, n - k))


def named_shape(group: Group, K: np.ndarray, covariance: np.ndarray, Q: int, blocks: int, level: float) -> str:
    """The shape of one coupling that a fitted table is compatible with, the likeliest where several are."""
    if group.offset is None:
        return "general"
    found, best = "general", level
    for name, table in shapes(Q).items():
        direction = np.einsum("kab,ab->k", group.basis, table) / np.einsum("kab,kab->k", group.basis, group.basis)
        inverse = np.linalg.inv(covariance)
        J = direction @ inverse @ K / (direction @ inverse @ direction)
        p = chi2.sf((K - J * direction) @ inverse @ (K - J * direction), len(K) - 1)
        found, best = (name, p) if p > best * (1 + 1e-6) else (found, best)
    return found


def slices(groups: list[Group]) -> list[slice]:
    """Where the parameters of each group lie."""
    ends = np.cumsum([len(g.basis) for g in groups]).tolist()
    return [slice(b - len(g.basis), b) for b, g in zip(ends, groups)]


def _tables(
    groups: list[Group], named: list[str], K: np.ndarray, covariance: np.ndarray, chance: float, refused: float
) -> Tables:
    table = [np.tensordot(K[s], g.basis, 1) for g, s in zip(groups, slices(groups))]
    se = [
        np.sqrt(np.einsum("k...,kl,l...->...", g.basis, covariance[s, s], g.basis))
        for g, s in zip(groups, slices(groups))
    ]
    J = np.array([np.nan if n == "general" else K[s][0] for n, s in zip(named, slices(groups))])
    J_se = np.array(
        [np.nan if n == "general" else covariance[s, s][0, 0] ** 0.5 for n, s in zip(named, slices(groups))]
    )
    return Tables([g.offset for g in groups], table, se, list(named), J, J_se, chance, refused)
