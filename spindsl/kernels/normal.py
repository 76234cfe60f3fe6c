"""Visible units of a normal distribution: real features x around a decoder's output o, with a sigma each.

    ln p(x|z) = -sum_i [(x_i - o_i)^2 / (2 sigma_i^2) + ln sigma_i + ln(2 pi) / 2],  sigma_i = FLOOR + softplus(r_i)

The floor bounds the likelihood: without it, a feature that the decoder learns by heart would drive
sigma to 0 and the density to infinity. Features are standardised, so sigma counts their standard deviations.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import softplus

FLOOR = 0.01


def spread(raw: Tensor) -> Tensor:
    """sigma of each feature, of the shape of raw."""
    return FLOOR + softplus(raw)


def likelihood(x: Tensor, output: Tensor, raw: Tensor) -> Tensor:
    """ln p(x|z) of each configuration, (k, n), nats, for raw (k, 1, visible)."""
    sigma = spread(raw)
    return (-0.5 * ((x - output) / sigma).square() - sigma.log() - 0.5 * math.log(2 * math.pi)).sum(-1)


def slopes(x: Tensor, output: Tensor, raw: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    """Derivatives of -scale times the batch sum of ln p by the output, (k, n, visible), and by raw, (k, 1, visible).

    (o - x) / sigma^2, and sum_n [1 / sigma - (x - o)^2 / sigma^3] dsigma/dr with dsigma/dr = 1 / (1 + e^-r).
    """
    sigma = spread(raw)
    pull = (output - x) / sigma**2
    by_sigma = (1 / sigma - (output - x) * pull / sigma).sum(1, keepdim=True)
    return scale * pull, scale * by_sigma * torch.sigmoid(raw)
