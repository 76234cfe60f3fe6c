"""What an event of the driven glass costs: against incremental numpy, against N, and on two threads.

    python -m benchmarks.events [--rounds 9] [--growth] [--figure FILE]

Erdős–Rényi graph of degree 4, J ~ N(0, 1), beta = 3 /K, B = 4.5 K, drives of four fields A ~ N(0, 3^2),
dwells of 100 s. What is compared is run in turn within one process, and ratios are medians over rounds.
One core is timed by the processor's clock, two threads by the wall's.
"""

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from statistics import median
from threading import Thread
from time import perf_counter, process_time

import numpy as np

from spindsl.kernels.couplings import Pairs, pairs  # first, since it says where numba caches
from spindsl.kernels.events import drive
from spindsl.kernels.orders import schedule
from spindsl.kernels.rules.arrhenius import Arrhenius

from numba import njit  # isort: skip

BETA, BARRIER, DEGREE, FIELDS, STD, DWELL = 3.0, 4.5, 4, 4, 3.0, 100.0
KEY = np.array([1, 2], dtype=np.uint64)
SIZES = (64, 256, 1024, 4096, 16384, 65536)
BARS = {"numpy": {256: 120, 4096: 100}, "threads": 1.8}


@dataclass(frozen=True)
class Glass:
    """Couplings, fields (field, spin) in K, and a configuration that has been driven for twenty dwells."""

    couplings: Pairs
    A: np.ndarray
    s: np.ndarray


