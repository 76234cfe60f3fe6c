"""Two-alternative forced choice: how often the larger of two stimuli is told, against how much it is larger by.

An observer sees both configurations and says which is the other one. If evidence is normal with means d' apart and
unit variance, the share of correct choices is Phi(d' / sqrt 2), the area under the ROC curve (Green and Swets 1966).
Fields A_w = sqrt(1 - w) A_0 + sqrt(w) A_1 lie |A_w - A_0| ~ sqrt(w) apart, so that an ideal linear observer has
d' ~ sqrt(w). With a power b of the signal's amplitude and lapses lambda,

    p(w) = 1/2 + (1/2 - lambda) F(w),   F(w) = 2 Phi(z (w / theta)^(b/2)) - 1,   z = Phi^-1(3/4) = 0.674,

so F(theta) = 1/2: without lapses theta is the just-noticeable difference, at which three of four choices are correct.
b = 1, lambda = 0 is the ideal observer. Lapses are at most 0.06, as Wichmann and Hill 2001 advise.
"""

import numpy as np
from scipy.special import erf, erfinv, ndtri, xlogy

Z = float(ndtri(0.75))
LAPSE, SLOPE = 0.06, (0.25, 6.0)  # the largest lapse; smallest and largest b
REACH, STEPS = 100.0, 60  # theta may lie so many times outside the w presented; steps of the fit


