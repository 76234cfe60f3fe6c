"""What a configuration s = ±1 (…, spin) weighs: E = sum_{i<j} J_ij s_i s_j + sum_i A_i s_i, as in `couplings`."""

import numpy as np


def interaction(s: np.ndarray, i: np.ndarray, j: np.ndarray, J: np.ndarray) -> np.ndarray:
    """sum over edges of J s_i s_j, (…), K; of mean spins m, its mean over independent spins."""
    return (s[..., i] * s[..., j]) @ J


def zeeman(s: np.ndarray, A: np.ndarray) -> np.ndarray:
    """sum_i A_i s_i in each field A (field, spin), (…, field), K."""
    return s @ A.T


def switching(energy: np.ndarray) -> np.ndarray:
    """Mean work to switch each field (row) for another of the others, W = sum_i (A'_i - A_i) s_i, (…, field), K.

    From the energies of s in all the fields, `zeeman`; every other field equally likely. A single field has no other.
    """
    fields = energy.shape[-1]
    if fields < 2:
        return np.full(energy.shape, np.nan)
    return (energy.sum(axis=-1, keepdims=True) - fields * energy) / (fields - 1)


def drawn(mean: np.ndarray, samples: int, rng: np.random.Generator) -> np.ndarray:
    """Configurations ±1 (sample, …, spin) int8 of independent spins with these means (…, spin)."""
    uniform = rng.random((samples, *mean.shape), dtype=np.float32)
    return np.where(uniform < (1 + mean) / 2, 1, -1).astype(np.int8)
