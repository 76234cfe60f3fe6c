"""Extensive deep neural network: one small network, shared by all tiles of a lattice, summed.

    E(s) = sum_w g(s_w),   w: windows of side f + 2c around the focus blocks of side f, which tile the lattice

Mills et al., Chem. Sci. 10, 4129 (2019); in Sprague et al. (2021) f = 2, c = 1 and g is 16 - 32 - 64 - 1 with ReLU.
A window of b spins has 2^b patterns only, of which a table holds g; bit k of a pattern is 1 where spin k of the
window (C order) is up. With `energies.tiles(sites, windows(…), table)` it runs under any dynamics, on any
lattice whose sides f divides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

Weights = list[tuple[Tensor, Tensor]]  # of each layer (in, out) and (out)


@dataclass(frozen=True)
class Shape:
    """A window of side f + 2c in d dimensions and the sizes of the hidden layers; windows stand `stride` (f) apart."""

    focus: int = 2
    context: int = 1
    hidden: tuple[int, ...] = (32, 64)
    dims: int = 2
    stride: int | None = None

    @property
    def side(self) -> int:
        return self.focus + 2 * self.context

    @property
    def bits(self) -> int:
        return self.side**self.dims

    @property
    def step(self) -> int:
        return self.stride or self.focus

    @property
    def layers(self) -> list[tuple[int, int]]:
        """(in, out) of each layer."""
        return list(pairwise((self.bits, *self.hidden, 1)))

    @property
    def parameters(self) -> int:
        return sum(i * o + o for i, o in self.layers)


def windows(shape: Shape, sides: Sequence[int]) -> np.ndarray:
    """Sites of each window (window, bit), int64, in C order of a periodic lattice; ValueError where they do not fit."""
    if len(sides) != shape.dims:
        raise ValueError(f"windows of {shape.dims} dimensions do not tile a lattice of sides {tuple(sides)}")
    if any(n % shape.step or n < shape.side for n in sides):
        raise ValueError(f"sides {tuple(sides)}: each must be a multiple of {shape.step} and at least {shape.side}")
    axes = []
    for n in sides:
        corner = np.arange(0, n, shape.step) - shape.context
        axes.append((corner[:, None] + np.arange(shape.side)) % n)  # (block, place)
    site = np.zeros((1, 1), dtype=np.int64)
    for n, axis in zip(sides, axes):
        site = site[:, None, :, None] * n + axis[None, :, None, :]
        site = site.reshape(site.shape[0] * site.shape[1], -1)
    return site


def glorot(shape: Shape, generator: torch.Generator) -> Weights:
    """Weights uniform in ±sqrt(6 / (in + out)), biases 0."""
    device = generator.device
    weights = []
    for i, o in shape.layers:
        bound = (6 / (i + o)) ** 0.5
        W = (torch.rand(i, o, generator=generator, device=device) * 2 - 1) * bound
        weights.append((W, torch.zeros(o, device=device)))
    return weights


def network(weights: Weights, x: Tensor) -> Tensor:
    """g of windows x (…, bit) of ±1, ReLU between the layers -> (…)."""
    for W, b in weights[:-1]:
        x = torch.relu(x @ W + b)
    W, b = weights[-1]
    return (x @ W + b)[..., 0]


def patterns(bits: int, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> Tensor:
    """All 2^b patterns as ±1 (pattern, bit)."""
    if bits > 20:
        raise ValueError(f"a window of {bits} sites has too many patterns to be tabulated: 20 sites at most")
    number = torch.arange(1 << bits, device=device)
    return ((number[:, None] >> torch.arange(bits, device=device)) & 1).to(dtype) * 2 - 1


def seen(window: np.ndarray, s: np.ndarray) -> np.ndarray:
    """Patterns of the windows of configurations s (n, site) of ±1 -> int32 (n, window)."""
    out = np.zeros((len(s), len(window)), dtype=np.int32)
    for k in range(window.shape[1]):
        out |= (s[:, window[:, k]] > 0).astype(np.int32) << k
    return out
