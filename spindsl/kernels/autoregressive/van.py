"""Variational autoregressive networks: q minimises beta F_q = E_q[ln q + beta E] >= beta F, with samples of its own.

Wu, Wang and Zhang, arXiv:1809.10606: grad beta F_q = E_q[(R - b) grad ln q], R = ln q + beta E, b the mean of the
batch (n/(n - 1) makes it unbiased); Adam, norms of gradients clipped, beta_t = beta (1 - anneal^t).
`energy` is of int8 arrays (n, site): spins ±1, or colours of Q > 2.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .fitting import DECAYS
from .models import Model, log_prob, sample, trained

Energy = Callable[[np.ndarray], np.ndarray]


def configurations(x: Tensor, colours: int) -> np.ndarray:
    """Spins ±1 of colours 0 and 1; else the colours themselves; int8."""
    return (2 * x.cpu().numpy().astype(np.int8) - 1) if colours == 2 else x.cpu().numpy().astype(np.int8)


def surrogate(lnq: Tensor, E: Tensor, beta: float) -> Tensor:
    """A number whose gradient estimates that of beta F_q without bias: mean of (R - b) ln q, n/(n - 1)."""
    R = lnq.detach() + beta * E
    return ((R - R.mean()) * lnq).sum() / (len(lnq) - 1)


def anneal(
    model: Model,
    energy: Energy,
    beta: float,
    steps: int,
    batch: int,
    seed: int,
    learning_rate: float = 1e-3,
    annealing: float = 0.998,
    clip: float = 1.0,
    decay: str = "constant",
    tick: Callable[[float], None] = lambda done: None,
) -> tuple[Model, np.ndarray]:
    """Train on `steps` batches of q's own samples; the model, and of each step F_q and its standard error (steps, 2).

    annealing = 0 begins at beta itself.
    """
    weights = {k: w.clone().requires_grad_(True) for k, w in model.weights.items()}
    learner = Model(model.shape, weights, model.order, model.symmetric)
    generator = torch.Generator().manual_seed(seed)
    adam = torch.optim.Adam(weights.values(), lr=learning_rate, fused=True)
    history = np.empty((steps, 2))
    for step in range(steps):
        tick(step / steps)
        x = sample(learner, batch, generator)
        E = torch.from_numpy(energy(configurations(x, model.shape.colours))).to(x.device)
        lnq = log_prob(learner, x)
        adam.zero_grad(set_to_none=True)
        surrogate(lnq, E, beta * (1 - annealing ** (step + 1))).backward()
        torch.nn.utils.clip_grad_norm_(weights.values(), clip)
        for group in adam.param_groups:
            group["lr"] = learning_rate * DECAYS[decay](step / steps)
        adam.step()
        f = E.double() + lnq.detach().double() / beta
        history[step] = float(f.mean()), float(f.std()) / batch**0.5
    return trained(model, weights), history
