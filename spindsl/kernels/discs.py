"""Discs in a periodic square box, sheared affinely and cyclically: random organization.

At strain g the box and all in it are mapped by x -> x + g y (Lees and Edwards: so are the images), so that two discs
whose centres lie (dx, dy) apart pass each other along a horizontal segment. Those that come nearer than one diameter
anywhere on the way of a cycle are active, and each is kicked once it is over (Corté, Chaikin, Gollub and Pine, Nature
Physics 4, 420, 2008). The smallest strain at which a disc touches another tells for every amplitude at once whether
it would be active. Lengths are in diameters.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from .floats import log
from .philox import uniforms

TRIES = np.uint64(64)  # numbers kept for the attempts of one draw; all fail with probability 1e-43
HALF = np.uint64(32)
HAIR = 1e-9  # by which cells and windows are too wide, so that rounding loses no pair


class Kicks(NamedTuple):
    """How far discs are moved, in diameters."""

    kick: float  # largest length of the kick of an active disc: uniform in length and in direction
    noise: float  # standard deviation of either coordinate of every disc's own displacement, each cycle


@njit(inline="always")
def onset(dx: float, dy: float, side: float, both: bool) -> float:
    """Smallest strain g >= 0 at which discs (dx, dy) apart touch, 0 <= dy < 1; inf if none. `both`: g or -g.

    The images of the upper one lie at dx + n side + g dy; it touches where this is within w = sqrt(1 - dy^2).
    """
    w = np.sqrt(1.0 - dy * dy)
    dx -= side * np.floor(dx / side + 0.5)
    if abs(dx) < w:
        return 0.0
    if dy == 0.0:
        return np.inf
    gap = -w - dx
    gap -= side * np.floor(gap / side)
    if both:
        other = dx - w
        gap = min(gap, other - side * np.floor(other / side))
    return gap / dy


@njit(nogil=True, cache=True)
def onsets(x: np.ndarray, y: np.ndarray, side: float, limit: float, both: bool, found: np.ndarray) -> None:
    """Smallest strain below `limit` at which each disc touches any other, else inf, into found (disc).

    Cells of one diameter or more; each pair is met once, from its lower disc.
    """
    size, n = len(x), int(side * (1.0 - HAIR))
    per = n / side
    start, order = np.zeros(n * n + 1, np.int64), np.empty(size, np.int64)
    for i in range(size):
        found[i] = np.inf
        start[min(int(y[i] * per), n - 1) * n + min(int(x[i] * per), n - 1) + 1] += 1
    for c in range(n * n):
        start[c + 1] += start[c]
    fill = start.copy()
    for i in range(size):
        c = min(int(y[i] * per), n - 1) * n + min(int(x[i] * per), n - 1)
        order[fill[c]] = i
        fill[c] += 1
    left = np.sqrt(1.0 + limit * limit) + HAIR
    right = left if both else 1.0 + HAIR
    for i in range(size):
        first = int(np.floor((x[i] - left) * per))
        last = min(int(np.floor((x[i] + right) * per)), first + n - 1)
        row = min(int(y[i] * per), n - 1)
        for above in range(2):
            base = ((row + above) % n) * n
            for column in range(first, last + 1):
                c = base + column % n
                for at in range(start[c], start[c + 1]):
                    j = order[at]
                    dy = y[j] - y[i]
                    dy -= side * np.floor(dy / side + 0.5)
                    if dy < 0.0 or dy >= 1.0 or (dy == 0.0 and j <= i):
                        continue
                    g = onset(x[j] - x[i], dy, side, both)
                    if g < limit:
                        found[i], found[j] = min(found[i], g), min(found[j], g)


@njit(inline="always")
def polar(
    disc: np.uint64, cycle: np.uint64, switch: np.uint64, trial: np.uint64, k0: np.uint64, k1: np.uint64
) -> tuple[float, float, float]:
    """A point (a, b) uniform in the unit disc, and s = a^2 + b^2, which is uniform and independent of the direction."""
    attempt = cycle * TRIES
    while True:
        u, v = uniforms(attempt << HALF | disc, switch, trial, k0, k1)
        a, b = 2.0 * u - 1.0, 2.0 * v - 1.0
        s = a * a + b * b
        if 0.0 < s < 1.0:
            return a, b, s
        attempt += np.uint64(1)


@njit(inline="always")
def wrapped(x: float, side: float) -> float:
    """Into [0, side)."""
    x -= side * np.floor(x / side)
    return x if x < side else 0.0


@njit(nogil=True, cache=True)
def scatter(side: float, trials: np.ndarray, key: np.ndarray, xy: np.ndarray) -> None:
    """Discs anywhere in the box, independently: xy (trial, 2, disc)."""
    for a in range(len(trials)):
        for i in range(xy.shape[2]):
            u, v = uniforms(np.uint64(i), np.uint64(0), trials[a], key[0], key[1])
            xy[a, 0, i], xy[a, 1, i] = u * side, v * side


@njit(nogil=True, cache=True)
def move(
    x: np.ndarray, y: np.ndarray, side: float, rule: Kicks, active: np.ndarray, cycle: np.uint64, switch: np.uint64,
    trial: np.uint64, kicks: np.ndarray, noises: np.ndarray,
) -> None:  # fmt: skip
    """End one cycle: a kick for the active, noise for all. Kick kick sqrt(s) (a, b), of length kick s."""
    for i in range(len(x)):
        if active[i]:
            a, b, s = polar(np.uint64(i), cycle, switch, trial, kicks[0], kicks[1])
            r = rule.kick * np.sqrt(s)
            x[i], y[i] = wrapped(x[i] + r * a, side), wrapped(y[i] + r * b, side)
        if rule.noise > 0.0:
            a, b, s = polar(np.uint64(i), cycle, switch, trial, noises[0], noises[1])
            r = rule.noise * np.sqrt(-2.0 * log(s) / s)
            x[i], y[i] = wrapped(x[i] + r * a, side), wrapped(y[i] + r * b, side)


@njit(nogil=True, cache=True)
def curve(found: np.ndarray, strains: np.ndarray, share: np.ndarray) -> None:
    """Fraction of discs whose onset lies below each of the rising strains, into share."""
    share[:] = 0.0
    for i in range(len(found)):
        k = np.searchsorted(strains, found[i], side="right")
        if k < len(strains):
            share[k] += 1.0
    for k in range(1, len(strains)):
        share[k] += share[k - 1]
    for k in range(len(strains)):
        share[k] /= len(found)


@njit(nogil=True, cache=True)
def drive(
    side: float, rule: Kicks, amplitude: np.ndarray, both: bool, cycles: np.ndarray, strains: np.ndarray,
    slot: np.ndarray, xy: np.ndarray, trials: np.ndarray, switch: np.uint64, kicks: np.ndarray, noises: np.ndarray,
    out: tuple[np.ndarray, np.ndarray],
) -> None:  # fmt: skip
    """Cycles of the amplitudes of a schedule, with the read-out after the switches asked for.

    amplitude (trial, switch), 0 for no shear; cycles (trial, switch); both: 0 -> g -> -g -> 0 in the place of
    0 -> g -> 0; slot (switch) where a switch is recorded, -1 for nowhere; xy (trial, 2, disc), the start, overwritten
    by the end; trials their numbers, switch that of the first, uint64; keys of the kicks and of the noise.
    out: share of the discs that would be active at each of `strains`, (trial, slot, strain) float32; mean share
    that was active in the cycles of the switch, (trial, slot).
    """
    shares, activity = out
    size = xy.shape[2]
    found, active, share = np.empty(size), np.empty(size, np.bool_), np.empty(len(strains))
    for a in range(amplitude.shape[0]):
        x, y, quiet = xy[a, 0], xy[a, 1], 0.0  # no disc touches another up to the strain `quiet`
        for k in range(amplitude.shape[1]):
            g, total = amplitude[a, k], 0
            for cycle in range(cycles[a, k]):
                count = 0
                if g > quiet:
                    onsets(x, y, side, g, both, found)
                    for i in range(size):
                        active[i] = found[i] < g
                        count += active[i]
                    quiet = 0.0 if count else g
                else:
                    active[:] = False
                if count or rule.noise > 0.0:
                    quiet = 0.0
                    move(x, y, side, rule, active, np.uint64(cycle), switch + np.uint64(k), trials[a], kicks, noises)
                total += count
            if slot[k] >= 0:
                onsets(x, y, side, strains[-1], both, found)
                curve(found, strains, share)
                shares[a, slot[k]] = share
                activity[a, slot[k]] = total / (size * cycles[a, k])
