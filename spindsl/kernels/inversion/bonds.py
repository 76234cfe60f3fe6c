"""Which pairs are bonded, learned from all estimates together: a spike at nothing and a slab of unknown width.

    K_t ~ (1 - share) delta(0) + share N(0, width^2),   estimate_t = K_t + N(0, se_t^2)

Share and width are those of largest marginal likelihood over all pairs (Efron et al. 2001; Mitchell and
Beauchamp 1988). The mean of K_t given the data has the least square error of all estimates: a strong bond
passes as it is, a pair within its error counts for next to nothing, and what lies between counts by its probability.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit

STEPS = 10_000  # of expectation and maximization


class Prior(NamedTuple):
    """What pairs are like before they are looked at."""

    share: float  # of the pairs that are bonded
    width: float  # standard deviation of K of a bond


def odds(estimate: np.ndarray, se: np.ndarray, prior: Prior) -> np.ndarray:
    """Logarithm of P(bond) / P(no bond) given the estimate (pair): ln share / (1 - share), and the ratio of densities
    N(0, width^2 + se^2) and N(0, se^2)."""
    wide = prior.width**2 + se**2
    return logit(prior.share) - np.log(wide / se**2) / 2 + estimate**2 * (1 / se**2 - 1 / wide) / 2


def learned(estimate: np.ndarray, se: np.ndarray, start: np.ndarray) -> Prior:
    """Share and width of largest likelihood, by expectation and maximization from the pairs `start` (bool) as bonds;
    ValueError where it does not get there."""
    prior = Prior(float(start.mean()), float(np.sqrt((estimate[start] ** 2).mean())))
    for _ in range(STEPS):
        p, mean, sd = conditional(estimate, se, prior)
        new = Prior(float(p.mean()), float(np.sqrt((p * (mean**2 + sd**2)).sum() / p.sum())))
        if np.allclose(new, prior, rtol=1e-9, atol=0.0):
            return new
        prior = new
    raise ValueError(f"what bonds are like is not learned in {STEPS} steps from {start.sum()} of them")


def conditional(estimate: np.ndarray, se: np.ndarray, prior: Prior) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """P(bond), and mean and standard deviation of K were the pair bonded (pair)."""
    kept = prior.width**2 / (prior.width**2 + se**2)
    return expit(odds(estimate, se, prior)), kept * estimate, np.sqrt(kept) * se


def posterior(estimate: np.ndarray, se: np.ndarray, prior: Prior) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """P(bond), and mean and standard deviation of K, bonded or not (pair)."""
    p, mean, sd = conditional(estimate, se, prior)
    return p, p * mean, np.sqrt(p * (sd**2 + (1 - p) * mean**2))


def needed(se: np.ndarray, prior: Prior, least: float) -> np.ndarray:
    """|estimate| / se (pair) from which P(bond) is at least so much; 0 where it always is."""
    ratio = prior.width**2 / se**2
    return np.sqrt(np.maximum(0.0, 2 * (1 + 1 / ratio) * (logit(least) - logit(prior.share) + np.log1p(ratio) / 2)))
