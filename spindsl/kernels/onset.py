"""The onset of a power law, y = C (x - x0)^b above x0: where activity begins."""

import numpy as np
from scipy.optimize import least_squares


def power(x: np.ndarray, y: np.ndarray, se: np.ndarray) -> tuple[float, float, float]:
    """x0, C and b by weighted least squares, from points x > x0 (point) of which there are 3 or more."""
    low, span = x.min(), np.ptp(x)

    def residual(p: np.ndarray) -> np.ndarray:
        return (np.exp(p[1]) * (x - low + np.exp(p[0])) ** p[2] - y) / se

    guesses = [(np.log(f * span), np.log(y.max()), b) for f in (0.03, 0.2) for b in (0.5, 1.0)]
    bounds = ([np.log(1e-6 * span), -np.inf, 0.05], [np.log(3 * span), np.inf, 5.0])
    fits = [least_squares(residual, guess, bounds=bounds) for guess in guesses]
    best = min(fits, key=lambda f: f.cost)
    return low - np.exp(best.x[0]), np.exp(best.x[1]), best.x[2]
