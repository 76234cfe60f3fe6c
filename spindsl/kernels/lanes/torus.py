"""Tori in words: the sublattices of a checkerboard apart, bit l of a word for lane l.

words (word, plane, sublattice, row, place): a row runs along the last dimension, and place j of a row holds its
j-th site of the sublattice. Spins have one plane (bit 1 is up), colours the binary digits of the colour. With
`blocks` = (b_0, b_1, …) each chain's lattice is cut into prod b equal blocks, a lane each: one chain can fill a word.
"""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np

LANES = 64


class Torus(NamedTuple):
    """What a kernel must know of an even torus in words."""

    sides: np.ndarray  # int64 (dimension): of the lattice
    blocks: np.ndarray  # int64 (dimension): lanes along each dimension
    odd: np.ndarray  # int64 (row): parity of the row's coordinates
    near: np.ndarray  # int64 (row, 2 (dimensions - 1)): rows before and after, along each dimension but the last
    turn: np.ndarray  # int64 (row, 2 dimensions): which turn of lanes leads to that neighbour's row or end
    turns: np.ndarray  # uint64 (turn, 4): w -> (w >> a & b) | (w << c & d)
    half: int  # places in a row

    @property
    def chains(self) -> int:
        """Chains in a word."""
        return LANES // int(self.blocks.prod())

    @property
    def sites(self) -> int:
        """Sites of a lane in one sublattice."""
        return len(self.odd) * self.half


def torus(sides: Sequence[int] | np.ndarray, blocks: Sequence[int] | np.ndarray | None = None) -> Torus:
    """Even periodic sides; ValueError where the blocks have odd sides or are more than 64."""
    sides = np.asarray(sides, dtype=np.int64)
    blocks = np.ones_like(sides) if blocks is None else np.asarray(blocks, dtype=np.int64)
    if len(blocks) != len(sides) or prod(blocks) > LANES:
        raise ValueError(
            f"{prod(blocks)} blocks {tuple(blocks)} of a lattice {tuple(sides)}: at most {LANES}, a number a side"
        )
    if (sides % (2 * blocks)).any():
        raise ValueError(f"sides {tuple(sides)} in {tuple(blocks)} blocks: every block needs even sides")
    own = sides // blocks
    at = (
        np.stack(np.unravel_index(np.arange(prod(own[:-1])), own[:-1]), axis=1)
        if len(own) > 1
        else np.zeros((1, 0), int)
    )
    near, turn = [], []
    for d in range(len(own) - 1):
        for step in (-1, 1):
            to = at.copy()
            to[:, d] += step
            left = (to[:, d] < 0) | (to[:, d] == own[d])
            near.append(np.ravel_multi_index((to % own[:-1]).T, own[:-1]))
            turn.append(np.where(left, 2 * d + (step + 1) // 2 + 1, 0))
    turn += [np.full(len(at), end) for end in (2 * len(own) - 1, 2 * len(own))]
    rows = np.array(near, dtype=np.int64).reshape(2 * len(own) - 2, len(at)).T
    return Torus(sides, blocks, at.sum(axis=1) % 2, np.ascontiguousarray(rows),
                 np.ascontiguousarray(np.array(turn).T), turned(blocks), int(own[-1]) // 2)  # fmt: skip


def turned(blocks: np.ndarray) -> np.ndarray:
    """Turn 0 leaves a word as it is; 2d + 1 (2d + 2) brings each lane the bit of the block before (after) along d."""
    count = int(blocks.prod())
    lane = np.arange(LANES // count * count)
    at = np.stack(np.unravel_index(lane % count, tuple(blocks)), axis=1)
    found = [(0, (1 << LANES) - 1, 0, 0)]
    for d, b in enumerate(int(b) for b in blocks):
        stride = int(blocks[d + 1 :].prod())
        for here, far in ((0, -1), (b - 1, 1)):
            edge = bits(lane[at[:, d] == here])
            inner = bits(lane[at[:, d] != here])
            wrap, step = stride * (b - 1), stride * (b > 1)
            found.append((wrap, edge, step, inner) if far < 0 else (step, inner, wrap, edge))
    return np.array(found, dtype=np.uint64)


def bits(lanes: np.ndarray) -> int:
    """The word whose bits are these."""
    return sum(1 << int(k) for k in lanes)


def blocked(sides: Sequence[int] | np.ndarray) -> tuple[int, ...]:
    """Most blocks up to 64 with even sides; of these the ones that leave the longest rows."""
    best = [(1,) * len(sides)]
    for d, side in enumerate(int(s) for s in sides):
        counts = [b for b in range(1, LANES + 1) if side % (2 * b) == 0]
        best = [(*c[:d], b, *c[d + 1 :]) for c in best for b in counts if prod(c) * b <= LANES]
    return max(best, key=lambda c: (prod(c), -c[-1], c))


def arranged(lattice: Torus, a: np.ndarray) -> np.ndarray:
    """(…, site in C order) -> (…, block, sublattice, row, place)."""
    own, lead = lattice.sides // lattice.blocks, a.shape[:-1]
    D, k = len(own), len(lead)
    cut = a.reshape(*lead, *(x for pair in zip(lattice.blocks, own) for x in pair))
    cut = cut.transpose(*range(k), *range(k, k + 2 * D, 2), *range(k + 1, k + 2 * D, 2))
    rows = cut.reshape(*lead, int(lattice.blocks.prod()), len(lattice.odd), lattice.half, 2)
    odd = (np.arange(2)[:, None] + lattice.odd) % 2  # (sublattice, row): which of the pair of sites
    return np.take_along_axis(rows[..., None, :, :, :], odd.reshape(*[1] * (k + 1), 2, -1, 1, 1), axis=-1)[..., 0]


def sited(lattice: Torus, a: np.ndarray) -> np.ndarray:
    """The inverse of `arranged`: (…, block, sublattice, row, place) -> (…, site)."""
    N, lead = int(lattice.sides.prod()), a.shape[:-4]
    order = arranged(lattice, np.arange(N)).ravel()
    out = np.empty((*lead, N), dtype=a.dtype)
    out[..., order] = a.reshape(*lead, N)
    return out


def pack(lattice: Torus, values: np.ndarray, planes: int = 0) -> np.ndarray:
    """Spins ±1 (planes = 0) or colours (that many digits), int8 (chain, site) -> words; the last is filled with 0."""
    chains, per, count = len(values), lattice.chains, int(lattice.blocks.prod())
    whole = -(-chains // per)
    digits = [values > 0] if planes == 0 else [(values >> b) & 1 == 1 for b in range(planes)]
    words = np.zeros((whole, len(digits), 2, len(lattice.odd), lattice.half), dtype=np.uint64)
    for b, up in enumerate(digits):
        placed = arranged(lattice, up)
        for chain in range(chains):
            word, first = chain // per, chain % per * count
            for lane in range(count):
                words[word, b] |= placed[chain, lane].astype(np.uint64) << np.uint64(first + lane)
    return words


def unpack(lattice: Torus, words: np.ndarray, chains: int, colours: bool = False) -> np.ndarray:
    """Words -> spins ±1, or colours, int8 (chain, site)."""
    per, count = lattice.chains, int(lattice.blocks.prod())
    placed = np.zeros((chains, count, *words.shape[2:]), dtype=np.int8)
    for chain in range(chains):
        for lane in range(count):
            at = np.uint64(chain % per * count + lane)
            for b in range(words.shape[1]):
                placed[chain, lane] |= ((words[chain // per, b] >> at) & np.uint64(1)).astype(np.int8) << b
    found = sited(lattice, placed)
    return found if colours else (2 * found - 1).astype(np.int8)
