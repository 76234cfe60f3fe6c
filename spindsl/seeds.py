"""Randomness by name: every stream is a function of the root seed and the names of what uses it.

No stream is ever drawn from twice, and none depends on the order of computation. A new trial, switch
or drive changes no trajectory that exists, a new switch or network no network; the split and the shuffled
control are drawn over all trials and change with their number. No global random state is touched.
"""

import hashlib

import numpy as np


def digest(seed: int, *names: str | int) -> bytes:
    """32 bytes that name the stream (seed, names…); no two different names share a text."""
    text = "\x1f".join([str(seed), *(f"{type(n).__name__[0]}{n}" for n in names)])
    return hashlib.sha256(text.encode()).digest()


def philox_key(seed: int, *names: str | int) -> np.ndarray:
    """Key of a kernel stream: two 32-bit words in uint64, for `kernels.philox`."""
    return np.frombuffer(digest(seed, *names)[:8], dtype="<u4").astype(np.uint64)


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """A numpy generator (Philox 4x64) for what is drawn once: graphs, couplings, fields, splits."""
    return np.random.Generator(np.random.Philox(key=np.frombuffer(digest(seed, *names)[:16], dtype="<u8")))


def integer(seed: int, *names: str | int) -> int:
    """A 63-bit seed for generators that take one, such as torch's."""
    return int.from_bytes(digest(seed, *names)[:8], "little") >> 1
