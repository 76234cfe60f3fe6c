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
    return ((number[:, None] >> np.arange(bits)) & 1).sum(1)


def corners(side: int, dims: int, step: int = 1) -> np.ndarray:
    """Each S of a window of side^dims (C order) moved to the lowest corner by multiples of `step`, int64 (2^b)."""
    bits, number = side**dims, np.arange(1 << side**dims)
    place = np.stack(np.unravel_index(np.arange(bits), (side,) * dims))
    out = number.copy()
    for axis in range(dims):
        free, moved = np.ones(len(number), bool), np.zeros(len(number), np.int64)
        for layer in range(side):
            free &= (number & int((1 << np.flatnonzero(place[axis] == layer)).sum())) == 0
            moved += free
        out >>= np.where(number > 0, moved // step * step, 0) * side ** (dims - 1 - axis)
    return out


def couplings_of(table: np.ndarray, side: int, dims: int, stride: int, step: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Clusters S in their lowest corner, int64 (cluster), and J of E = sum_S J_S sum_translations prod_{k in S} s_k.

    Windows stand `stride` apart, so that J_S = sum_{S' ~ S} a_S' (step / stride)^dims, S' the translates of S that
    fit in the window. With step = 1 it is the translation invariant part of E, with step = stride all of it, one J
    a place of the focus. The constant (S = 0) comes first, an energy a site.
    """
    a = expanded(torch.as_tensor(np.asarray(table, dtype=np.float64))).numpy()
    clusters, kind = np.unique(corners(side, dims, step), return_inverse=True)
    return clusters, np.bincount(kind, a) * (step / stride) ** dims


def products(bits: int, terms: np.ndarray) -> np.ndarray:
    """prod_{k in S} s_k of all patterns, float64 (2^bits, term)."""
    number, out = np.arange(1 << bits), np.ones((1 << bits, len(terms)))
    for k in range(bits):
        out[np.ix_((number >> k) & 1 == 0, (terms >> k) & 1 == 1)] *= -1
    return out


def shrunk(table: np.ndarray, seen: np.ndarray, terms: np.ndarray, spread: float) -> np.ndarray:
    """A table drawn towards products of few spins (S of `terms`) where its patterns were seen seldom.

    The products are fitted to the table with weights `seen` (2^b), numbers of observations; of what they leave over a
    pattern keeps seen / (seen + spread). A ridge of 1e-9 shares what translates, one and the same to the energy, hold.
    """
    product = products(len(table).bit_length() - 1, np.concatenate([[0], terms]))
    weighed = product * seen[:, None]
    gram = weighed.T @ product
    gram[np.diag_indices(len(gram))] *= 1 + 1e-9
    low = product @ np.linalg.solve(gram, weighed.T @ table)
    return low + seen / (seen + spread) * (table - low)
