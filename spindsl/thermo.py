"""Thermodynamics from chains of energies and magnetizations, with honest errors. Shared by all who measure it."""

from __future__ import annotations

import numpy as np

from .graph import Promise

QUANTITIES = {
    "energy": ("J", "energy per spin, U"),
    "abs_magnetization": ("1", "modulus of the magnetization, <|m|>"),
    "heat_capacity": ("1", "heat capacity per spin, C = beta^2 var E / N"),
    "susceptibility": ("1/J", "susceptibility per spin, chi = beta N (<m^2> - <|m|>^2)"),
    "binder": ("1", "Binder cumulant, 1 - <m^4> / (3 <m^2>^2)"),
}


def promises(front: tuple[str, ...] = ("beta",), prefix: str = "") -> dict[str, Promise]:
    """Each quantity with its standard error."""
    found = {}
    for name, (unit, says) in QUANTITIES.items():
        found[prefix + name] = Promise(front, unit, says)
        found[f"{prefix}{name}_se"] = Promise(front, unit, f"standard error of {says.split(',')[0]}")
    return found


def moments(energy: np.ndarray, m: np.ndarray, spins: int) -> np.ndarray:
    """Numbers whose means all quantities are functions of, (…, 5): e, e^2 of energies per spin, |m|, m^2, m^4."""
    e = energy / spins
    return np.stack([e, e**2, np.abs(m), m**2, m**4], axis=-1)


def quantities(mean: np.ndarray, beta: float, spins: int) -> np.ndarray:
    """U, <|m|>, C, chi, U_4 from mean moments (…, 5) -> (…, 5)."""
    e, e2, a, m2, m4 = np.moveaxis(mean, -1, 0)
    return np.stack([e, a, beta**2 * spins * (e2 - e**2), beta * spins * (m2 - a**2), 1 - m4 / (3 * m2**2)], axis=-1)


def estimated(energy: np.ndarray, m: np.ndarray, beta: float, spins: int) -> dict[str, float]:
    """Quantities with their standard errors from chains (chain, sample)."""
    from .kernels.autocorrelation import blocks, integrated

    x = moments(energy, m, spins)
    mean = x.mean(axis=(0, 1))
    value = quantities(mean, beta, spins)
    tau = max(integrated(v)[0] for v in (energy, np.abs(m)))
    part = blocks(x, tau)  # (block, 5), independent
    left = (part.sum(axis=0) - part) / (len(part) - 1)
    again = quantities(left, beta, spins)
    se = np.sqrt((len(part) - 1) / len(part) * ((again - again.mean(axis=0)) ** 2).sum(axis=0))
    found = dict(zip(QUANTITIES, value))
    return found | {f"{name}_se": s for name, s in zip(QUANTITIES, se)}
