"""What an attempted flip costs on periodic lattices at T_c, beside what else there is, and that it is the same physics.

    python -m benchmarks.sweeps [--rounds 5] [--sides 64 128 256 512]

One thread, nanoseconds of processor time an attempted flip; everything is run in turn within one process, and ratios
are medians over rounds. Competitors: peapods 0.2.0 (Rust; one and 16 replicas), a checkerboard in numpy, and plain
sequential loops in numba. Those that are not installed are said to be absent.
"""

import argparse
from collections.abc import Callable
from importlib.util import find_spec
from statistics import median
from time import process_time

import numpy as np

from spindsl.kernels.lanes import colours, measures, spins  # first, since it says where numba caches
from spindsl.kernels.lanes.digits import FULL
from spindsl.kernels.lanes.sweeps import sweep
from spindsl.kernels.lanes.torus import Torus, blocked, torus

from numba import njit  # isort: skip

BETA, BETA3 = np.log(1 + np.sqrt(2)) / 2, np.log(1 + np.sqrt(3))
KEY = np.array([1, 2], dtype=np.uint64)
SIDES, ATTEMPTS = (64, 128, 256, 512), 2**21
BARS = {
    "Ising, one replica": ("peapods 1", 40), "Ising, 64 replicas": ("peapods 16", 60),
    "Gaussian, 64 replicas": ("peapods Gaussian 16", 8), "Potts 3, 64 replicas": ("numba Potts 3", 20),
}  # fmt: skip


class Lanes:
    """Our kernels; `one` replica cuts its lattice into blocks."""

    def __init__(self, L: int, rule: Callable[[Torus], object], planes: int = 1, one: bool = False, words: int = 1):
        self.torus = torus((L, L), blocked((L, L)) if one else None)
        self.rule, self.done, chains = rule(self.torus), 0, self.torus.chains * words
        self.words = np.full(
            (1, planes, 2, len(self.torus.odd), self.torus.half), FULL if planes == 1 else np.uint64(0)
        )
        self.attempts = L * L * chains

    def run(self, sweeps: int) -> None:
        sweep(self.rule, self.torus, self.words, KEY, 0, self.done, sweeps)
        self.done += sweeps


class Peapods:
    """The Rust library; its replicas share couplings."""

    def __init__(self, L: int, couplings: str, beta: float, replicas: int):
        from peapods import Ising

        np.random.seed(0)  # noqa: NPY002, where peapods draws its couplings
        self.model = Ising((L, L), couplings, np.array([1 / beta]), n_replicas=replicas)
        self.attempts = L * L * replicas

    def run(self, sweeps: int) -> dict:
        return self.model.sample(sweeps, warmup_ratio=0.0, sequential=True)


class Numpy:
    """A checkerboard of one replica, both sublattices as masks."""

    def __init__(self, L: int, beta: float = BETA):
        self.s, self.beta, self.attempts = np.ones((L, L), np.int8), beta, L * L
        self.masks = [np.indices((L, L)).sum(axis=0) % 2 == p for p in (0, 1)]
        self.p, self.rng = np.exp(-2 * beta * np.arange(-4, 5)).astype(np.float32), np.random.default_rng(0)

    def run(self, sweeps: int) -> None:
        s = self.s
        for _ in range(sweeps):
            for mask in self.masks:
                near = np.roll(s, 1, 0) + np.roll(s, -1, 0) + np.roll(s, 1, 1) + np.roll(s, -1, 1)
                flip = mask & (self.rng.random(s.shape, dtype=np.float32) < self.p[s * near + 4])
                s[flip] *= -1


@njit(cache=True)
def sequential(s, p, sweeps):
    """Ising spins (L, L) in order, an acceptance table, numba's own random numbers."""
    L = len(s)
    for _ in range(sweeps):
        for i in range(L):
            for j in range(L):
                near = s[i - 1, j] + s[(i + 1) % L, j] + s[i, j - 1] + s[i, (j + 1) % L]
                if np.random.random() < p[s[i, j] * near + 4]:  # noqa: NPY002
                    s[i, j] = -s[i, j]


@njit(cache=True)
def potts(q, p, Q, sweeps):
    """Colours (L, L) in order, an acceptance table of like neighbours lost less won."""
    L = len(q)
    for _ in range(sweeps):
        for i in range(L):
            for j in range(L):
                old = q[i, j]
                new = (old + 1 + np.random.randint(Q - 1)) % Q  # noqa: NPY002
                a, b, c, d = q[i - 1, j], q[(i + 1) % L, j], q[i, j - 1], q[i, (j + 1) % L]
                lost = (a == old) + (b == old) + (c == old) + (d == old)
                lost -= (a == new) + (b == new) + (c == new) + (d == new)
                if lost <= 0 or np.random.random() < p[lost]:  # noqa: NPY002
                    q[i, j] = new


