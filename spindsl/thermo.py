"""Thermodynamics from chains of energies and magnetizations, with honest errors. Shared by all who measure it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .graph import Promise


@dataclass(frozen=True)
class Quantity:
    """What is told of the system, per spin but for the order."""

    symbol: str
    units: str
    name: str
    law: str

    @property
    def title(self) -> str:
        """The symbol with its units, above a figure."""
        return self.symbol if self.units == "1" else f"{self.symbol}, {self.units}"

    def promise(self, front: tuple[str, ...] = ("beta",)) -> Promise:
        """The quantity as a variable."""
        return Promise(front, self.units, f"{self.name}, {self.law}")

    def error(self, front: tuple[str, ...]) -> Promise:
        """Its standard error."""
        return Promise(front, self.units, f"standard error of {self.name}")


QUANTITIES = {
    "free_energy": Quantity("F", "J", "free energy per spin", "F = -ln Z / (beta N)"),
    "energy": Quantity("U", "J", "energy per spin", "U"),
    "entropy": Quantity("S", "1", "entropy per spin", "S = (ln Z + beta U) / N"),
    "abs_magnetization": Quantity("|m|", "1", "modulus of the magnetization", "<|m|>; of colours: order parameter"),
    "heat_capacity": Quantity("C", "1", "heat capacity per spin", "C = beta^2 var E / N"),
    "susceptibility": Quantity("χ", "1/J", "susceptibility per spin", "chi = beta N (<m^2> - <|m|>^2)"),
    "binder": Quantity("Binder", "1", "Binder cumulant", "1 - <m^4> / (3 <m^2>^2)"),
    "energy_change": Quantity("U − U₁", "J", "energy per spin less that of the first target", "U - U_1"),
}
SAMPLED = ("energy", "abs_magnetization", "heat_capacity", "susceptibility", "binder")  # what chains tell
INTEGRATED = ("free_energy", "energy", "entropy", "abs_magnetization")  # what is told where F is known


def promises(
    front: tuple[str, ...] = ("beta",), prefix: str = "", names: Sequence[str] = SAMPLED
) -> dict[str, Promise]:
    """Each quantity with its standard error."""
    found = {}
    for name in names:
        found[prefix + name] = QUANTITIES[name].promise(front)
        found[f"{prefix}{name}_se"] = QUANTITIES[name].error(front)
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
    found = dict(zip(SAMPLED, value))
    return found | {f"{name}_se": s for name, s in zip(SAMPLED, se)}
