"""Pseudolikelihood of a table over windows: each spin given all others, and its gradient by the table.

    e_i = E(s with i flipped) - E(s) = sum_{w holds i} table[p_w ^ bit_i] - table[p_w]
    loss = mean over configurations and sites of -ln P(s_i | the others) = ln(1 + exp(-beta e_i))

Besag (1975). The table enters as 2^bits numbers, whatever gives them: a network is evaluated once on all patterns
and never on a configuration. `loss` is the numpy-and-torch truth, `swept` the compiled loop.
"""

import numba
import numpy as np
import torch
from numba import prange
from torch import Tensor

PARTS = 8  # of a batch, whose gradients are added in order: the same bits whatever the number of threads


def loss(table: Tensor, pattern: Tensor, window: Tensor, beta: float) -> Tensor:
    """Loss of patterns (n, window) seen through windows (window, bit): plain, differentiable, on any device."""
    count, bits = window.shape
    pattern = pattern.long()
    flipped = pattern[..., None] ^ (1 << torch.arange(bits, device=pattern.device))
    change = (table[flipped] - table[pattern][..., None]).reshape(len(pattern), count * bits)
    e = torch.zeros(len(pattern), int(window.max()) + 1, dtype=table.dtype, device=table.device)
    return torch.nn.functional.softplus(-beta * e.index_add(1, window.reshape(-1), change)).mean()


@numba.njit(parallel=True, cache=True, fastmath={"reassoc", "contract", "nsz", "arcp"})
def swept(table, pattern, window, sites, beta, gradient):
    """Sum of the loss over configurations and sites; its gradient is added to gradient (PARTS, 2^bits), zero before."""
    n, (count, bits) = len(pattern), window.shape
    total = np.zeros(PARTS)
    for part in prange(PARTS):
        e, own = np.empty(sites), gradient[part]
        for c in range(n * part // PARTS, n * (part + 1) // PARTS):
            e[:] = 0.0
            for w in range(count):
                p = pattern[c, w]
                here = table[p]
                for b in range(bits):
                    e[window[w, b]] += table[p ^ (1 << b)] - here
            for i in range(sites):
                x = np.exp(-abs(beta * e[i]))
                total[part] += np.log1p(x) + max(-beta * e[i], 0.0)
                e[i] = -beta * (x if e[i] * beta > 0 else 1.0) / (1.0 + x)
            for w in range(count):
                p = pattern[c, w]
                back = 0.0
                for b in range(bits):
                    r = e[window[w, b]]
                    own[p ^ (1 << b)] += r
                    back += r
                own[p] -= back
    return total.sum()


class Swept(torch.autograd.Function):
    """`loss` by `swept`, on the processor."""

    @staticmethod
    def forward(ctx, table, pattern, window, sites, beta):
        gradient = np.zeros((PARTS, len(table)))
        total = swept(table.detach().double().numpy(), pattern, window, sites, beta, gradient)
        scale = 1.0 / (len(pattern) * sites)
        ctx.save_for_backward(torch.from_numpy(gradient.sum(0) * scale).to(table.dtype))
        return table.new_tensor(total * scale)

    @staticmethod
    def backward(ctx, *grads):
        (gradient,) = ctx.saved_tensors
        return grads[0] * gradient, None, None, None, None
