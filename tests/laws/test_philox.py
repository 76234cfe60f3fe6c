"""Philox 4x32-10 against the known answers of Random123, and uniforms that name their place in the stream."""

import math

import numpy as np
import pytest
from numba import njit
from scipy import stats

from spindsl.kernels import philox as module
from spindsl.kernels.philox import philox, uniforms

TRIALS = 200_000
FALSE_ALARM = 1e-6
Z = stats.norm.isf(FALSE_ALARM / 2)

ANSWERS = [  # counter and key, output: Random123, kat_vectors, philox4x32 10
    ("00000000 00000000 00000000 00000000 00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def words(text):
    return [np.uint64(int(w, 16)) for w in text.split()]


@njit
def draws(n, k0, k1):
    """Two uniforms of n names: events within switches within trials."""
    out = np.empty((n, 2))
    for k in range(n):
        out[k] = uniforms(np.uint64(k % 10), np.uint64(k // 10 % 100), np.uint64(k // 1000), k0, k1)
    return out


@pytest.fixture(scope="module")
def uv():
    return draws(TRIALS, *words("a4093822 299f31d0"))


@pytest.mark.parametrize("generator", [philox, philox.py_func], ids=["compiled", "plain"])
@pytest.mark.parametrize("named, drawn", ANSWERS)
def test_known_answers(generator, named, drawn):
    assert [int(w) for w in generator(*words(named))] == [int(w) for w in words(drawn)]


def test_uniforms_are_52_bits_of_the_words_and_half_a_unit():
    event, switch, trial, k0, k1 = words("0370734413198a2e 85a308d3 243f6a88 a4093822 299f31d0")
    a, b, c, d = (int(w) for w in philox(*words("13198a2e 85a308d3 243f6a88 03707344 a4093822 299f31d0")))
    expected = tuple(((high << 32 | low) >> 12) * 2.0**-52 + 2.0**-53 for high, low in ((a, b), (c, d)))
    assert uniforms(event, switch, trial, k0, k1) == expected
    assert uniforms.py_func(event, switch, trial, k0, k1) == expected


@pytest.mark.parametrize("word, extreme", [("00000000", 2.0**-53), ("ffffffff", 1 - 2.0**-53)])
def test_uniforms_are_never_0_and_never_1(monkeypatch, word, extreme):
    monkeypatch.setattr(module, "philox", lambda *name: words(word) * 4)
    assert uniforms.py_func(*words("0 0 0 0 0")) == (extreme, extreme)


def test_other_names_are_other_draws(uv):
    assert len(np.unique(uv)) == uv.size


def test_moments(uv):
    """Mean 1/2 (variance 1/12), (x - 1/2)^2 1/12 (1/180), neighbours and pairs uncorrelated (1/144)."""
    u, v = (uv - 0.5).T
    samples = [(x, 0, 1 / 12) for x in (u, v)]
    samples += [(x * x, 1 / 12, 1 / 180) for x in (u, v)]
    products = (u * v, u[1:] * u[:-1], v[1:] * v[:-1], v[1:] * u[:-1], u[1:] * v[:-1])
    samples += [(x, 0, 1 / 144) for x in products]
    for sample, mean, variance in samples:
        assert abs(sample.mean() - mean) < Z * math.sqrt(variance / len(sample))


@pytest.mark.parametrize("which", [0, 1])
def test_uniform_in_256_cells(uv, which):
    count = np.bincount((256 * uv[:, which]).astype(int), minlength=256)
    assert len(count) == 256
    assert stats.chisquare(count).pvalue > FALSE_ALARM