def glass(N: int, seed: int = 1) -> Glass:
    rng = np.random.default_rng(seed)
    total = N * (N - 1) // 2
    t = rng.choice(total, rng.binomial(total, DEGREE / (N - 1)), replace=False, shuffle=False)
    j = ((1 + np.sqrt(1 + 8 * t)) / 2).astype(np.int64)
    couplings = pairs(N, t - j * (j - 1) // 2, j, rng.normal(size=len(t)))
    fresh = Glass(couplings, rng.normal(0, STD, (FIELDS, N)), rng.choice(np.array([-1, 1], np.int8), N))
    return Glass(fresh.couplings, fresh.A, Simulation(fresh, 1, 20).run().end[0])


class Simulation:
    """`drive` of independent trials from one configuration, all dwells recorded into the same memory."""

    def __init__(self, glass: Glass, trials: int, switches: int):
        N, shape = len(glass.s), (trials, switches)
        numbers = np.arange(trials, dtype=np.uint64)
        self.glass, self.field = glass, schedule(0, FIELDS, numbers, switches, KEY, np.full(trials, -1))
        spins, flips = np.zeros((*shape, N), np.int8), np.zeros(shape, np.int32)
        self.out = (spins, flips, *(np.zeros(shape) for _ in range(4)))
        self.end, self.rule = np.empty((trials, N), np.int8), Arrhenius(BETA, np.full(N, BARRIER))

    def run(self, threads: int = 1, dwell: float = DWELL) -> "Simulation":
        """Trials in `threads` equal blocks, a thread each."""
        self.end[:] = self.glass.s
        cuts = np.linspace(0, len(self.field), threads + 1).astype(int)
        work = [Thread(target=self.block, args=(slice(a, b), dwell)) for a, b in pairwise(cuts)]
        for thread in work:
            thread.start()
        for thread in work:
            thread.join()
        return self

    def block(self, these: slice, dwell: float) -> None:
        trials, switches = self.field[these].shape
        drive(
            self.glass.couplings, self.rule, self.glass.A, self.field[these], np.full(trials, -1), np.arange(switches),
            dwell, self.end[these], np.arange(these.start, these.stop, dtype=np.uint64), np.uint64(1), KEY,
            tuple(x[these] for x in self.out),
        )  # fmt: skip

    @property
    def events(self) -> int:
        return int(self.out[1].sum())


class Scan:
    """Selection by the cumulated sum of all rates."""

    def __init__(self, rates: np.ndarray):
        self.rates, self.cumulated = rates, np.empty_like(rates)

    def fill(self) -> None:
        pass

    def renew(self, changed: np.ndarray) -> None:
        pass

    def total(self) -> float:
        np.cumsum(self.rates, out=self.cumulated)
        return self.cumulated[-1]

    def pick(self, x: float) -> int:
        return self.cumulated.searchsorted(x, "right")


class Blocks:
    """Selection by sums of about sqrt(N) blocks, of which only those that change are added anew."""

    def __init__(self, rates: np.ndarray):
        self.width = math.isqrt(len(rates))
        self.rows = rates.reshape(-1, self.width)
        self.block = np.arange(len(rates)) // self.width
        self.sums = np.empty(len(self.rows))

    def fill(self) -> None:
        self.rows.sum(axis=1, out=self.sums)

    def renew(self, changed: np.ndarray) -> None:
        rows = self.block[changed]
        self.sums[rows] = self.rows[rows].sum(axis=1)

    def total(self) -> float:
        self.cumulated = self.sums.cumsum()
        return self.cumulated[-1]

    def pick(self, x: float) -> int:
        row = self.cumulated.searchsorted(x, "right")
        x -= self.cumulated[row] - self.sums[row]
        return row * self.width + min(self.rows[row].cumsum().searchsorted(x, "right"), self.width - 1)


class Numpy:
    """The same physics in numpy: rates are kept, and renewed for a flipped spin and its neighbours only."""

    def __init__(self, glass: Glass, selection: Callable):
        start, self.glass, self.selection = glass.couplings.start, glass, selection
        self.near = [glass.couplings.other[a:b].astype(np.intp) for a, b in pairwise(start)]
        self.changed = [np.append(near, i) for i, near in enumerate(self.near)]
        self.twice_J = [2.0 * glass.couplings.J[a:b] for a, b in pairwise(start)]
        self.g = np.array([0.5 * J @ glass.s[near] for J, near in zip(self.twice_J, self.near)])

    def run(self, field: np.ndarray, seed: int) -> tuple[np.ndarray, ...]:
        """Flips, work and heat (switch), and spins (switch, spin)."""
        near, changed, twice_J, switches, N = self.near, self.changed, self.twice_J, len(field), len(self.g)
        uniforms = iter(np.random.default_rng(seed).random((N * switches // 8 + 1000, 2)).tolist())
        s, h, A, rates = self.glass.s.astype(float), self.g.copy(), np.zeros(N), np.empty(N)
        flips, work, heat = np.zeros(switches, int), np.empty(switches), np.empty(switches)
        spins, select = np.empty((switches, N), np.int8), self.selection(rates)
        for k, row in enumerate(field):
            change = self.glass.A[row] - A
            A, work[k], t, q = self.glass.A[row], change @ s, 0.0, 0.0
            h += change
            rates[:] = np.exp(BETA * (s * h - BARRIER))
            select.fill()
            while True:
                u, v = next(uniforms)
                total = select.total()
                t -= math.log(u) / total
                if t > DWELL:
                    break
                i = select.pick(v * total)
                q += 2.0 * s[i] * h[i]
                s[i] = -s[i]
                h[near[i]] += s[i] * twice_J[i]
                these = changed[i]
                rates[these] = np.exp(BETA * (s[these] * h[these] - BARRIER))
                select.renew(these)
                flips[k] += 1
            heat[k], spins[k] = q, s
        return flips, work, heat, spins


class Plain:
    """The same physics as a careful user first writes it: incremental, one random number drawn at a time."""

    def __init__(self, glass: Glass):
        self.glass, self.g = glass, np.zeros(len(glass.s))
        start, other, J = glass.couplings
        np.add.at(self.g, np.repeat(np.arange(len(self.g)), np.diff(start)), J * glass.s[other])

    def run(self, field: np.ndarray, seed: int, dwell: float = DWELL) -> tuple[np.ndarray, ...]:
        """Flips, work and heat (switch), and spins (switch, spin)."""
        (start, other, J), rng = self.glass.couplings, np.random.default_rng(seed)
        s, g, A, switches = self.glass.s.astype(float), self.g.copy(), np.zeros(len(self.g)), len(field)
        flips, work, heat = np.zeros(switches, int), np.empty(switches), np.zeros(switches)
        spins = np.empty((switches, len(s)), np.int8)
        for k, row in enumerate(field):
            work[k] = (self.glass.A[row] - A) @ s
            A, t = self.glass.A[row], 0.0
            rates = np.exp(BETA * (s * (g + A) - BARRIER))
            while True:
                cumulated = np.cumsum(rates)
                t += rng.exponential(1.0 / cumulated[-1])
                if t > dwell:
                    break
                i = np.searchsorted(cumulated, rng.random() * cumulated[-1], "right")
                heat[k] += 2.0 * s[i] * (g[i] + A[i])
                s[i] = -s[i]
                near = other[start[i] : start[i + 1]]
                g[near] += 2.0 * s[i] * J[start[i] : start[i + 1]]
                rates[near] = np.exp(BETA * (s[near] * (g[near] + A[near]) - BARRIER))
                rates[i] = np.exp(BETA * (s[i] * (g[i] + A[i]) - BARRIER))
                flips[k] += 1
            spins[k] = s
        return flips, work, heat, spins


def timed(call: Callable[[], object], clock: Callable[[], float] = process_time) -> float:
    begun = clock()
    call()
    return clock() - begun


def spread(x: list[float], digits: int) -> str:
    return f"{median(x):.{digits}f} ({min(x):.{digits}f}-{max(x):.{digits}f})"


def against_numpy(rounds: int) -> None:
    print("\nAgainst incremental numpy, one core; times an event, starts of dwells included or taken off.")
    print("plain: drawn and summed event by event; tuned: draws, neighbours and sums prepared")
    print(f"{'N':>6}{'kernel ns':>11}{'peer':>14}{'us':>7}{'ratio':>16}{'ratio of events':>18}{'bar':>7}")
    for N, bar in BARS["numpy"].items():
        matter = glass(N)
        kernel = Simulation(matter, 64, 51200 // N)
        events = kernel.run().events
        peers = {"plain": Plain(matter), "tuned scan": Numpy(matter, Scan), "tuned blocks": Numpy(matter, Blocks)}
        ours, pure = [], []
        theirs, alone = {name: [] for name in peers}, []
        for k in range(rounds):
            ours.append(timed(kernel.run) / events)
            pure.append(ours[-1] - timed(partial(kernel.run, dwell=0.0)) / events)
            for name, peer in peers.items():
                begun = process_time()
                flips, *_ = peer.run(kernel.field[k % 64], seed=k)
                theirs[name].append((process_time() - begun) / flips.sum())
            starts = timed(partial(peers["plain"].run, kernel.field[k % 64], k, 0.0)) / flips.sum()
            alone.append((theirs["plain"][-1] - starts) / pure[-1])
        for name in peers:
            ratios = [slow / fast for slow, fast in zip(theirs[name], ours)]
            per_event, aim = (spread(alone, 0), f">={bar}") if name == "plain" else ("", "")
            print(
                f"{N:6}{1e9 * median(ours):11.0f}{name:>14}{1e6 * median(theirs[name]):7.1f}"
                f"{spread(ratios, 0):>16}{per_event:>18}{aim:>7}"
            )


@njit
def touched(start, other, J, s, g, A, B, leaves, events):
    """The memory of as many events and nothing else: the rows of a random spin and its neighbours, read and written."""
    N, x, total = np.uint64(len(s)), np.uint64(88172645463325252), 0.0
    for _ in range(events):
        x ^= x << np.uint64(13)
        x ^= x >> np.uint64(7)
        x ^= x << np.uint64(17)
        i = np.int64(x % N)
        s[i] = -s[i]
        for k in range(start[i], start[i + 1]):
            j = np.int64(other[k])
            g[j] += J[k]
            total += A[j] + B[j] + s[j]
            row = (j >> 4) << 4
            for leaf in range(16):
                total += leaves[row + leaf]
            leaves[j] = g[j]
    return total


def memory(glass: Glass, rounds: int, events: int = 200_000) -> float:
    """Seconds an event of touching its memory."""
    N = len(glass.s)
    arrays = [glass.s.astype(float), *(np.ones(N) for _ in range(3)), np.ones(N + 16)]
    run = partial(touched, *glass.couplings, *arrays, events)
    run()
    return median(timed(run) for _ in range(rounds)) / events


def growth(rounds: int, figure: str) -> None:
    print("\nGrowth with N at the same mean number of neighbours, one core; memory: touching it alone")
    print(f"{'N':>6}{'flips/dwell':>13}{'ns/event':>10}{'alone':>8}{'memory':>8}{'rest':>6}{'start, ns/spin':>16}")
    rows = []
    for N in SIZES:
        matter = glass(N)
        kernel = Simulation(matter, max(65536 // N, 2), 40)
        kernel.run()
        whole, starts = [], []
        for _ in range(rounds):
            starts.append(timed(partial(kernel.run, dwell=0.0)))
            whole.append(timed(kernel.run))
        events, dwells = kernel.events, kernel.field.size
        pure = 1e9 * median(w - s for w, s in zip(whole, starts)) / events
        rows.append((N, 1e9 * median(whole) / events, pure, 1e9 * memory(matter, rounds)))
        print(
            f"{N:6}{events / dwells:13.1f}{rows[-1][1]:10.0f}{pure:8.0f}{rows[-1][3]:8.0f}{pure - rows[-1][3]:6.0f}"
            f"{1e9 * median(starts) / (dwells * N):16.2f}"
        )
    if figure:
        draw(np.array(rows), figure)


def draw(rows: np.ndarray, figure: str) -> None:
    """The growth as a figure."""
    from matplotlib.figure import Figure

    N, whole, pure, memory = rows.T
    sheet = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = sheet.subplots()
    axes.semilogx(N, whole, "o-", base=2, label="with the starts of dwells")
    axes.semilogx(N, pure, "s-", base=2, label="events alone")
    axes.semilogx(N, memory, "^:", base=2, color="0.5", label="touching the same memory, no physics")
    axes.semilogx(N, pure[0] * np.log(N) / np.log(N[0]), "--", base=2, color="0.7", label="growth like log N")
    axes.set(xlabel="spins N", ylabel="ns an event, one core", ylim=(0, None))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    sheet.savefig(figure)


def threads(rounds: int) -> None:
    print("\nTwo threads against one: 5000 trials of 300 switches, N = 256, all recorded")
    kernel = Simulation(glass(256), 5000, 300)
    kernel.run()
    one, two = [], []
    for _ in range(rounds):
        one.append(timed(kernel.run, perf_counter))
        two.append(timed(partial(kernel.run, threads=2), perf_counter))
    ratios = [a / b for a, b in zip(one, two)]
    bar = f">= {BARS['threads']}"
    print(f"{'events':>10}{'one, s':>9}{'two, s':>9}{'ratio':>19}{'bar':>8}")
    print(f"{kernel.events:10}{median(one):9.2f}{median(two):9.2f}{spread(ratios, 2):>19}{bar:>8}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, help="repetitions of each comparison")
    parser.add_argument("--figure", default="", help="file for a figure of the growth with N")
    parser.add_argument("--growth", action="store_true", help="this part alone")
    said = parser.parse_args()
    rounds = said.rounds
    print("Driven glass: degree 4, beta 3, B 4.5, four fields of std 3, dwells of 100 s.")
    if not said.growth:
        against_numpy(rounds)
        threads(max(3, rounds // 3))
    growth(rounds, said.figure)


if __name__ == "__main__":
    main()
