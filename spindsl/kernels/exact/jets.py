"""Second-order jets: a function of beta with its first two derivatives, carried through by the chain rule.

ln Z as a jet is (ln Z, -<E>, var E): energy and heat capacity to rounding, without finite differences.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any  # a number, or an array of them


@dataclass(frozen=True)
class Jet:
    """f, f' and f'' at one beta, arrays of any one shape."""

    f: Array
    d: Array
    dd: Array

    __array_ufunc__ = None  # a numpy number times a jet is a jet

    def __iter__(self) -> Iterator[Array]:
        return iter((self.f, self.d, self.dd))

    def __add__(self, other: Array) -> Jet:
        g = jet(other)
        return Jet(self.f + g.f, self.d + g.d, self.dd + g.dd)

    def __mul__(self, other: Array) -> Jet:
        g = jet(other)
        return Jet(self.f * g.f, self.d * g.f + self.f * g.d, self.dd * g.f + 2 * self.d * g.d + self.f * g.dd)

    def __neg__(self) -> Jet:
        return Jet(-self.f, -self.d, -self.dd)

    def __sub__(self, other: Array) -> Jet:
        return self + (-jet(other))

    def __rsub__(self, other: Array) -> Jet:
        return jet(other) - self

    __radd__, __rmul__ = __add__, __mul__

    def of(self, g: Array, dg: Array, ddg: Array) -> Jet:
        """g(f), from g, g' and g'' at f."""
        return Jet(g, dg * self.d, ddg * self.d**2 + dg * self.dd)

    def sum(self) -> Jet:
        """Summed over all entries."""
        return Jet(*(np.sum(x) for x in self))


def jet(x: Array) -> Jet:
    """A constant as a jet."""
    return x if isinstance(x, Jet) else Jet(x, 0.0, 0.0)


def linear(J: Array, beta: float) -> Jet:
    """K = beta J."""
    return Jet(beta * J, J, 0.0)


def exp(x: Jet) -> Jet:
    """e^x."""
    e = np.exp(x.f)
    return x.of(e, e, e)


def log(x: Jet) -> Jet:
    """ln x."""
    return x.of(np.log(x.f), 1 / x.f, -1 / x.f**2)


def log1p(x: Jet) -> Jet:
    """ln(1 + x)."""
    return x.of(np.log1p(x.f), 1 / (1 + x.f), -1 / (1 + x.f) ** 2)


def sqrt(x: Jet) -> Jet:
    """x^(1/2)."""
    r = np.sqrt(x.f)
    return x.of(r, 0.5 / r, -0.25 / (r * x.f))


def inverse(x: Jet) -> Jet:
    """1 / x."""
    return x.of(1 / x.f, -1 / x.f**2, 2 / x.f**3)


def logsum(log_w: Jet, sign: Array = 1.0) -> Jet:
    """ln sum_k sign_k e^(x_k): derivatives are a mean and a mean with a variance, about the largest term."""
    w = sign * np.exp(log_w.f - np.max(log_w.f))
    z = w.sum()
    mean = (w * log_w.d).sum() / z
    return Jet(np.max(log_w.f) + np.log(z), mean, (w * (log_w.dd + (log_w.d - mean) ** 2)).sum() / z)
