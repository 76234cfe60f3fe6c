"""Medians, means with their errors, and Student's interval over realizations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..quenched import spread


@dataclass(frozen=True)
class Lead:
    """How much more often the first is right than the second, on the same trials."""

    mean: float
    se: float

    @property
    def sigmas(self) -> float:
        return self.mean / self.se if self.se else np.inf * np.sign(self.mean) if self.mean else 0.0


def estimate(values: np.ndarray) -> Lead | None:
    """Mean with its standard error over samples or realizations; None of fewer than two."""
    values = values[np.isfinite(values)]
    return Lead(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))) if len(values) > 1 else None


def median(values: np.ndarray) -> float:
    """Median of what is finite, NaN of nothing."""
    values = values[np.isfinite(values)]
    return float(np.median(values)) if len(values) else np.nan


def mean(values: np.ndarray) -> float:
    """Mean of what is finite, NaN of nothing."""
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else np.nan


def times(count: int) -> float:
    """How many standard errors Student's 95 % interval of a mean of so many values reaches."""
    from scipy.stats import t

    return float(t.ppf(0.975, max(count - 1, 1)))


def student(values: np.ndarray) -> tuple[float, float]:
    """95 % interval of a mean over realizations."""
    found = spread(values, ["realization"])
    return float(found["_low"]), float(found["_high"])
