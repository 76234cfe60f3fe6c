"""The variational information bottleneck: an encoder x -> N(mu, sigma^2) of which a linear classifier reads the class.

Alemi, Fischer, Dillon and Murphy, arXiv:1612.00410, Eq. 17: minimised is, averaged over the batch,

    -ln q(y|z) + beta KL[N(mu, sigma^2) || N(0, 1)],   z = mu + sigma eps,  q(.|z) = softmax(z V + d),

the first term at least the entropy of y given z, the second at least the information of z about x. The encoder is
that of `kernels/vae.py`, its layers and axes too; of this loss autograd takes the gradient.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from . import vae


@dataclass(frozen=True)
class Shape(vae.Shape):
    """Layer sizes: visible - hidden… - latent - classes."""

    classes: int = 2

    @property
    def layers(self) -> list[tuple[int, int]]:
        down = [self.visible, *self.hidden]
        return [*pairwise(down), (down[-1], 2 * self.latent), (self.latent, self.classes)]


def loss(shape: Shape, flat: Tensor, x: Tensor, y: Tensor, eps: Tensor, beta: float) -> Tensor:
    """-ln q(y|z) + beta KL of each configuration, (k, n), nats, for classes y (k, n), one draw eps (k, n, latent)."""
    mean, std = vae.encode(shape, flat, x)
    told = vae.decode(shape, flat, mean + std * eps).log_softmax(-1)
    return beta * vae.divergence(mean, std) - told.gather(-1, y[..., None])[..., 0]


def train(
    shape: Shape,
    x: Tensor,
    y: Tensor,
    seeds: list[int],
    epochs: int,
    batch: int,
    rate: float,
    beta: float,
    tick: Callable[[float], None],
) -> tuple[Tensor, Tensor]:
    """Adam (rate, 0.9, 0.999, 1e-8) on x (k, n, visible) and classes y (n), int64, on x's device.

    Each network draws from its own seed alone. Returns parameters (k, parameters) and the mean loss of each epoch
    while training, (k, epochs), nats.
    """
    generators = [torch.Generator().manual_seed(s) for s in seeds]
    flat = vae.glorot(shape, generators).to(x.device).requires_grad_(True)
    adam = torch.optim.Adam([flat], lr=rate, fused=True)
    k, n, visible = x.shape
    history = torch.zeros(k, epochs, device=x.device)
    for epoch in range(epochs):
        tick(epoch / epochs)
        order = torch.stack([torch.randperm(n, generator=g) for g in generators]).to(x.device)
        eps = torch.stack([torch.randn(n, shape.latent, generator=g) for g in generators]).to(x.device)
        shuffled = x.gather(1, order[..., None].expand(-1, -1, visible))
        for at in range(0, n, batch):
            part = slice(at, at + batch)
            each = loss(shape, flat, shuffled[:, part].float(), y[order[:, part]], eps[:, part], beta)
            adam.zero_grad()
            each.mean(1).sum().backward()
            adam.step()
            history[:, epoch] += each.detach().sum(1)
    return flat.detach(), history / n
