"""Thermodynamics off a model q of P = exp(-beta E)/Z, out of n independent samples of q.

Plain (Sprague et al. 2021, Eqs. 10, 11): S = -E_q[ln q], F = E_q[E + ln q / beta], U = E_q[E]: of q, not of P.
Weighted (neural importance sampling, Nicoli et al., arXiv:1910.13496): w = exp(-beta E)/q gives those of P itself,

    F = -ln(mean w)/beta,   <A> = sum w A / sum w,   S = beta (U - F),   n_eff = (sum w)^2 / sum w^2,

with standard errors from first-order influences. Both are good only where q is: a q that misses states that P
visits has errors that no sample shows, and n_eff tells nothing of them. All are of the whole system, not per spin.
"""

from typing import NamedTuple

import numpy as np
import torch

from .models import Model, evaluate, sample
from .van import Energy, configurations


class Estimate(NamedTuple):
    """A mean and its standard error."""

    value: float
    error: float


class Drawn(NamedTuple):
    """Of each sample (n), float64: ln q, E and the magnitude of the magnetisation, a spin."""

    lnq: np.ndarray
    E: np.ndarray
    m: np.ndarray


def drawn(model: Model, energy: Energy, count: int, seed: int, batch: int = 10_000) -> Drawn:
    """`count` samples of q, of Ising spins, in slices."""
    generator, parts = torch.Generator().manual_seed(seed), []
    for begin in range(0, count, batch):
        x = sample(model, min(batch, count - begin), generator)
        s = configurations(x, model.shape.colours)
        m = np.abs(s.mean(1)) if model.shape.colours == 2 else order(s, model.shape.colours)
        parts.append((evaluate(model, x).numpy(), np.asarray(energy(s), float), m))
    return Drawn(*(np.concatenate(part) for part in zip(*parts)))


def order(s: np.ndarray, colours: int) -> np.ndarray:
    """(Q max_k share_k - 1) / (Q - 1), of colours s (n, site)."""
    share = np.stack([(s == k).mean(1) for k in range(colours)]).max(0)
    return (colours * share - 1) / (colours - 1)


def mean(a: np.ndarray) -> Estimate:
    return Estimate(float(a.mean()), float(a.std(ddof=1) / len(a) ** 0.5))


def plain(found: Drawn, beta: float) -> dict[str, Estimate]:
    """F, U, S, m of q."""
    return {
        "F": mean(found.E + found.lnq / beta), "U": mean(found.E), "S": mean(-found.lnq), "m": mean(found.m)
    }  # fmt: skip


def weighted(found: Drawn, beta: float) -> dict[str, Estimate]:
    """F, U, S, m of P."""
    v, top, _ = weights(found, beta)
    n, total = len(v), v.sum()
    F = -(np.log(total / n) + top) / beta
    U, m = (v @ a / total for a in (found.E, found.m))
    of_F = -(v * n / total - 1) / beta
    of_U, of_m = (v * n / total * (a - b) for a, b in ((found.E, U), (found.m, m)))
    values = {"F": (F, of_F), "U": (U, of_U), "S": (beta * (U - F), beta * (of_U - of_F)), "m": (m, of_m)}
    return {k: Estimate(float(a), mean(influence).error) for k, (a, influence) in values.items()}


def weights(found: Drawn, beta: float) -> tuple[np.ndarray, float, float]:
    """w / exp(top) (n), top = max ln w, and n_eff."""
    lnw = -beta * found.E - found.lnq
    v = np.exp(lnw - lnw.max())
    return v, float(lnw.max()), float(v.sum() ** 2 / (v @ v))
