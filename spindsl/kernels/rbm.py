"""Restricted Boltzmann machines with two-valued visible units, p(v, h) = exp(-E(v, h)) / Z.

    E = -b.v - v.W h - c.h,          h in {0, 1}:   F = -b.v - sum_k ln(1 + exp a_k),          a = c + v W
    E = -b.v - v.W h - c.h + h.h/2,  h real:        F = -b.v - |a|^2 / 2 - (hidden / 2) ln 2 pi

with the free energy F = -ln sum_h exp(-E), so that p(v) = exp(-F(v)) / Z; v_i is `low` or 1, low being 0 or -1.
The gradient of the mean ln p is <v h>, <v>, <h> of the data less those of the machine (Smolensky 1986; Hinton 2002);
the latter are taken from Markov chains that go on from step to step: persistent contrastive divergence (Tieleman 2008).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

EXACT = 16  # units, of the visible or the hidden ones, up to which Z is summed


class Machine(NamedTuple):
    """W (visible, hidden), b (visible), c (hidden)."""

    W: np.ndarray
    b: np.ndarray
    c: np.ndarray
    low: int
    normal: bool  # hidden units are real


def activation(m: Machine, v: np.ndarray) -> np.ndarray:
    """a (…, hidden) of configurations v (…, visible)."""
    return v @ m.W + m.c


def mean(m: Machine, v: np.ndarray) -> np.ndarray:
    """Mean of the hidden units given v: 1 / (1 + exp -a), or a."""
    a = activation(m, v)
    return a if m.normal else logistic(a)


def chance(m: Machine, h: np.ndarray) -> np.ndarray:
    """Probability that each visible unit is 1 given h (…, hidden): 1 / (1 + exp[-(1 - low) (b + W h)])."""
    return logistic((1 - m.low) * (h @ m.W.T + m.b))


def logistic(a: np.ndarray) -> np.ndarray:
    return 0.5 * np.tanh(0.5 * a) + 0.5


def free_energy(m: Machine, v: np.ndarray) -> np.ndarray:
    """F (…), nats, in float64."""
    v = v.astype(np.float64)
    a = activation(m, v)
    hidden = 0.5 * a * a + 0.5 * np.log(2 * np.pi) if m.normal else np.logaddexp(0, a)
    return -(v @ m.b) - hidden.sum(axis=-1)


def states(units: int, low: int) -> np.ndarray:
    """All configurations of so many units, (2^units, units)."""
    return np.where((np.arange(2**units)[:, None] >> np.arange(units)) & 1, 1.0, float(low))


def summed(visible: int, hidden: int, normal: bool) -> bool:
    """Whether Z can be summed exactly."""
    return visible <= EXACT or (hidden <= EXACT and not normal)


def log_partition(m: Machine) -> float:
    """ln Z by summing over all configurations of the smaller layer; the other layer's units are then independent."""
    visible, hidden = m.W.shape
    if m.normal or visible <= hidden:
        told = [-free_energy(m, v) for v in pieces(states(visible, m.low))]
    else:
        told = [h @ m.c + field(m, h).sum(axis=1) for h in pieces(states(hidden, 0))]
    return float(np.logaddexp.reduce(np.concatenate(told)))


def field(m: Machine, h: np.ndarray) -> np.ndarray:
    """ln sum over v_i of exp(u_i v_i), u = b + W h, of every visible unit."""
    u = h @ m.W.T.astype(np.float64) + m.b
    return np.logaddexp(m.low * u, u)


def pieces(x: np.ndarray, size: int = 4096) -> list[np.ndarray]:
    return [x[k : k + size] for k in range(0, len(x), size)]


def statistics(
    m: Machine, v: np.ndarray, weight: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """<v h>, <v>, <h> over configurations v (n, visible), of the weights that add to 1 or of equal ones."""
    h = mean(m, v)
    own = v / len(v) if weight is None else v * weight[:, None]
    return own.T @ h, own.sum(axis=0), h.mean(axis=0) if weight is None else weight @ h


def gibbs(m: Machine, v: np.ndarray, rng: np.random.Generator, sweeps: int) -> np.ndarray:
    """v after so many draws of h given v and of v given h."""
    one = v.dtype.type(1)
    for _ in range(sweeps):
        h = mean(m, v)
        if m.normal:
            h = h + rng.standard_normal(h.shape, dtype=v.dtype)
        else:
            h = (rng.random(h.shape, dtype=v.dtype) < h).astype(v.dtype)
        v = np.where(rng.random(v.shape, dtype=v.dtype) < chance(m, h), one, v.dtype.type(m.low))
    return v


def pseudo(m: Machine, v: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """ln P(v_i | the others) = -ln(1 + exp[F(v) - F(v, i flipped)]), (n), of one unit i (n) of each v (n, visible)."""
    a, turn = activation(m, v), 1 + m.low - 2 * v[np.arange(len(v)), unit]
    moved = a + turn[:, None] * m.W[unit]
    gain = 0.5 * (moved * moved - a * a) if m.normal else np.logaddexp(0, moved) - np.logaddexp(0, a)
    return -np.logaddexp(0, turn * m.b[unit] + gain.sum(axis=1))


def train(
    x: np.ndarray,
    low: int,
    normal: bool,
    hidden: int,
    rng: np.random.Generator,
    epochs: int,
    batch: int,
    rate: float,
    sweeps: int,
    tick: Callable[[float], None],
) -> tuple[Machine, np.ndarray]:
    """Gradient ascent on x (n, visible) of 0 and 1; the rate falls linearly to 0; as many chains as a batch is large.

    Starts with W ~ N(0, 0.01^2), c = 0 and the b of independent spins. Returns the machine, float32, and after each
    epoch the mean -ln pseudo-likelihood of x, nats, estimated from one random unit of each configuration: NaN if the
    rate is so large that the machine runs away.
    """
    n, visible = x.shape
    up = (x.sum(axis=0, dtype=np.float64) + 1) / (n + 2)
    v = np.where(x > 0, np.float32(1), np.float32(low))
    W = 0.01 * rng.standard_normal((visible, hidden), dtype=np.float32)
    b = (np.log(up / (1 - up)) / (1 - low)).astype(np.float32)
    m, chains = Machine(W, b, np.zeros(hidden, np.float32), low, normal), v[rng.integers(n, size=batch)]
    history, steps, done = np.full(epochs, np.nan), epochs * -(-n // batch), 0
    with np.errstate(over="ignore", invalid="ignore"):
        for epoch in range(epochs):
            tick(epoch / epochs)
            order = rng.permutation(n)
            for at in range(0, n, batch):
                chains = gibbs(m, chains, rng, sweeps)
                ascend(m, v[order[at : at + batch]], chains, rate * (1 - done / steps))
                done += 1
            history[epoch] = -visible * pseudo(m, v, rng.integers(visible, size=n)).mean()
    return m, history


def ascend(m: Machine, seen: np.ndarray, dreamt: np.ndarray, step: float) -> None:
    """One step along the gradient of the mean ln p of `seen`, the machine's own averages taken over `dreamt`."""
    for value, data, model in zip(m[:3], statistics(m, seen), statistics(m, dreamt)):
        value += np.float32(step) * (data - model)
