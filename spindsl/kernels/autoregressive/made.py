"""Masked autoregressive network: every layer is masked so that unit (site t, channel) sees steps before t only.

Germain et al., arXiv:1502.03509, laid out as in Wu, Wang and Zhang, arXiv:1809.10606: `width` channels a site,
`depth` layers of weights, the first of which is blind to the site itself. A linear skip joins what was read to logits:

    l_t = b_t + sum_{r < t} S_tr code(y_r) + network_t(y_<t).

`odd`: tanh and no biases, so that l(-s) = -l(s): at zero field every conditional of an Ising magnet is so.
Otherwise units are max(v, 0) + a min(v, 0) with a slope a of each unit that is learned.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import torch
from numba import njit
from torch import Tensor

from ..floats import exp
from .models import Model, code, draw, logits, redraw, start, trained

LANES = 64  # samples side by side: the vectors of the compiled path
SLOPE = 0.5  # of negative inputs, at first
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Made:
    """`depth` layers of weights, `width` channels a site; colours Q."""

    sites: int
    colours: int
    depth: int
    width: int
    skip: bool = True
    odd: bool = False

    @property
    def channels(self) -> list[int]:
        """Units a site of each layer, from what is read to the logits."""
        return [1 if self.colours == 2 else self.colours, *[self.width] * (self.depth - 1), self.colours - 1]


@lru_cache(maxsize=8)
def mask(sites: int, into: int, out: int, itself: bool, device: torch.device = CPU) -> Tensor:
    """1 where output unit (t, ·) may see input unit (r, ·): r <= t if `itself`, else r < t; (N out, N into)."""
    below = torch.ones(sites, sites, device=device).tril(0 if itself else -1)
    return below.repeat_interleave(out, 0).repeat_interleave(into, 1)


@start.register
def _(shape: Made, generator: torch.Generator) -> dict[str, Tensor]:
    """Weights uniform in ±sqrt(3 / inputs seen), a tenth of it in the last layer; the skip 0."""
    weights = {}
    for k, (into, out) in enumerate(pairwise(shape.channels)):
        seen = mask(shape.sites, into, out, k > 0)
        scale = (3 / seen.sum(1, keepdim=True).clamp(min=1)).sqrt() * (0.1 if k == shape.depth - 1 else 1.0)
        uniform = 2 * torch.rand(seen.shape, generator=generator) - 1
        weights[f"W{k}"] = uniform * scale * seen
        if not shape.odd:
            weights[f"b{k}"] = torch.zeros(len(seen))
            if k < shape.depth - 1:
                weights[f"a{k}"] = torch.full((len(seen),), SLOPE)
    if shape.skip:
        weights["S"] = torch.zeros(shape.sites * shape.channels[-1], shape.sites * shape.channels[0])
    return weights


def primed(q: Model, J: np.ndarray, beta: float) -> Model:
    """The model with the skip S_tr = 2 beta J_tr of E = -sum_{i<j} J_ij s_i s_j, J (site, site) symmetric.

    So conditionals are right to first order in beta, and exact on an open chain read from its end.
    """
    S = np.tril(2 * beta * J[np.ix_(q.order, q.order)], -1)
    return trained(q, q.weights | {"S": torch.as_tensor(S, dtype=torch.float32, device=q.weights["S"].device)})


def masked(shape: Made, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights with what no unit may see set to 0."""
    some, device = dict(weights), weights["W0"].device
    for k, (into, out) in enumerate(pairwise(shape.channels)):
        some[f"W{k}"] = weights[f"W{k}"] * mask(shape.sites, into, out, k > 0, device)
    if shape.skip:
        some["S"] = weights["S"] * mask(shape.sites, shape.channels[0], shape.channels[-1], False, device)
    return some


@logits.register
def _(shape: Made, weights: dict[str, Tensor], y: Tensor, noise: torch.Generator | None = None) -> Tensor:
    w = masked(shape, weights)
    read = code(y, shape.colours).flatten(1)
    h = read
    for k in range(shape.depth):
        h = torch.nn.functional.linear(h, w[f"W{k}"], w.get(f"b{k}"))
        if k < shape.depth - 1:
            h = h.tanh() if shape.odd else torch.where(h > 0, h, w[f"a{k}"] * h)
    if shape.skip:
        h = h + read @ w["S"].T
    return h.view(len(y), shape.sites, shape.colours - 1)


@draw.register
def _(shape: Made, weights: dict[str, Tensor], u: Tensor) -> Tensor:
    return compiled(shape, weights, u, False)


@redraw.register
def _(shape: Made, weights: dict[str, Tensor], u: Tensor) -> Tensor:
    return compiled(shape, weights, u, True)


