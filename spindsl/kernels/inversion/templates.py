"""A translation-invariant energy E(s) = -sum_t J_t sum_x prod_(i in t + x) s_i, grown from nothing, low order first.

Growth: of all candidates the one whose efficient score at the present fit is largest enters, as long as it exceeds
what chance gives; then everything is refitted without penalty, so that no coupling is shrunk. Last, terms whose own
estimate is within chance of zero leave. The efficient score of t is U_t - H_tS H_SS^-1 U_S; its variance comes from
sums over blocks of consecutive observations, so that correlated data count as what they are worth.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import t as student

from ..translates import distinct
from .candidates import Template, candidates
from .growth import grown
from .moments import Key, sharpen
from .scores import LANES, none, sums, terms

LOOK = 20_000  # observations that give the Hessian between candidates and fit, and the first steps of a refit


class Fit(NamedTuple):
    """Selected terms with their couplings; `refused` says how near a miss the first term left outside was."""

    template: list[Template]
    J: np.ndarray  # (term): the energy is -J times the products
    covariance: np.ndarray  # (term, term) of J, from blocks
    naive: np.ndarray  # (term): standard errors of J, were all observations independent
    chance: float  # |z| beyond which a term is taken
    refused: float  # largest |z| of a candidate left outside
    tried: int  # number of candidates

    @property
    def se(self) -> np.ndarray:
        """Standard errors of J."""
        return np.sqrt(np.diag(self.covariance))


def fit_templates(
    spins: np.ndarray, sides: tuple[int, ...], beta: float, *, reach: int | None, order: int, window: int,
    alarm: float, blocks: int, key: Key | None = None, share: float = 0.1, periodic: bool = True,
) -> Fit:  # fmt: skip
    """Grow and fit on `spins` (observation, site), ±1, seen at `beta`, consecutive observations making the blocks.

    Candidates: see `candidates`. `alarm`: number of false terms to expect if no candidate outside the fit is real.
    With a `key` (two words) for its chains, the likelihood's Newton step follows (`sharpen`); without, the estimate is
    that of the pseudolikelihood.
    """
    pool = candidates(sides, reach, order, window, periodic)
    lists = [distinct(t, sides, periodic) for t in pool]
    chance = threshold(alarm, len(pool), blocks)
    cuts = runs(len(spins), blocks)
    chosen, K, refused = grow(Search(spins, lists, cuts, chance))
    held = [lists[k] for k in chosen]
    covariance, single = spread(spins, held, K, cuts)
    if key is not None and held:
        K, covariance, single = sharpen(spins, held, K, cuts, key=key, share=share)
    return Fit([pool[k] for k in chosen], K / beta, covariance / beta**2, single / beta, chance, refused, len(pool))


def spread(
    spins: np.ndarray, lists: list[np.ndarray], K: np.ndarray, cuts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Covariance of K from the blocks, and standard errors as if all observations were independent."""
    if not lists:
        return np.zeros((0, 0)), np.zeros(0)
    held, look = terms(lists), np.linspace(0, len(spins) - 1, min(LOOK, len(spins))).astype(np.int64)
    out = sums(spins, held, K, held, cuts, exact=True)
    one = sums(spins[look], held, K, held, runs(len(look), len(look)), exact=True).gradient
    single = sandwich(out.hessian, one) * len(spins) / len(look)
    return sandwich(out.hessian, out.gradient), np.sqrt(np.diag(single))


def threshold(alarm: float, tried: int, blocks: int) -> float:
    """|z| that `alarm` of `tried` scores exceed by chance: Student's t, as the variance is that of `blocks` sums."""
    return float(student.isf(alarm / (2 * tried), blocks - 1))


def runs(observations: int, blocks: int) -> np.ndarray:
    """Blocks (block, 2) of consecutive observations, first and one past last."""
    edges = np.linspace(0, observations, blocks + 1).astype(np.int64)
    return np.stack([edges[:-1], edges[1:]], axis=1)