def chosen(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Credit of a choice from the margins of both stimuli: 1 if they favour the truth together, a half for a tie."""
    both = np.asarray(first) + np.asarray(second)
    return np.where(np.isnan(both), np.nan, (both > 0) + 0.5 * (both == 0))


def curve(w: np.ndarray, theta: np.ndarray | float, b: np.ndarray | float, lapse: np.ndarray | float) -> np.ndarray:
    """p(w), for parameters that broadcast with w."""
    return 0.5 + (0.5 - lapse) * erf(Z * (w / theta) ** (b / 2) / np.sqrt(2))


def difference(theta: np.ndarray | float, b: np.ndarray | float, lapse: np.ndarray | float) -> np.ndarray:
    """The w at which p(w) = 3/4."""
    return theta * (np.sqrt(2) * erfinv(0.25 / (0.5 - lapse)) / Z) ** (2 / b)


def censored(found: np.ndarray, w: np.ndarray) -> np.ndarray:
    """0 for a difference below the smallest w presented, inf above the largest: there it was not measured."""
    return np.where(found < np.min(w), 0.0, np.where(found > np.max(w), np.inf, found))


def likelihood(
    w: np.ndarray, correct: np.ndarray, trials: np.ndarray | float, theta: np.ndarray | float, b: np.ndarray | float,
    lapse: np.ndarray | float,
) -> np.ndarray:  # fmt: skip
    """Log likelihood of the counts, up to a constant; sum over the last axis."""
    p = np.clip(curve(w, theta, b, lapse), 0.5, 1 - 1e-12)
    return (correct * np.log(p) + (trials - correct) * np.log1p(-p)).sum(axis=-1)


def deviance(
    w: np.ndarray, correct: np.ndarray, trials: np.ndarray | float, theta: np.ndarray | float, b: np.ndarray | float,
    lapse: np.ndarray | float,
) -> np.ndarray:  # fmt: skip
    """2 [ln L(shares as counted) - ln L(curve)], near the number of w minus that of parameters if the curve fits."""
    own = xlogy(correct, correct / trials) + xlogy(trials - correct, 1 - correct / trials)
    return 2 * (own.sum(axis=-1) - likelihood(w, correct, trials, theta, b, lapse))


def fit(w: np.ndarray, correct: np.ndarray, trials: np.ndarray | float) -> tuple[np.ndarray, ...]:
    """theta, b, lambda (…) of the largest likelihood for counts (…, w): the best of a grid, then Fisher's scoring."""
    w, correct = np.asarray(w, dtype=float), np.asarray(correct, dtype=float)
    trials = np.broadcast_to(np.asarray(trials, dtype=float), correct.shape)
    shape, k, n = correct.shape[:-1], correct.reshape(-1, len(w)), trials.reshape(-1, len(w))
    low = np.array([np.log(w.min() / REACH), np.log(SLOPE[0]), 0.0])
    high = np.array([np.log(w.max() * REACH), np.log(SLOPE[1]), LAPSE])
    x = started(w, k, n, low, high)
    damp, best, left = np.full(len(x), 1e-2), value(w, k, n, x), np.arange(len(x))
    for _ in range(STEPS):
        step = stepped(*scoring(w, k[left], n[left], x[left]), x[left], damp[left], low, high)
        new = np.clip(x[left] + step, low, high)
        gain = value(w, k[left], n[left], new) - best[left]
        better = gain > 0
        x[left[better]] = new[better]
        best[left[better]] += gain[better]
        damp[left] = np.where(better, damp[left] / 10, damp[left] * 5)
        left = left[np.where(better, gain > 1e-9, damp[left] < 1e6)]
    return tuple(v.reshape(shape) for v in (np.exp(x[:, 0]), np.exp(x[:, 1]), x[:, 2]))


def stepped(
    slope: np.ndarray, information: np.ndarray, x: np.ndarray, damp: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """The damped step information^-1 slope (fit, 3), along the bounds where it would leave them."""
    stuck = ((x <= low) & (slope < 0)) | ((x >= high) & (slope > 0))
    free = ~stuck
    information = information * (free[:, :, None] & free[:, None, :])
    own = np.einsum("rii->ri", information)
    own *= 1 + damp[:, None]
    own += np.where(stuck, 1.0, 1e-9)
    return np.linalg.solve(information, (slope * free)[..., None])[..., 0]


def value(w: np.ndarray, k: np.ndarray, n: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Log likelihood at x = (ln theta, ln b, lambda), (fit, 3)."""
    return likelihood(w, k, n, *(v[:, None] for v in (np.exp(x[:, 0]), np.exp(x[:, 1]), x[:, 2])))


def started(w: np.ndarray, k: np.ndarray, n: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The most likely point of a grid for each of the counts."""
    axes = (np.linspace(low[0], high[0], 61), np.linspace(low[1], high[1], 9), np.array([0.0, 0.01, 0.03, LAPSE]))
    grid = np.stack([v.ravel() for v in np.meshgrid(*axes, indexing="ij")], axis=1)
    p = np.clip(curve(w, np.exp(grid[:, :1]), np.exp(grid[:, 1:2]), grid[:, 2:]), 0.5, 1 - 1e-12)
    return grid[(k @ np.log(p).T + (n - k) @ np.log1p(-p).T).argmax(axis=1)]


def scoring(w: np.ndarray, k: np.ndarray, n: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope of the log likelihood (fit, 3) and Fisher's information (fit, 3, 3) at x = (ln theta, ln b, lambda)."""
    theta, b, lapse = np.exp(x[:, :1]), np.exp(x[:, 1:2]), x[:, 2:]
    u = Z * (w / theta) ** (b / 2)
    steep = (0.5 - lapse) * np.sqrt(2 / np.pi) * np.exp(-0.5 * u * u) * u * b / 2  # dp / d ln w
    by = np.stack([-steep, steep * np.log(w / theta), -erf(u / np.sqrt(2))], axis=-1)  # (fit, w, 3)
    p = np.clip(curve(w, theta, b, lapse), 0.5, 1 - 1e-12)
    slope = np.einsum("rw,rwi->ri", (k - n * p) / (p * (1 - p)), by)
    return slope, np.einsum("rw,rwi,rwj->rij", n / (p * (1 - p)), by, by)


def interval(
    w: np.ndarray, right: np.ndarray, rng: np.random.Generator, resamples: int = 1000, level: float = 0.95
) -> tuple[float, float]:
    """Percentile interval of the censored difference; right (state, w) are the credits of the choices in a state.

    Whole states are drawn anew, since all w are seen against the same reference in one state.
    """
    states = len(right)
    weight = rng.multinomial(states, np.full(states, 1 / states), size=resamples)
    found = np.sort(censored(difference(*fit(w, weight @ right, float(states))), w))
    tail = int(np.floor((1 - level) / 2 * resamples))
    return found[tail], found[resamples - 1 - tail]
