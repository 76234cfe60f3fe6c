"""A network of windows fitted by Fisher scoring: damped Gauss-Newton steps of the pseudolikelihood.

    (F + prior + mu) step = -(gradient of the loss and the prior),   F = mean beta^2 p (1 - p) d d^T

d = the gradient of e, the cost of a flip, by the parameters theta, and p its probability (`conditionals`); mu is
Levenberg's and Marquardt's. Adam needs thousands of steps where scoring needs tens: flips constrain combinations
of weights very unequally.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from . import conditionals
from .tables import Table


def flips(pattern: Tensor, window: Tensor, where: Tensor, config: Tensor, site: Tensor) -> tuple[Tensor, Tensor]:
    """Patterns that count in the cost of flipping `site` of configuration `config`, and their signs: (m, 2 windows)."""
    bits = window.shape[1]
    place = where[:, site].mT  # (m, windows of a site), the last number where there is none
    real = place < window.numel()
    w, b = (place.clamp(max=window.numel() - 1) // bits), place % bits
    p = pattern[config[:, None], w].long()
    sign = real.to(torch.float32)
    return torch.cat([p ^ (1 << b), p], 1), torch.cat([sign, -sign], 1)


def information(model: Table, flat: Tensor, drawn: tuple[Tensor, Tensor], beta: float) -> Tensor:
    """F (P, P) as a mean over drawn flips (`flips`)."""
    pattern, sign = drawn
    g = model.values(flat)
    F = torch.zeros(len(flat), len(flat), dtype=flat.dtype, device=flat.device)
    for p, x in zip(pattern.split(1024), sign.split(1024)):
        e = (g[p] * x).sum(1)
        chance = torch.sigmoid(-beta * e)
        row = model.rows(flat, p, x) * (beta * (chance * (1 - chance)).sqrt())[:, None]
        F.addmm_(row.mT, row)
    return F / len(pattern)


@dataclass
class Prior:
    """decay sum theta^2 / 2 + residual beta^2 mean over all patterns of network^2 / 2, added to the mean loss.

    By Parseval the mean is sum_S a_S^2, of interactions of every order and of patterns seen or never seen alike:
    what the skip leaves over is small unless observations want it.
    """

    decay: float
    residual: float


def evident(prior: Prior, F: Tensor, B: Tensor, square: float, inner: int, terms: int) -> float:
    """The residual's weight by the evidence: gamma / (terms square), gamma the determined parameters.

    MacKay, Neural Computation 4, 415 (1992). `F` holds the prior, B is that of residual = 1,
    `square` is beta^2 mean network^2.
    """
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(F))
    gamma = inner - prior.residual * float((inverse * B).sum())
    return max(gamma, 1e-2) / (terms * square + 1e-12)


def scored(
    model: Table, flat: Tensor, pattern: np.ndarray, window: np.ndarray, sites: int, beta: float, prior: Prior,
    generator: torch.Generator, steps: int, drawn: int = 8192, adapt: bool = False,
    told: Callable[..., None] | None = None,
) -> Tensor:  # fmt: skip
    """Parameters after damped scoring steps on the loss of all patterns (n, window) plus the prior.

    With `adapt` the residual's weight follows the evidence after each step (in `prior`).
    """
    where, inner = conditionals.gathered(window, sites), model.parameters - len(model.terms)
    tensors = torch.as_tensor(pattern), torch.as_tensor(window), torch.as_tensor(where)
    eye = torch.eye(len(flat), dtype=flat.dtype, device=flat.device)

    def objective(theta: Tensor) -> tuple[float, Tensor]:
        g = model.values(theta)
        value, by_table = conditionals.valued(g, pattern, window, where, beta)
        slope = model.pulled(theta, by_table) + prior.decay * theta
        value += prior.decay * float((theta**2).sum()) / 2
        if prior.residual:
            net = model.residual(theta)
            value += prior.residual * beta**2 * float((net**2).mean()) / 2
            own = model.pulled(theta, prior.residual * beta**2 * net / len(net))
            slope[:inner] += own[:inner]
        return value, slope

    mu, (value, slope) = 1e-3, objective(flat)
    for step in range(steps):
        config = torch.randint(len(pattern), (drawn,), generator=generator)
        site = torch.randint(sites, (drawn,), generator=generator)
        F = information(model, flat, flips(*tensors, config, site), beta)
        F.diagonal().add_(prior.decay)
        B = torch.zeros(())  # of no residual
        if prior.residual:
            B = model.uniform(flat, torch.randint(1 << model.bits, (drawn, 1), generator=generator)) * beta**2
            F += prior.residual * B
        scale = float(F.diagonal().mean())
        for _ in range(8):
            move = -torch.cholesky_solve(slope[:, None], torch.linalg.cholesky(F + mu * scale * eye))[:, 0]
            new, new_slope = objective(flat + move)
            gain = (value - new) / -float(slope @ move + move @ F @ move / 2)
            if gain > 0:
                flat, value, slope = flat + move, new, new_slope
                mu *= 0.3 if gain > 0.7 else 1.0 if gain > 0.3 else 2.0
                break
            mu *= 4.0
        else:
            break
        if prior.residual and adapt:
            square = beta**2 * float((model.residual(flat) ** 2).mean())
            prior.residual = evident(prior, F + 1e-9 * eye, B, square, inner, len(pattern) * sites)
            value, slope = objective(flat)
        if told:
            told(step, value, mu, gain, flat)
    return flat