@njit(cache=True)
def glass(s, right, down, beta, sweeps):
    """Spins (L, L) in order with couplings to the right and down, an exponential each."""
    L = len(s)
    for _ in range(sweeps):
        for i in range(L):
            for j in range(L):
                g = right[i, j] * s[i, (j + 1) % L] + right[i, j - 1] * s[i, j - 1]
                g += down[i, j] * s[(i + 1) % L, j] + down[i - 1, j] * s[i - 1, j]
                cost = 2 * s[i, j] * g
                if cost <= 0 or np.random.random() < np.exp(-beta * cost):  # noqa: NPY002
                    s[i, j] = -s[i, j]


class Loop:
    """One of the sequential loops."""

    def __init__(self, L: int, kernel: Callable, s: np.ndarray, *said: object):
        self.kernel, self.s, self.said, self.attempts = kernel, s, said, L * L

    def run(self, sweeps: int) -> None:
        self.kernel(self.s, *self.said, sweeps)


def entered(L: int, peers: bool) -> dict[str, Lanes | Peapods | Numpy | Loop]:
    """All that is timed at side L."""
    J = np.random.default_rng(L).normal(size=(2, L * L))
    ising = np.exp(-2 * BETA * np.arange(-4, 5))
    up, zero = np.ones((L, L), np.int8), np.zeros((L, L), np.int8)
    found = {
        "Ising, one replica": Lanes(L, lambda t: spins.uniform(t, BETA, 1.0), one=True),
        "Ising, 64 replicas": Lanes(L, lambda t: spins.uniform(t, BETA, 1.0)),
        "±J, 64 replicas": Lanes(L, lambda t: spins.signed(t, 1.0, np.sign(J))),
        "Gaussian, 64 replicas": Lanes(L, lambda t: spins.table(t, 1.0, J)),
        "Gaussian and fields, 64": Lanes(L, lambda t: spins.table(t, 1.0, J, J[0])),
        "Potts 3, 64 replicas": Lanes(L, lambda t: colours.coloured(t, BETA3, 1.0, 3), planes=2),
        "Potts 4, 64 replicas": Lanes(L, lambda t: colours.coloured(t, np.log(3.0), 1.0, 4), planes=2),
        "numpy checkerboard": Numpy(L),
        "numba sequential": Loop(L, sequential, up.copy(), ising),
        "numba Gaussian": Loop(L, glass, up.copy(), J[0].reshape(L, L), J[1].reshape(L, L), 1.0),
        "numba Potts 3": Loop(L, potts, zero, np.exp(-BETA3 * np.arange(5)), 3),
    }
    if peers:
        for replicas in (1, 16):
            found[f"peapods {replicas}"] = Peapods(L, "ferro", BETA, replicas)
            found[f"peapods ±J {replicas}"] = Peapods(L, "bimodal", 1.0, replicas)
            found[f"peapods Gaussian {replicas}"] = Peapods(L, "gaussian", 1.0, replicas)
    return found


