"""Cramer-Rao: the least error of any unbiased estimate of couplings from n independent configurations.

    p(s) ~ exp(sum_t K_t Phi_t(s)):   cov(K) >= (n F)^-1,   F = cov(Phi) at one temperature

For one coupling, E = -J Phi, F = var(E) / J^2 and se(J) >= J / (beta sqrt(n var E)). Energies E of a test set
then err by (dJ / J) E, apart from a constant, so that their root mean square error is (dJ / J) sd(E) over that set.
"""

import numpy as np


def cramer_rao(phi: np.ndarray, observations: float, beta: float) -> np.ndarray:
    """Least standard errors of J (coupling) from configurations' Phi (sample, coupling) drawn at `beta`."""
    return np.sqrt(np.diag(np.linalg.inv(np.atleast_2d(np.cov(phi.T)))) / observations) / beta


def energy_floor(variance: float, observations: float, beta: float, energies: np.ndarray) -> float:
    """Least root mean square error of test energies (sample) where one coupling is unknown; var E at `beta`."""
    return float(np.std(energies) / (beta * np.sqrt(observations * variance)))


def uniform_rmse(error: np.ndarray) -> float:
    """Root mean square of energy errors (sample) once their mean is taken off: E is known up to a constant."""
    return float(np.std(error))
