"""How what a learned energy says moves with its couplings, and so how far their errors carry.

    E(s) = E_0 - sum_t J_t Phi_t(s),   P(s) = exp(-beta E) / Z,   Phi_t: the sum of the term's products over all places

    d<A>/dJ_t = beta cov(A, Phi_t) + <dA/dJ_t>,   dE/dJ_t = -Phi_t,   d(-ln Z / beta)/dJ_t = -<Phi_t>
    variance of A that the couplings bring = sum_tu (dA/dJ_t) cov(J_t, J_u) (dA/dJ_u)

Of terms that were taken in; what leaving a term out costs is not in it. Covariances are those that the bottleneck gives
as `coupling_covariance`, or its standard errors as if they were independent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from . import thermo
from .factors import Lattice
from .forms import NONE, Form, Pairs, Templates
from .graph import Stage

if TYPE_CHECKING:
    import xarray as xr

TINY = 1e-20  # of an imaginary step, whose square is lost


class Couplings(NamedTuple):
    """Terms (place, body) of each coupling that was taken in, and the covariance (coupling, coupling) of them, J^2."""

    terms: list[np.ndarray]
    covariance: np.ndarray


NOTHING = Couplings([], np.zeros((0, 0)))


def known(bottleneck: Stage) -> bool:
    """Whether it says how well it knows its couplings, those of products of spins."""
    return "coupling_se" in bottleneck.gives and isinstance(bottleneck.form, Templates | Pairs)


def couplings(found: xr.Dataset, form: Form, lattice: Lattice | None) -> Couplings:
    """Those of what was learned at one temperature, on a lattice."""
    J, se = found["coupling"].values, found["coupling_se"].values
    kept = np.flatnonzero((J != 0) & np.isfinite(se))
    if "coupling_covariance" in found:
        covariance = found["coupling_covariance"].values[np.ix_(kept, kept)]
    else:
        covariance = np.diag(se[kept] ** 2)
    if isinstance(form, Pairs) or lattice is None:
        pairs = np.stack([found["i"].values, found["j"].values], axis=1)[kept]
        return Couplings([p[None] for p in pairs], covariance)
    rows = found["offsets"].values[kept].tolist()
    return Couplings([lattice.distinct([o for o in row if o[0] != NONE]) for row in rows], covariance)


def products(spins: np.ndarray, terms: list[np.ndarray]) -> np.ndarray:
    """Phi of configurations (…, site) -> (…, coupling)."""
    from .kernels.inversion.moments import features

    flat = features(spins.reshape(-1, spins.shape[-1]), terms)
    return flat.reshape(*spins.shape[:-1], len(terms))


def cov(a: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """cov(A, Phi_t) over all samples of A (chain, sample, …) and Phi (chain, sample, coupling): (…, coupling)."""
    n = a.shape[0] * a.shape[1]
    flat, other = a.reshape(n, -1), phi.reshape(n, -1)
    found = (flat - flat.mean(axis=0)).T @ (other - other.mean(axis=0)) / n
    return found.reshape(*a.shape[2:], phi.shape[-1])


def moved(energy: np.ndarray, m: np.ndarray, phi: np.ndarray, beta: float, spins: int) -> np.ndarray:
    """dA/dJ of U, <|m|>, C, chi, U_4 from samples (chain, sample) and Phi: (quantity, coupling)."""
    x = thermo.moments(energy, m, spins)
    slope = beta * cov(x, phi)  # (moment, coupling), of e, e^2, |m|, m^2, m^4
    slope[0] -= phi.mean(axis=(0, 1)) / spins
    slope[1] -= 2 * (energy[..., None] * phi).mean(axis=(0, 1)) / spins**2
    return np.imag(thermo.quantities(x.mean(axis=(0, 1)) + 1j * TINY * slope.T, beta, spins)).T / TINY


def free(energy: np.ndarray, m: np.ndarray, phi: np.ndarray, beta: float, spins: int) -> np.ndarray:
    """dA/dJ of F, U, S per spin and <|m|>: (quantity, coupling). S = beta (U - F)."""
    F, heat = -phi.mean(axis=(0, 1)) / spins, beta * cov(energy, phi) / spins
    return np.stack([F, heat + F, beta * heat, beta * cov(np.abs(m), phi)])


def error(slope: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Standard error that couplings bring to quantities of slopes (quantity, coupling): (quantity)."""
    return np.sqrt(np.einsum("qt,tu,qu->q", slope, covariance, slope))
