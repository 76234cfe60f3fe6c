"""What autoregressive models of configurations share: P(x) = prod_t P(x_t | x_1 … x_{t-1}).

x (configuration, site), uint8, holds colours 0 … Q - 1; of Ising spins s = 2x - 1. `order[t]` is the site read at
step t (`kernels/unwrapping.py`). An architecture has four verbs, on sequences y[:, t] = x[:, order[t]]:

    start(shape, generator)     its initial weights
    logits(shape, weights, y)   l (n, N, Q - 1) with P(y_t = k) proportional to exp(l_tk), and l_t0 = 0
    draw(shape, weights, u)     y out of uniforms u (n, N) float64, each activation computed once
    redraw(shape, weights, u)   the same to the bit, the whole network recomputed at every step: the law of `draw`
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import singledispatch
from math import log
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from ..unwrapping import inverse

LN2 = log(2.0)


BLOCK = 250  # samples side by side, of architectures that sample by torch's own products


class Shape(Protocol):
    """What every architecture says of itself: Q colours of so many sites."""

    @property
    def colours(self) -> int: ...

    @property
    def sites(self) -> int: ...


@dataclass(frozen=True)
class Model:
    """An architecture, its weights and the order in which it reads sites; `symmetric`: q_sym below, Q = 2."""

    shape: Shape
    weights: dict[str, Tensor]
    order: np.ndarray
    symmetric: bool = False


@singledispatch
def start(shape: Shape, generator: torch.Generator) -> dict[str, Tensor]:
    """Initial weights, float32."""
    raise NotImplementedError(type(shape))


@singledispatch
def logits(shape: Shape, weights: dict[str, Tensor], y: Tensor, noise: torch.Generator | None = None) -> Tensor:
    """l (n, N, Q - 1) of sequences y (n, N); `noise` (of the CPU) draws what a
    network leaves out while it learns; without it nothing is left out."""
    raise NotImplementedError(type(shape))


@singledispatch
def draw(shape: Shape, weights: dict[str, Tensor], u: Tensor) -> Tensor:
    """Sequences y (n, N) uint8 out of uniforms u (n, N), on the CPU."""
    raise NotImplementedError(type(shape))


@singledispatch
def redraw(shape: Shape, weights: dict[str, Tensor], u: Tensor) -> Tensor:
    """As `draw`, recomputing everything at every step."""
    raise NotImplementedError(type(shape))


def code(y: Tensor, colours: int) -> Tensor:
    """What a network sees of each site, (…, 1): a spin ±1; or of Q > 2 colours (…, Q): which of them it is."""
    if colours == 2:
        return (2 * y.float() - 1).unsqueeze(-1)
    return torch.nn.functional.one_hot(y.long(), colours).float()


def chosen(u: Tensor, l: Tensor) -> Tensor:
    """The colour in whose share of probability u (n) lies; logits l (n, Q - 1)."""
    share = pad(l.double(), (1, 0)).softmax(-1).cumsum(-1)
    return (u[:, None] >= share[:, :-1]).sum(-1).to(torch.uint8)


def blocks(u: Tensor, device: torch.device, block: Callable[[Tensor], Tensor]) -> Tensor:
    """Sequences, BLOCK at a time, the last filled up: every product has the same shape, so the same bits."""
    whole = torch.full((-(-len(u) // BLOCK) * BLOCK, u.shape[1]), 0.5, dtype=torch.float64)
    whole[: len(u)] = u
    return torch.cat([block(part.to(device)) for part in whole.split(BLOCK)])[: len(u)]


def model(
    shape: Shape, order: np.ndarray, seed: int, device: str | torch.device = "cpu", symmetric: bool = False
) -> Model:
    """An untrained model."""
    weights = start(shape, torch.Generator().manual_seed(seed))
    return Model(shape, {k: w.to(device) for k, w in weights.items()}, order, symmetric)


def log_prob(model: Model, x: Tensor, noise: torch.Generator | None = None) -> Tensor:
    """ln q(x), (n), nats, differentiable in the weights; q_sym(s) = [q(s) + q(-s)] / 2 if symmetric (VAN, §7.9)."""
    y = x[:, torch.as_tensor(model.order, device=x.device)]
    plain = likelihood(model, y, noise)
    return torch.logaddexp(plain, likelihood(model, 1 - y, noise)) - LN2 if model.symmetric else plain


def likelihood(model: Model, y: Tensor, noise: torch.Generator | None = None) -> Tensor:
    """sum_t ln P(y_t | y_<t), (n)."""
    l = logits(model.shape, model.weights, y, noise)
    if l.shape[-1] == 1:
        return torch.nn.functional.logsigmoid((2 * y.float() - 1) * l[..., 0]).sum(-1)
    return pad(l, (1, 0)).log_softmax(-1).gather(-1, y.long().unsqueeze(-1)).sum((-1, -2))


@torch.no_grad()
def evaluate(model: Model, x: Tensor, batch: int = 10_000) -> Tensor:
    """ln q(x), (n) float64, without gradients, in slices; x uint8 may lie elsewhere than the weights."""
    device = next(iter(model.weights.values())).device
    parts = [log_prob(model, part.to(device)).double().cpu() for part in x.split(batch)]
    return torch.cat(parts)


@torch.no_grad()
def sample(model: Model, count: int, generator: torch.Generator, naive: bool = False) -> Tensor:
    """Independent configurations x (count, N) uint8, on the device of the weights; `generator` is of the CPU."""
    weights = {k: w.detach() for k, w in model.weights.items()}
    sites = model.shape.sites
    u = torch.rand(count, sites + 1, generator=generator, dtype=torch.float64)
    y = (redraw if naive else draw)(model.shape, weights, u[:, :sites])
    if model.symmetric:
        y = torch.where(u[:, sites:].to(y.device) < 0.5, 1 - y, y)
    return y[:, torch.as_tensor(inverse(model.order), device=y.device)]


def trained(model: Model, weights: dict[str, Tensor]) -> Model:
    """The model with other weights."""
    return replace(model, weights={k: w.detach() for k, w in weights.items()})
