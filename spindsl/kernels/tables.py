"""The table of a window as a function of flat parameters: a shared network, and a linear skip beside it.

    g(s) = network(s) + sum_{S in terms} a_S prod_{k in S} s_k

The losses (`conditionals`) know the table alone; `pulled` takes their gradient back to the parameters.
The skip holds products of few spins, which go on to patterns that were never seen; a network does not.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from . import walsh
from .ednn import Shape, Weights, glorot, network, patterns

CHUNK = 8192  # patterns whose activations stay in the cache


@dataclass(frozen=True)
class Table:
    """g = network(weights) + skip over the subsets S `terms`, as a function of flat parameters (P)."""

    layers: list[tuple[int, int]]
    terms: np.ndarray  # S, int64, those of the skip

    @property
    def bits(self) -> int:
        return self.layers[0][0]

    @property
    def parameters(self) -> int:
        return sum(i * o + o for i, o in self.layers) + len(self.terms)

    def weights(self, flat: Tensor) -> Weights:
        """Views of the flat parameters: the layers, in order."""
        out, at = [], 0
        for i, o in self.layers:
            out.append((flat[at : at + i * o].view(i, o), flat[at + i * o : at + i * o + o]))
            at += i * o + o
        return out

    def skip(self, flat: Tensor) -> Tensor:
        """Coefficients a_S of the skip (term)."""
        return flat[len(flat) - len(self.terms) :]

    def residual(self, flat: Tensor) -> Tensor:
        """The network without the skip (2^bits)."""
        weights = self.weights(flat)
        return torch.cat([network(weights, x) for x in patterns(self.bits, flat.device, flat.dtype).split(CHUNK)])

    def uniform(self, flat: Tensor, pattern: Tensor) -> Tensor:
        """Half the curvature of mean network^2, (P, P), as a mean over patterns (m, 1) drawn uniformly."""
        inner, B = self.parameters - len(self.terms), torch.zeros(len(flat), len(flat), dtype=flat.dtype)
        for p in pattern.split(1024):
            row = self.rows(flat, p, torch.ones_like(p))[:, :inner]
            B[:inner, :inner].addmm_(row.mT, row)
        return B / len(pattern)

    def values(self, flat: Tensor) -> Tensor:
        """g of all patterns (2^bits)."""
        g = self.residual(flat)
        if len(self.terms):
            a = torch.zeros_like(g)
            a[self.terms] = self.skip(flat)
            g = g + walsh.summed(a)
        return g

    def pulled(self, flat: Tensor, gradient: Tensor) -> Tensor:
        """Gradient by the parameters (P) from that by the table (2^bits)."""
        theta = flat.detach().clone().requires_grad_()
        weights = self.weights(theta)
        x = patterns(self.bits, flat.device, flat.dtype)
        for part, g in zip(x.split(CHUNK), gradient.split(CHUNK)):
            network(weights, part).backward(g)
        out = theta.grad if theta.grad is not None else torch.zeros_like(flat)
        if len(self.terms):
            out[len(flat) - len(self.terms) :] = (walsh.expanded(gradient) * len(gradient))[self.terms]
        return out

    def rows(self, flat: Tensor, pattern: Tensor, sign: Tensor) -> Tensor:
        """Gradient by the parameters of sum_k sign_k g(pattern_k), patterns (m, k) -> (m, P)."""
        m, k = pattern.shape
        x = ((pattern[..., None] >> torch.arange(self.bits, device=flat.device)) & 1).to(flat.dtype) * 2 - 1
        weights, inputs, active = self.weights(flat), [x], []
        for W, b in weights[:-1]:
            z = inputs[-1] @ W + b
            active.append(z > 0)
            inputs.append(torch.relu(z))
        back, parts = sign.to(flat.dtype)[..., None], []
        for layer in range(len(weights) - 1, -1, -1):
            parts.append(torch.cat([(inputs[layer].mT @ back).reshape(m, -1), back.sum(1)], 1))
            if layer:
                back = (back @ weights[layer][0].mT) * active[layer - 1]
        out = parts[::-1]
        if len(self.terms):
            terms = torch.as_tensor(self.terms, device=flat.device)
            held = torch.zeros((m, k, len(terms)), dtype=torch.int64, device=flat.device)
            for b in range(self.bits):
                held += ((~pattern[..., None] & terms) >> b) & 1  # spins of S that are down
            out.append(((1 - 2 * (held & 1)) * sign[..., None]).sum(1).to(flat.dtype))
        return torch.cat(out, 1)


def few(bits: int, most: int) -> np.ndarray:
    """S of one to `most` spins of a window, int64."""
    order = walsh.orders(bits)
    return np.flatnonzero((order > 0) & (order <= most))


def begun(shape: Shape, terms: np.ndarray, generator: torch.Generator, scale: float = 1.0) -> tuple[Table, Tensor]:
    """A table and its first parameters: Glorot's, those of the last layer times `scale`, no skip."""
    weights = glorot(shape, generator)
    weights[-1] = (weights[-1][0] * scale, weights[-1][1])
    layers = [x.reshape(-1) for pair in weights for x in pair]
    return Table(shape.layers, terms), torch.cat([*layers, torch.zeros(len(terms), device=generator.device)])


def descended(
    model: Table, flat: Tensor, batches: Iterable[np.ndarray],
    slope: Callable[[Tensor, np.ndarray], tuple[float, Tensor]],
    steps: int, rate: float, last: float, told: Callable[[int, float], None] | None = None,
) -> Tensor:  # fmt: skip
    """Parameters after Adam on batches of rows, the rate falling from `rate` to `last` geometrically over `steps`.

    slope(table, rows) is the loss and its gradient by the table.
    """
    flat = flat.detach().clone().requires_grad_()
    adam = torch.optim.Adam([flat], lr=rate, fused=flat.device.type == "cpu")
    for step, rows in zip(range(steps), batches):
        adam.param_groups[0]["lr"] = rate * (last / rate) ** (step / steps)
        with torch.no_grad():
            value, by_table = slope(model.values(flat), rows)
        flat.grad = model.pulled(flat, by_table)
        adam.step()
        if told:
            told(step, value)
    return flat.detach()


def shuffled(n: int, batch: int, rng: np.random.Generator) -> Iterable[np.ndarray]:
    """Batches of `batch` of n rows without end, each row once an epoch."""
    while True:
        order = rng.permutation(n)
        for at in range(0, n - batch + 1, batch):
            yield np.sort(order[at : at + batch])
