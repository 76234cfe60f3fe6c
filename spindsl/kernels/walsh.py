"""Functions of b spins as sums of products of spins, and back: the Walsh-Hadamard transform.

    g(s) = sum_S a_S prod_{k in S} s_k,   a_S = 2^-b sum_s g(s) prod_{k in S} s_k

S is a number whose bit k is 1 where spin k belongs to S; a pattern is one whose bit k is 1 where s_k = +1.
"""

import numpy as np
import torch
from torch import Tensor


def expanded(g: Tensor) -> Tensor:
    """a_S of g (…, 2^b) by butterflies over the bits; differentiable."""
    bits = g.shape[-1].bit_length() - 1
    for k in range(bits):
        down, up = g.unflatten(-1, (-1, 2, 1 << k)).unbind(-2)
        g = torch.stack([(up + down) / 2, (up - down) / 2], -2).flatten(-3)
    return g


def summed(a: Tensor) -> Tensor:
    """g of all patterns from a_S (…, 2^b), the inverse of `expanded`."""
    bits = a.shape[-1].bit_length() - 1
    for k in range(bits):
        without, holding = a.unflatten(-1, (-1, 2, 1 << k)).unbind(-2)
        a = torch.stack([without - holding, without + holding], -2).flatten(-3)
    return a


def orders(bits: int) -> np.ndarray:
    """|S| of each S, int64 (2^b)."""
    number = np.arange(1 << bits)
    return sum((number >> k) & 1 for k in range(bits))
