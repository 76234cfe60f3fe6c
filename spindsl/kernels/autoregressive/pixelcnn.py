"""Masked convolutions on a plane: a pixel sees those above it, and those of its own row to the left.

Van den Oord, Kalchbrenner and Kavukcuoglu, arXiv:1601.06759, as in Wu, Wang and Zhang, arXiv:1809.10606: `depth`
layers, `width` channels, windows of side 2 `reach` + 1, biases; the first layer is blind to the pixel itself. Beyond
the edge all is 0. Sites are read in raster order. Units are max(v, 0) + a min(v, 0), a of each channel learned.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn.functional import conv2d, linear, pad

from .models import blocks, chosen, code, draw, logits, redraw, start

SLOPE = 0.5  # of negative inputs, at first


@dataclass(frozen=True)
class PixelCnn:
    """`depth` layers of `width` channels on (rows, columns), colours Q, half a kernel `reach`."""

    sides: tuple[int, int]
    colours: int
    depth: int
    width: int
    reach: int

    @property
    def sites(self) -> int:
        return self.sides[0] * self.sides[1]

    @property
    def channels(self) -> list[int]:
        """Of each layer, from what is read to the logits."""
        return [1 if self.colours == 2 else self.colours, *[self.width] * (self.depth - 1), self.colours - 1]


def window(reach: int, itself: bool) -> Tensor:
    """Offsets (row, column) that a pixel may see, in raster order, (offsets, 2)."""
    across = range(-reach, reach + 1)
    above = [(r, c) for r in range(-reach, 0) for c in across]
    return torch.tensor([*above, *[(0, c) for c in range(-reach, 1 if itself else 0)]])


@start.register
def _(shape: PixelCnn, generator: torch.Generator) -> dict[str, Tensor]:
    """W (out, offsets, in) uniform in ±sqrt(3 / inputs), a tenth of it in the last layer."""
    weights = {}
    for k, (into, out) in enumerate(pairwise(shape.channels)):
        offsets = len(window(shape.reach, k > 0))
        scale = (3 / (offsets * into)) ** 0.5 * (0.1 if k == shape.depth - 1 else 1.0)
        weights[f"W{k}"] = scale * (2 * torch.rand(out, offsets, into, generator=generator) - 1)
        weights[f"b{k}"] = torch.zeros(out)
        if k < shape.depth - 1:
            weights[f"a{k}"] = torch.full((out,), SLOPE)
    return weights


def bent(h: Tensor, slope: Tensor) -> Tensor:
    return torch.where(h > 0, h, slope * h)


@logits.register
def _(shape: PixelCnn, weights: dict[str, Tensor], y: Tensor, noise: torch.Generator | None = None) -> Tensor:
    h, R = code(y, shape.colours).view(len(y), *shape.sides, -1).movedim(-1, 1), shape.reach
    for k in range(shape.depth):
        W, at = weights[f"W{k}"], window(R, k > 0) + R
        kernel = W.new_zeros(W.shape[0], W.shape[2], R + 1, 2 * R + 1)
        kernel[:, :, at[:, 0], at[:, 1]] = W.movedim(1, 2)
        h = conv2d(pad(h, (R, R, R, 0)), kernel, weights[f"b{k}"])
        if k < shape.depth - 1:
            h = bent(h, weights[f"a{k}"][:, None, None])
    return h.flatten(2).movedim(1, 2)


@draw.register
def _(shape: PixelCnn, weights: dict[str, Tensor], u: Tensor) -> Tensor:
    return blocks(u, weights["b0"].device, lambda part: block(shape, weights, part, False))


@redraw.register
def _(shape: PixelCnn, weights: dict[str, Tensor], u: Tensor) -> Tensor:
    return blocks(u, weights["b0"].device, lambda part: block(shape, weights, part, True))


def block(shape: PixelCnn, weights: dict[str, Tensor], u: Tensor, again: bool) -> Tensor:
    """Sequences of one block: the units of one pixel a step; or, `again`, of all pixels up to it at every step.

    Layers are kept as (row + reach, column + 2 reach, sample, channel), 0 beyond the edge.
    """
    rows, columns = shape.sides
    y, R = torch.zeros(u.shape, dtype=torch.uint8, device=u.device), shape.reach
    h = [u.new_zeros(rows + R, columns + 2 * R, len(u), c, dtype=torch.float32) for c in shape.channels]
    seen = [window(R, k > 0).to(u.device) + torch.tensor([R, R], device=u.device) for k in range(shape.depth)]
    for t in range(rows * columns):
        for r in range(0 if again else t, t + 1):
            for k in range(shape.depth):
                pixel(weights, h, k, divmod(r, columns), seen[k], R, k == shape.depth - 1)
        row, column = divmod(t, columns)
        y[:, t] = chosen(u[:, t], h[-1][row + R, column + R])
        h[0][row + R, column + R] = code(y[:, t], shape.colours)
    return y


def pixel(
    weights: dict[str, Tensor], h: list[Tensor], k: int, at: tuple[int, int], seen: Tensor, R: int, last: bool
) -> None:
    """Layer k + 1 at one pixel, from what it sees of layer k."""
    row, column = at
    some = h[k][row + seen[:, 0], column + seen[:, 1]].movedim(1, 0).flatten(1)
    value = linear(some, weights[f"W{k}"].flatten(1), weights[f"b{k}"])
    h[k + 1][row + R, column + R] = value if last else bent(value, weights[f"a{k}"])
