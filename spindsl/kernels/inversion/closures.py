"""Couplings from correlations in closed form: what is tried before anything is fitted.

    independent pair   tanh K_ij = <s_i s_j>, exact on trees without fields
    mean field         K_ij = -(C^-1)_ij, C_ij = <s_i s_j> - <s_i><s_j>, exact to first order in K

Nguyen, Zecchina and Berg 2017, Sec. II.A; Roudi, Tyrcha and Hertz 2009.
"""

import numpy as np

MOST = 1.0 - 1e-12  # correlation of spins that never part


def pair(correlation: np.ndarray) -> np.ndarray:
    """K of <s_i s_j> as if no other spin were there."""
    return np.arctanh(np.clip(correlation, -MOST, MOST))


def mean_field(spins: np.ndarray) -> np.ndarray:
    """K (site, site) of observations (observation, site) ±1; LinAlgError where spins never part."""
    K = -np.linalg.inv(np.cov(spins.T.astype(np.float64)))
    np.fill_diagonal(K, 0.0)
    return K


def averaged(K: np.ndarray, lists: list[np.ndarray]) -> np.ndarray:
    """Mean (template) over the terms (term, 2) of each template of K (site, site)."""
    return np.array([K[p[:, 0], p[:, 1]].mean() for p in lists])