def heads(cuts: np.ndarray, look: int) -> np.ndarray:
    """Heads of blocks spread evenly, `LANES` or more observations each, together about `look`."""
    length = min(max(LANES, look // len(cuts)), int((cuts[:, 1] - cuts[:, 0]).max()))
    some = cuts[np.unique(np.linspace(0, len(cuts) - 1, min(len(cuts), -(-look // length))).astype(np.int64))]
    return np.stack([some[:, 0], np.minimum(some[:, 1], some[:, 0] + length)], axis=1)


class Grown(NamedTuple):
    """Terms in the fit."""

    chosen: list[int]
    K: np.ndarray  # (chosen)
    refused: float = 0.0  # largest |z| of a candidate left outside


class Search(NamedTuple):
    """Terms of at most `size` sites that are fitted and tested by their z."""

    spins: np.ndarray
    lists: list[np.ndarray]
    cuts: np.ndarray
    chance: float
    size: int = 1

    def of(self, chosen: Sequence[int]) -> list[np.ndarray]:
        """Sites of these terms."""
        return [self.lists[k] for k in chosen]

    def fitted(self, chosen: Sequence[int], before: Grown) -> Grown:
        """K of largest pseudolikelihood."""
        known = dict(zip(before.chosen, before.K))
        start = np.array([known.get(k, 0.0) for k in chosen])
        return Grown(list(chosen), refit(self.spins, self.of(chosen), start, self.cuts))

    def within(self, fit: Grown) -> list[int]:
        """Terms whose own estimate is within chance of zero, worst first."""
        if not fit.chosen:
            return []
        held = terms(self.of(fit.chosen))
        out = sums(self.spins, held, fit.K, held, self.cuts)
        z = np.abs(fit.K) / np.sqrt(np.diag(sandwich(out.hessian, out.gradient)))
        return [fit.chosen[n] for n in np.argsort(z, kind="stable") if z[n] < self.chance]

    def beyond(self, fit: Grown, shut: Sequence[int]) -> tuple[Grown, list[int]]:
        """Candidates whose efficient score exceeds chance, largest first."""
        out = {*fit.chosen, *shut}
        rest = [k for k, p in enumerate(self.lists) if p.shape[1] <= self.size and k not in out]
        z = np.abs(score_test(self.spins, self.of(fit.chosen), fit.K, self.of(rest), self.cuts))
        new = [rest[n] for n in np.argsort(-z, kind="stable") if z[n] >= self.chance]
        return fit._replace(refused=float(z.max(initial=0.0))), new


def grow(search: Search) -> Grown:
    """Terms of few sites first."""
    fit, dropped = Grown([], np.zeros(0)), np.zeros(len(search.lists), dtype=np.int64)
    for size in sorted({p.shape[1] for p in search.lists if p.shape[1] > 1} or {1}):
        fit = grown(search._replace(size=size), fit, dropped)
    return fit


def score_test(
    spins: np.ndarray, fitted: list[np.ndarray], K: np.ndarray, asked: list[np.ndarray], cuts: np.ndarray
) -> np.ndarray:
    """z (asked) of the efficient score of each candidate at the fit: standard normal where the candidate is absent."""
    if not asked:
        return np.zeros(0)
    held = terms(fitted) if fitted else none()
    both = terms([*fitted, *asked])
    gradient = sums(spins, held, K, both, cuts, curved=False).gradient
    hessian = sums(spins, held, K, both, heads(cuts, LOOK)).hessian
    k = len(fitted)
    project = np.linalg.solve(hessian[:k], hessian[k:].T) if k else np.zeros((0, len(asked)))
    efficient = gradient[:, k:] - gradient[:, :k] @ project
    spread = efficient - efficient.mean(axis=0)
    return efficient.sum(axis=0) / np.sqrt((spread**2).sum(axis=0) * len(cuts) / (len(cuts) - 1))


def refit(
    spins: np.ndarray, lists: list[np.ndarray], K: np.ndarray, cuts: np.ndarray, weight: np.ndarray | None = None
) -> np.ndarray:
    """K of largest pseudolikelihood, by Newton's method: on the heads of the blocks first, then on everything."""
    if not lists:
        return np.zeros(0)
    held = terms(lists)
    for part in (heads(cuts, LOOK), cuts):
        for _ in range(50):
            out = sums(spins, held, K, held, part, weight, exact=True)
            step = np.linalg.solve(out.hessian, out.gradient.sum(axis=0))
            K = K + step
            if np.abs(step).max() < 1e-9:
                break
        else:
            raise ValueError("the pseudolikelihood has no maximum: some conditionals are certain in these observations")
    return K


def sandwich(hessian: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Covariance H^-1 (sum_b g_b g_b') H^-1 of K, g_b the gradient of block b (Godambe 1960)."""
    bread = np.linalg.inv(hessian)
    centred = gradient - gradient.mean(axis=0)
    return bread @ (centred.T @ centred) @ bread * len(gradient) / (len(gradient) - 1)
