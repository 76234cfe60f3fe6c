"""Preisach hysterons, driven so slowly that only the order of the turning points counts.

A hysteron s = ±1 goes up where the input H reaches `upper`, down where it falls to `lower` < `upper`, and keeps its
state between (Preisach, Zeitschrift für Physik 94, 277, 1935). It has the energy U = s (upper + lower) / 2 beside
-H s; work is H dM with M = sum s, and a flip either way gives the heat upper - lower to the bath: W = dU + Q.
"""

import numpy as np
from numba import njit

from .philox import uniforms


@njit(inline="always")
def held(s: int, lower: float, upper: float, H: float) -> int:
    """The state of a hysteron after the input went straight to H, from wherever it was."""
    return 1 if upper <= H else -1 if lower >= H else s


@njit(inline="always")
def cycled(s: int, lower: float, upper: float, g: float, both: bool) -> tuple[int, int, int]:
    """Its states on the way of a cycle from H = 0: at g, then at -g if `both`, and at 0 again."""
    top = held(s, lower, upper, g)
    low = held(top, lower, upper, -g) if both else top
    return top, low, held(low, lower, upper, 0.0)


@njit(nogil=True, cache=True)
def scatter(lower: np.ndarray, upper: np.ndarray, trials: np.ndarray, key: np.ndarray, s: np.ndarray) -> None:
    """States at H = 0, s (trial, spin) int8: up or down alike where the hysteron can be either."""
    for a in range(len(trials)):
        for i in range(s.shape[1]):
            u, _ = uniforms(np.uint64(i), np.uint64(0), trials[a], key[0], key[1])
            s[a, i] = held(1 if u < 0.5 else -1, lower[i], upper[i], 0.0)


@njit(nogil=True, cache=True)
def ramp(lower: np.ndarray, upper: np.ndarray, s: np.ndarray, H: float) -> tuple[float, float]:
    """Take the input straight to H, in place: s (spin) int8. Returns the work and heat, sums of H ds and of losses.

    An up flip does the work 2 upper, a down flip -2 lower.
    """
    work, heat = 0.0, 0.0
    for i in range(len(s)):
        now = held(s[i], lower[i], upper[i], H)
        if now != s[i]:
            work += 2.0 * upper[i] if now > 0 else -2.0 * lower[i]
            heat += upper[i] - lower[i]
            s[i] = now
    return work, heat


@njit(nogil=True, cache=True)
def curve(
    lower: np.ndarray, upper: np.ndarray, s: np.ndarray, both: bool, amplitudes: np.ndarray, share: np.ndarray
) -> None:
    """Fraction of hysterons that a cycle of each of the amplitudes would leave in the other state, into share."""
    for k in range(len(amplitudes)):
        count = 0
        for i in range(len(s)):
            count += cycled(s[i], lower[i], upper[i], amplitudes[k], both)[2] != s[i]
        share[k] = count / len(s)


@njit(nogil=True, cache=True)
def drive(
    lower: np.ndarray, upper: np.ndarray, amplitude: np.ndarray, both: bool, cycles: np.ndarray,
    amplitudes: np.ndarray, slot: np.ndarray, s: np.ndarray, out: tuple[np.ndarray, ...],
) -> None:  # fmt: skip
    """Cycles of the amplitudes of a schedule, with the read-out after the switches asked for.

    amplitude (trial, switch), 0 for none; cycles (trial, switch); both: 0 -> g -> -g -> 0 in the place of 0 -> g -> 0;
    slot (switch) where a switch is recorded, -1 for nowhere; s (trial, spin) int8, the start, overwritten by the end.
    out: spins (trial, slot, spin) int8; share that a cycle would change at each of `amplitudes`, (trial, slot,
    amplitude) float32; mean share that the cycles of the switch changed, work and heat in them, and U at
    their end, each a hysteron, (trial, slot).
    """
    spins, shares, activity, works, heats, energies = out
    size = s.shape[1]
    before, share = np.empty(size, np.int8), np.empty(len(amplitudes))
    for a in range(amplitude.shape[0]):
        x = s[a]
        for k in range(amplitude.shape[1]):
            g, changed, work, heat = amplitude[a, k], 0, 0.0, 0.0
            for _ in range(cycles[a, k]):
                before[:] = x
                for turn in range(3):
                    if turn == 1 and not both:
                        continue
                    w, q = ramp(lower, upper, x, g if turn == 0 else -g if turn == 1 else 0.0)
                    work, heat = work + w, heat + q
                for i in range(size):
                    changed += x[i] != before[i]
            at = slot[k]
            if at >= 0:
                spins[a, at] = x
                curve(lower, upper, x, both, amplitudes, share)
                shares[a, at] = share
                energy = 0.0
                for i in range(size):
                    energy += 0.5 * x[i] * (upper[i] + lower[i])
                activity[a, at] = changed / (size * cycles[a, k])
                works[a, at], heats[a, at], energies[a, at] = work / size, heat / size, energy / size
