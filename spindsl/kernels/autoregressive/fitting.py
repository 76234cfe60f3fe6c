"""Maximum likelihood: the model of observations x minimises -(1/n) sum ln q(x), nats a configuration."""

from collections.abc import Callable
from math import cos, pi

import torch
from torch import Tensor

from .models import Model, log_prob, trained

DECAYS = {  # learning rate as a share of the first, against the share of steps done
    "constant": lambda done: 1.0,
    "cosine": lambda done: 0.5 * (1 + cos(pi * done)),
    "step": lambda done: 1.0 if done < 0.5 else 0.1 if done < 0.75 else 0.01,
}


def fit(
    model: Model,
    x: Tensor,
    seed: int,
    epochs: int,
    batch: int,
    learning_rate: float,
    decay: str = "constant",
    symmetries: Tensor | None = None,
    flips: bool = False,
    tick: Callable[[float], None] = lambda done: None,
) -> tuple[Model, Tensor]:
    """Adam (rate, 0.9, 0.999, 1e-8) on x (n, site) uint8, read in slices; the model and -ln q a configuration (epoch).

    `symmetries` (g, site): permutations of sites that leave the law of x as it is, drawn anew for every slice;
    `flips`: so does s -> -s, drawn for every configuration. Both are knowledge that the observations do not give.
    """
    weights = {k: w.clone().requires_grad_(True) for k, w in model.weights.items()}
    learner = Model(model.shape, weights, model.order, model.symmetric)
    device, generator = next(iter(weights.values())).device, torch.Generator().manual_seed(seed)
    adam = torch.optim.Adam(weights.values(), lr=learning_rate, fused=True)
    steps, step = epochs * -(-len(x) // batch), 0
    history = torch.zeros(epochs, dtype=torch.float64)
    for epoch in range(epochs):
        tick(epoch / epochs)
        for rows in torch.randperm(len(x), generator=generator).split(batch):
            some = turned(x[rows], symmetries, flips, generator).to(device)
            for group in adam.param_groups:
                group["lr"] = learning_rate * DECAYS[decay](step / steps)
            history[epoch] += descend(adam, -log_prob(learner, some, generator).mean()) * len(rows)
            step += 1
    return trained(model, weights), history / len(x)


def turned(x: Tensor, symmetries: Tensor | None, flips: bool, generator: torch.Generator) -> Tensor:
    """Configurations under symmetries drawn at random: one of `symmetries` for all, a flip for each."""
    if symmetries is not None:
        x = x[:, symmetries[torch.randint(len(symmetries), (), generator=generator)]]
    return x ^ torch.randint(2, (len(x), 1), generator=generator, dtype=torch.uint8) if flips else x


def descend(adam: torch.optim.Optimizer, loss: Tensor) -> float:
    """One step down the loss; returns it."""
    adam.zero_grad(set_to_none=True)
    loss.backward()
    adam.step()
    return float(loss.detach())