def compiled(shape: Made, weights: dict[str, Tensor], u: Tensor, again: bool) -> Tensor:
    """Sequences by the compiled path, LANES at a time: each depends on its own uniforms only, to the bit."""
    w = {k: v.cpu().numpy() for k, v in masked(shape, weights).items()}
    units = [shape.sites * c for c in shape.channels[1:]]
    W = tuple(w[f"W{k}"] for k in range(shape.depth))
    b = tuple(w.get(f"b{k}", np.zeros(n, np.float32)) for k, n in enumerate(units))
    a = tuple(w.get(f"a{k}", np.zeros(n, np.float32)) for k, n in enumerate(units))
    S = w.get("S", np.zeros((0, 0), np.float32))
    whole = np.full((-(-len(u) // LANES) * LANES, shape.sites), 0.5)
    whole[: len(u)] = u.numpy()
    y = np.empty(whole.shape, np.uint8)
    sequences(W, b, a, S, np.array(shape.channels), shape.sites, shape.odd, again, whole, y)
    return torch.from_numpy(y[: len(u)]).to(weights["W0"].device)


@njit(nogil=True, cache=True)
def sequences(
    W: tuple[np.ndarray, ...], b: tuple[np.ndarray, ...], a: tuple[np.ndarray, ...], S: np.ndarray,
    channels: np.ndarray, sites: int, odd: bool, again: bool, u: np.ndarray, y: np.ndarray,
) -> None:  # fmt: skip
    """Write y (n, N): site after site, the units of that site alone; or, `again`, of all sites at every site."""
    depth = len(W)
    h = np.zeros((depth + 1, sites * channels.max(), LANES), np.float32)
    for begin in range(0, len(u), LANES):
        h[:] = 0
        for t in range(sites):
            for k in range(depth):
                for r in range(0 if again else t, sites if again else t + 1):
                    layer(W[k], b[k], a[k], S, h, k, r, channels, k == depth - 1, odd)
            choose(h, t, channels, u[begin : begin + LANES], y[begin : begin + LANES])


@njit(nogil=True, cache=True)
def layer(
    W: np.ndarray, b: np.ndarray, a: np.ndarray, S: np.ndarray, h: np.ndarray, k: int, t: int, channels: np.ndarray,
    last: bool, odd: bool,
) -> None:  # fmt: skip
    """The units of site t in layer k + 1, from those of layer k."""
    into, out = channels[k], channels[k + 1]
    reach = t * into if k == 0 else (t + 1) * into
    for o in range(t * out, (t + 1) * out):
        unit = h[k + 1, o]
        unit[:] = b[o]
        add(unit, W[o], h[k], reach)
        if last:
            if len(S) > 0:
                add(unit, S[o], h[0], t * channels[0])
        else:
            bend(unit, a[o], odd)


@njit(nogil=True, cache=True)
def add(unit: np.ndarray, w: np.ndarray, h: np.ndarray, n: int) -> None:
    """unit += sum_{j < n} w_j h_j, lane by lane, in the order of j: one order, so one answer."""
    whole = n - n % 8
    for j in range(0, whole, 8):
        w0, w1, w2, w3, w4, w5, w6, w7 = w[j], w[j + 1], w[j + 2], w[j + 3], w[j + 4], w[j + 5], w[j + 6], w[j + 7]
        for i in range(LANES):
            v = unit[i] + w0 * h[j, i]
            v += w1 * h[j + 1, i]
            v += w2 * h[j + 2, i]
            v += w3 * h[j + 3, i]
            v += w4 * h[j + 4, i]
            v += w5 * h[j + 5, i]
            v += w6 * h[j + 6, i]
            unit[i] = v + w7 * h[j + 7, i]
    for j in range(whole, n):
        for i in range(LANES):
            unit[i] += w[j] * h[j, i]


@njit(nogil=True, cache=True)
def bend(unit: np.ndarray, slope: float, odd: bool) -> None:
    """tanh, or max(v, 0) + slope min(v, 0)."""
    for i in range(LANES):
        v = unit[i]
        if odd:
            unit[i] = np.float32(1.0 - 2.0 / (exp(2.0 * np.float64(v)) + 1.0))
        else:
            unit[i] = v if v > 0 else slope * v


@njit(nogil=True, cache=True)
def choose(h: np.ndarray, t: int, channels: np.ndarray, u: np.ndarray, y: np.ndarray) -> None:
    """The colour of site t in whose share of probability u lies, written to y and to what is read."""
    into, out, depth = channels[0], channels[-1], len(channels) - 1
    for i in range(LANES):
        top = 0.0
        for k in range(out):
            top = max(top, np.float64(h[depth, t * out + k, i]))
        total = exp(-top)
        for k in range(out):
            total += exp(np.float64(h[depth, t * out + k, i]) - top)
        mark, share, colour = u[i, t] * total, exp(-top), 0
        for k in range(out):
            if mark >= share:
                colour = k + 1
            share += exp(np.float64(h[depth, t * out + k, i]) - top)
        y[i, t] = colour
        if into == 1:
            h[0, t, i] = 2 * colour - 1
        else:
            for k in range(into):
                h[0, t * into + k, i] = 1.0 if k == colour else 0.0
