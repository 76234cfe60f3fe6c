"""Pseudolikelihood of a table over windows: each spin given all others, and its gradient by the table.

    e_i = E(s with i flipped) - E(s) = sum_{w holds i} table[p_w ^ bit_i] - table[p_w]
    loss = mean over configurations and sites of -ln P(s_i | the others) = ln(1 + exp(-beta e_i))

Besag (1975). The table enters as 2^bits numbers, whatever gives them: a network is evaluated once on all patterns
and never on a configuration. `loss` is the plain truth, `swept` the compiled loop.
`labelled` is the loss of the published route instead, regression on energies.
"""

import numba
import numpy as np
import torch
from numba import prange
from torch import Tensor

from .floats import exp, log

PARTS = 8  # of a batch, whose gradients are added in order: the same bits whatever the number of threads


def loss(table: Tensor, pattern: Tensor, window: Tensor, beta: float) -> Tensor:
    """Loss of patterns (n, window) seen through windows (window, bit): plain, differentiable, on any device."""
    count, bits = window.shape
    pattern = pattern.long()
    flipped = pattern[..., None] ^ (1 << torch.arange(bits, device=pattern.device))
    change = (table[flipped] - table[pattern][..., None]).reshape(len(pattern), count * bits)
    e = torch.zeros(len(pattern), int(window.max()) + 1, dtype=table.dtype, device=table.device)
    return torch.nn.functional.softplus(-beta * e.index_add(1, window.reshape(-1), change)).mean()


def gathered(window: np.ndarray, sites: int) -> np.ndarray:
    """Where the changes (window x bit, and a last one that is 0) of each site lie, int64 (most windows, site)."""
    flat = window.ravel()
    order, held = np.argsort(flat, kind="stable"), np.bincount(flat, minlength=sites)
    where = np.full((held.max(), sites), len(flat))
    rank = np.arange(len(flat)) - np.repeat(held.cumsum() - held, held)
    where[rank, flat[order]] = order
    return where


@numba.njit(parallel=True, cache=True)
def swept(
    table: np.ndarray, pattern: np.ndarray, window: np.ndarray, where: np.ndarray, beta: float, gradient: np.ndarray
) -> float:
    """Sum of the loss over configurations and sites; its gradient is added to gradient (PARTS, 2^bits), zero before.

    `where` is what `gathered` gives. Of the logarithms of a configuration only that of their product is taken.
    """
    n, (count, bits), sites = len(pattern), window.shape, where.shape[1]
    total = np.zeros(PARTS)
    mask = 1 << np.arange(bits).astype(np.int32)
    for part in prange(PARTS):
        change, own = np.zeros(count * bits + 1, table.dtype), gradient[part]
        r, factor, lost = np.empty(sites), np.empty(sites), np.empty(sites)
        for c in range(n * part // PARTS, n * (part + 1) // PARTS):
            for w in range(count):
                p = pattern[c, w]
                for b in range(bits):
                    change[w * bits + b] = table[p ^ mask[b]] - table[p]
            r[:] = 0.0
            for k in range(len(where)):
                for i in range(sites):
                    r[i] += change[where[k, i]]
            for i in range(sites):
                e = beta * r[i]
                x = exp(-abs(e))
                factor[i], lost[i] = 1.0 + x, max(-e, 0.0)
                r[i] = -beta * (x if e > 0 else 1.0) / (1.0 + x)
            for i in range(0, sites, 512):  # a product of 512 factors up to 2 is a number still
                total[part] += log(factor[i : i + 512].prod())
            total[part] += lost.sum()
            for w in range(count):
                p = pattern[c, w]
                back = 0.0
                for b in range(bits):
                    own[p ^ mask[b]] += r[window[w, b]]
                    back += r[window[w, b]]
                own[p] -= back
    return total.sum()


def valued(
    table: Tensor, pattern: np.ndarray, window: np.ndarray, where: np.ndarray, beta: float
) -> tuple[float, Tensor]:
    """Loss and its gradient by the table (2^bits), by `swept` on the processor and by `loss` elsewhere."""
    if table.device.type != "cpu":
        g = table.detach().clone().requires_grad_()
        value = loss(g, torch.as_tensor(pattern, device=g.device), torch.as_tensor(window, device=g.device), beta)
        return value.item(), torch.autograd.grad(value, g)[0]
    gradient = np.zeros((PARTS, len(table)))
    total = swept(table.detach().double().numpy(), pattern, window, where, beta, gradient)
    scale = 1.0 / (len(pattern) * where.shape[1])
    return total * scale, torch.from_numpy(gradient.sum(0) * scale).to(table.dtype)


def labelled(table: Tensor, pattern: np.ndarray, labels: np.ndarray) -> tuple[float, Tensor]:
    """Mean of (sum_w table[p_w] - label)^2 over patterns (n, window), and its gradient by the table (2^bits)."""
    p = torch.as_tensor(pattern, device=table.device).long()
    off = table.detach()[p].sum(1) - torch.as_tensor(labels, dtype=table.dtype, device=table.device)
    each = (2 * off / len(p))[:, None].expand(p.shape)
    return float((off**2).mean()), torch.zeros_like(table).index_add(0, p.reshape(-1), each.reshape(-1))
