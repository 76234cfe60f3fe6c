"""Gated recurrent units that read a configuration as a sentence (Sprague et al. 2021, appendix A: one layer, 378-512).

    h_t = GRU(code(y_{t-1}), h_{t-1}),   l_t = V h_t + c,   h_0 = 0, code(y_0) = 0.

`dropout` of h is a share of units set to 0 while training (the paper's 0.9 is read as a share kept: 0.1 here).
Sampling keeps the state: it is incremental by nature.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import GRU
from torch.nn.functional import linear, pad

from .models import blocks, chosen, code, draw, logits, redraw, start

CACHED = 500  # configurations whose states stay in a processor's cache
NAMES = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


@dataclass(frozen=True)
class Gru:
    """`hidden` units; colours Q; share of them dropped while training."""

    sites: int
    colours: int
    hidden: int
    dropout: float = 0.0

    @property
    def channels(self) -> int:
        """Numbers that are read a site."""
        return 1 if self.colours == 2 else self.colours


@start.register
def _(shape: Gru, generator: torch.Generator) -> dict[str, Tensor]:
    """All uniform in ±1/sqrt(hidden), the logits' biases 0."""
    gates, hidden = 3 * shape.hidden, shape.hidden
    sizes = [(gates, shape.channels), (gates, hidden), (gates,), (gates,), (shape.colours - 1, hidden)]
    scale = hidden**-0.5
    uniform = [scale * (2 * torch.rand(size, generator=generator) - 1) for size in sizes]
    return dict(zip((*NAMES, "V"), uniform)) | {"c": torch.zeros(shape.colours - 1)}


@logits.register
def _(shape: Gru, weights: dict[str, Tensor], y: Tensor, noise: torch.Generator | None = None) -> Tensor:
    read = pad(code(y[:, :-1], shape.colours), (0, 0, 1, 0))
    with torch.device("meta"):
        network = GRU(shape.channels, shape.hidden, batch_first=True)
    parts = read.split(CACHED if read.device.type == "cpu" else len(read))
    h = torch.cat([torch.func.functional_call(network, {k: weights[k] for k in NAMES}, (p,))[0] for p in parts])
    if noise is not None and shape.dropout:
        h = thinned(h, shape.dropout, noise)
    return linear(h, weights["V"], weights["c"])


def thinned(h: Tensor, share: float, noise: torch.Generator) -> Tensor:
    """h with a share of units at 0, the others larger by 1 / (1 - share), so that the mean stays."""
    seed = int(torch.randint(2**62, (), generator=noise))
    kept = torch.rand(h.shape, generator=torch.Generator(h.device).manual_seed(seed), device=h.device) >= share
    return h * kept / (1 - share)


@draw.register
def _(shape: Gru, weights: dict[str, Tensor], u: Tensor) -> Tensor:
    return blocks(u, weights["V"].device, lambda part: block(shape, weights, part, False))


@redraw.register
def _(shape: Gru, weights: dict[str, Tensor], u: Tensor) -> Tensor:
    return blocks(u, weights["V"].device, lambda part: block(shape, weights, part, True))


def block(shape: Gru, weights: dict[str, Tensor], u: Tensor, again: bool) -> Tensor:
    """Sequences of one block: a step of the state a site; or, `again`, all steps up to the site at every site."""
    y = torch.zeros(u.shape, dtype=torch.uint8, device=u.device)
    h = torch.zeros(len(u), shape.hidden, device=u.device)
    for t in range(shape.sites):
        if again:
            h = torch.zeros_like(h)
        for r in range(0 if again else t, t + 1):
            read = code(y[:, r - 1], shape.colours) if r else h.new_zeros(len(u), shape.channels)
            h = torch.gru_cell(read, h, *(weights[k] for k in NAMES))
        y[:, t] = chosen(u[:, t], linear(h, weights["V"], weights["c"]))
    return y
