"""What all lanes of a packed torus show, without unpacking it: like bonds, colours, energies.

Each bond has one end in sublattice 0, so that the neighbours of its sites are all bonds, each once.
"""

import numpy as np
from numba import njit

from .digits import FULL, ONE, PIECE, ZERO
from .spins import both
from .sweeps import gather
from .torus import LANES, Torus, arranged

DIGITS = 8
FULLEST = (1 << DIGITS) - 1


@njit(inline="always")
def tally(tallies: np.ndarray, bit: np.ndarray, m: int) -> None:
    """Add bit (place) to the binary numbers in tallies (digit, place)."""
    for j in range(m):
        carry = bit[j]
        for d in range(DIGITS):
            held = tallies[PIECE * d + j]
            tallies[PIECE * d + j] = held ^ carry
            carry &= held


@njit
def flush(tallies: np.ndarray, count: np.ndarray, places: int) -> None:
    """Move the tallies of the first `places` into count (lane)."""
    for d in range(DIGITS):
        for j in range(places):
            for lane in range(LANES):
                count[lane] += np.int64((tallies[PIECE * d + j] >> np.uint64(lane)) & ONE) << d
    tallies[:] = ZERO


@njit(nogil=True, cache=True)
def likes(torus: Torus, words: np.ndarray, unlike: np.ndarray) -> np.ndarray:
    """Like bonds of each lane, (word, lane) int64, of colours or spins; satisfied ones where there is `unlike`."""
    planes, sites, z = words.shape[1], words.shape[3] * words.shape[4], 2 * len(torus.sides)
    near, like = np.empty((planes, z, PIECE), dtype=np.uint64), np.empty(PIECE, dtype=np.uint64)
    out, tallies = np.zeros((len(words), LANES), dtype=np.int64), np.zeros(DIGITS * PIECE, dtype=np.uint64)
    flat = words.reshape((len(words), planes, 2, sites))
    for w in range(len(words)):
        added = 0
        for start in range(0, sites, PIECE):
            m = min(PIECE, sites - start)
            for b in range(planes):
                gather(torus, words[w, b], 0, start, m, near[b])
            for k in range(z):
                for j in range(m):
                    like[j] = FULL
                for b in range(planes):
                    own = flat[w, b, 0, start : start + m]
                    for j in range(m):
                        like[j] &= ~(own[j] ^ near[b, k, j])
                if len(unlike) > 0:
                    signs = unlike[0, k, 0, start : start + m]
                    for j in range(m):
                        like[j] ^= signs[j]
                tally(tallies, like, m)
                added += 1
                if added % FULLEST == 0:
                    flush(tallies, out[w], min(PIECE, sites))
        flush(tallies, out[w], min(PIECE, sites))
    return out


@njit(nogil=True, cache=True)
def ups(words: np.ndarray, colour: int) -> np.ndarray:
    """Sites whose binary digits are those of `colour` (1 for spins up), (word, lane) int64."""
    out, tallies = np.zeros((len(words), LANES), dtype=np.int64), np.zeros(DIGITS * PIECE, dtype=np.uint64)
    planes, sites = words.shape[1], 2 * words.shape[3] * words.shape[4]
    same, flat = np.empty(PIECE, dtype=np.uint64), words.reshape((len(words), planes, sites))
    for w in range(len(words)):
        for added, start in enumerate(range(0, sites, PIECE)):
            m = min(PIECE, sites - start)
            for j in range(m):
                same[j] = FULL
            for b in range(planes):
                own, digit = flat[w, b, start : start + m], FULL if (colour >> b) & 1 else ZERO
                for j in range(m):
                    same[j] &= ~(own[j] ^ digit)
            tally(tallies, same, m)
            if (added + 1) % FULLEST == 0:
                flush(tallies, out[w], min(PIECE, sites))
        flush(tallies, out[w], min(PIECE, sites))
    return out


@njit(nogil=True, cache=True)
def weighed(torus: Torus, words: np.ndarray, J: np.ndarray, h: np.ndarray) -> np.ndarray:
    """sum_(ij) J_ij s_i s_j + sum_i h_i s_i of each lane, (word, lane) float64.

    J (neighbour, site) of the sites of sublattice 0, h (site of sublattice 0, then of 1) or empty.
    """
    sites, z = words.shape[3] * words.shape[4], len(J)
    near, out = np.empty((z, PIECE), dtype=np.uint64), np.zeros((len(words), LANES))
    flat = words.reshape((len(words), 2 * sites))
    for w in range(len(words)):
        for start in range(0, sites, PIECE):
            m = min(PIECE, sites - start)
            gather(torus, words[w, 0], 0, start, m, near)
            for k in range(z):
                for j in range(m):
                    total(out[w], ~(flat[w, start + j] ^ near[k, j]), J[k, start + j])
        for i in range(len(h)):
            total(out[w], flat[w, i], h[i])
    return out


@njit(inline="always")
def total(out: np.ndarray, up: np.uint64, x: float) -> None:
    """Add x in the lanes that are up, and -x in the others."""
    for lane in range(LANES):
        out[lane] += x * np.float64(np.int64(((up >> np.uint64(lane)) & ONE) << ONE) - 1)


def chains(torus: Torus, lanes: np.ndarray) -> np.ndarray:
    """Sums over the blocks of each chain, (word, lane) -> (chain)."""
    count = int(torus.blocks.prod())
    return lanes[:, : torus.chains * count].reshape(-1, count).sum(axis=1)


def like_bonds(torus: Torus, words: np.ndarray, unlike: np.ndarray | None = None) -> np.ndarray:
    """Like (satisfied) bonds n (chain): E = -J (2 n - bonds) for spins, |J| if signed, and -J n for colours."""
    return chains(torus, likes(torus, words, np.zeros((0, 0, 0, 0), dtype=np.uint64) if unlike is None else unlike))


def magnetizations(torus: Torus, words: np.ndarray) -> np.ndarray:
    """sum_i s_i of each chain, int64."""
    return 2 * chains(torus, ups(words, 1)) - int(torus.sides.prod())


def counts(torus: Torus, words: np.ndarray, Q: int) -> np.ndarray:
    """Sites of each colour, (chain, colour) int64."""
    return np.stack([chains(torus, ups(words, q)) for q in range(Q)], axis=1)


def energies(torus: Torus, words: np.ndarray, J: np.ndarray, h: np.ndarray | None = None) -> np.ndarray:
    """E = -sum J s s - sum h s of each chain, float64; J (dimension, site) and h (site) are the same in all lanes."""
    if torus.blocks.prod() > 1:
        raise ValueError("blocks of one lattice have different couplings: a lane must be a whole chain")
    bonds = arranged(torus, both(torus, np.asarray(J, dtype=np.float64)))[:, 0, 0].reshape(2 * len(torus.sides), -1)
    fields = np.zeros(0) if h is None else arranged(torus, np.asarray(h, dtype=np.float64)).ravel()
    return -weighed(torus, words, bonds, fields).ravel()