def timed(one: Lanes | Peapods | Numpy | Loop) -> float:
    """Nanoseconds an attempt; enough sweeps for a tenth of a second of ours, a few of the others."""
    sweeps = max(1, ATTEMPTS * (32 if isinstance(one, Lanes) else 1) // one.attempts)
    begun = process_time()
    one.run(sweeps)
    return 1e9 * (process_time() - begun) / (sweeps * one.attempts)


def spread(x: list[float], digits: int) -> str:
    return f"{median(x):.{digits}f} ({min(x):.{digits}f}-{max(x):.{digits}f})"


def speed(L: int, rounds: int, peers: bool) -> None:
    """Times of everything at side L, in turn, and ratios to what each bar names."""
    found = entered(L, peers)
    for one in found.values():
        one.run(2)
    times = {name: [] for name in found}
    for _ in range(rounds):
        for name, one in found.items():
            times[name].append(timed(one))
    print(f"\nL = {L}: ns an attempted flip, median (range)" + ("" if peers else "; peapods is absent"))
    for name, each in times.items():
        line = f"  {name:26}{spread(each, 3):>26}"
        peer, bar = BARS.get(name, ("", 0))
        for other in dict.fromkeys((peer, "numpy checkerboard" if name.startswith("Ising") else "")):
            if other in times:
                ratio = spread([b / a for a, b in zip(each, times[other])], 0)
                line += f"   {ratio} x {other}" + (f" (bar {bar})" if other == peer else "")
        print(line, flush=True)


def kaufman(L: int, beta: float, step: float = 1e-4) -> float:
    """U/N of the L x L torus from ln Z, by a central difference (Kaufman 1949); beta off T_c by more than a step."""
    return -(log_z(L, beta + step) - log_z(L, beta - step)) / (2 * step * L * L)


def log_z(L: int, K: float) -> float:
    """ln Z of the L x L torus: half the sum of four products, the last with the sign of its first factor."""
    k = np.arange(2 * L)
    g = np.arccosh(np.maximum(np.cosh(2 * K) / np.tanh(2 * K) - np.cos(np.pi * k / L), 1.0))
    g[0] = 2 * K + np.log(np.tanh(K))
    odd, even, half = g[1::2], g[::2], L / 2
    logs = [np.logaddexp(half * x, -half * x).sum() for x in (odd, even)]
    logs += [(half * np.abs(x) + np.log1p(-np.exp(-L * np.abs(x)))).sum() for x in (odd, even)]
    terms = np.array([logs[0], logs[2], logs[1], logs[3]])
    total = terms.max() + np.log((np.exp(terms - terms.max()) * [1, 1, 1, np.sign(g[0])]).sum())
    return float(L * L / 2 * np.log(2 * np.sinh(2 * K)) - np.log(2) + total)


def physics(L: int, beta: float, sweeps: int, peers: bool) -> None:
    """U/N against Kaufman's torus, and Gaussian and Potts against the sequential loops; z of independent replicas."""
    print(f"\nThe same physics: L = {L}, beta = {beta}, Kaufman U/N = {kaufman(L, beta):.6f}")
    bonds, rows = 2 * L * L, []
    for name, one in (("64 in a word", False), ("16 in blocks", True)):
        ours = Lanes(L, lambda t: spins.uniform(t, beta, 1.0), one=one, words=16 if one else 1)
        ours.run(sweeps // 4)
        series = []
        for _ in range(sweeps // 10):
            ours.run(10)
            series.append(-(2 * measures.like_bonds(ours.torus, ours.words) - bonds) / (L * L))
        rows.append((name, np.array(series)))
    if peers:
        model = Peapods(L, "ferro", beta, 16)
        found = np.asarray(model.run(sweeps)["energies"], dtype=float)
        print(f"  peapods, 16 replicas: mean energy {found.ravel()[0]:.6f} (own sign, no error given)")
    for name, series in rows:
        means = series.mean(axis=0)
        error = means.std(ddof=1) / np.sqrt(len(means))
        z = (means.mean() - kaufman(L, beta)) / error
        print(f"  {name:14} {means.mean():.6f} ± {error:.6f}   z = {z:+.2f}")


def against_loops(L: int, sweeps: int) -> None:
    """Energy of one Gaussian sample and of three colours: lanes against independent runs of the sequential loops."""
    J = np.random.default_rng(5).normal(size=(2, L * L))
    ours = {
        "Gaussian, beta 0.5": Lanes(L, lambda t: spins.table(t, 0.5, J)),
        "Potts 3, beta 0.9": Lanes(L, lambda t: colours.coloured(t, 0.9, 1.0, 3), planes=2),
    }
    right, down = J[1].reshape(L, L), J[0].reshape(L, L)
    for name, one in ours.items():
        one.run(sweeps)
        lanes, loops = np.zeros(64), []
        for _ in range(sweeps // 5):
            one.run(5)
            E = (
                measures.energies(one.torus, one.words, J)
                if "Gauss" in name
                else -measures.like_bonds(one.torus, one.words)
            )
            lanes += E / (L * L) / (sweeps // 5)
        for _ in range(32):
            q, total = (np.ones if "Gauss" in name else np.zeros)((L, L), np.int8), 0.0
            for k in range(sweeps // 5 + sweeps // 5):
                if "Gauss" in name:
                    glass(q, right, down, 0.5, 5)
                    E = -(right * q * np.roll(q, -1, 1) + down * q * np.roll(q, -1, 0)).sum()
                else:
                    potts(q, np.exp(-0.9 * np.arange(5)), 3, 5)
                    E = -((q == np.roll(q, -1, 1)).sum() + (q == np.roll(q, -1, 0)).sum())
                total += E if k >= sweeps // 5 else 0.0
            loops.append(total / (L * L) / (sweeps // 5))
        error = np.sqrt(lanes.var(ddof=1) / 64 + np.var(loops, ddof=1) / 32)
        z = (lanes.mean() - np.mean(loops)) / error
        print(f"  {name:20} lanes {lanes.mean():.6f}   loops {np.mean(loops):.6f} ± {error:.6f}   z = {z:+.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="repetitions of each comparison")
    parser.add_argument("--sides", type=int, nargs="+", default=list(SIDES))
    parser.add_argument("--sweeps", type=int, default=20_000, help="of the check of the physics")
    said = parser.parse_args()
    peers = find_spec("peapods") is not None
    physics(32, 0.42, said.sweeps, peers)
    against_loops(32, max(500, said.sweeps // 20))
    for L in said.sides:
        speed(L, said.rounds, peers)


if __name__ == "__main__":
    main()
