"""What an attempted flip and a site of a cluster cost, beside a loop written for one lattice.

    python -m benchmarks.moves [--rounds 5] [--sides 8 64 256]

Ferromagnet on an L x L torus at beta = 0.4407, Potts with three colours at its own beta_c, one chain and core, timed by
the processor's clock. What is compared is run in turn; ratios are medians over rounds.
"""

import argparse
from statistics import median
from time import process_time

import numpy as np

from spindsl.kernels.chains import HeatBath, Metropolis, advance  # first, since it says where numba caches
from spindsl.kernels.clusters import swendsen_wang, wolff
from spindsl.kernels.energies import clusters, colours, coupled, paired

from numba import njit  # isort: skip

KEY, CHAIN, ANY = np.array([1, 2], np.uint64), np.zeros(1, np.uint64), np.zeros(0, np.uint32)
BETA, BETA_POTTS = 0.4407, np.log(1 + np.sqrt(3))


@njit
def loop(s, L, beta, count):
    """Random site, numpy's generator, exp at every uphill attempt: what one would write first."""
    for _ in range(count):
        i, j = np.random.randint(L), np.random.randint(L)  # noqa: NPY002
        rise = 2 * s[i, j] * (s[i - 1, j] + s[(i + 1) % L, j] + s[i, j - 1] + s[i, (j + 1) % L])
        if rise <= 0 or np.random.random() < np.exp(-beta * rise):  # noqa: NPY002
            s[i, j] = -s[i, j]


def edges(L: int) -> tuple[np.ndarray, np.ndarray]:
    n = np.arange(L * L).reshape(L, L)
    return np.tile(n.ravel(), 2), np.concatenate([np.roll(n, -1, 1).ravel(), np.roll(n, -1, 0).ravel()])


def runs(L: int, attempts: int) -> dict:
    """Name -> (call, number of attempts or sites that it goes through)."""
    i, j = edges(L)
    rng, N = np.random.default_rng(1), L * L
    terms = coupled(N, i, j, -np.ones(len(i)))
    pairs, glass = paired(terms), paired(coupled(N, i, j, rng.normal(size=len(i))))
    square = [(a, (a + 1) % N, (a + L) % N, (a + L + 1) % N) for a in range(N)]
    plaquettes = clusters(N, square, -np.ones(N))
    potts = colours(N, i, j, np.zeros(len(i), int), -np.eye(3)[None])
    sweeps = max(1, attempts // N)

    def go(model, move, count, beta=BETA):
        s = np.zeros((1, N), np.int8) if model is potts else np.ones((1, N), np.int8)
        advance(model, move, beta, s, CHAIN, KEY, np.uint64(0), max(1, count // 4))
        return lambda: advance(model, move, beta, s, CHAIN, KEY, np.uint64(count), count)

    square_ = np.ones((L, L), np.int8)
    return {
        "one lattice, written out": (lambda: loop(square_, L, BETA, attempts), attempts),
        "metropolis, pairs": (go(pairs, Metropolis(ANY), attempts), attempts),
        "metropolis, Gaussian glass": (go(glass, Metropolis(ANY), attempts), attempts),
        "metropolis, terms": (go(terms, Metropolis(ANY), attempts), attempts),
        "metropolis, plaquettes": (go(plaquettes, Metropolis(ANY), attempts), attempts),
        "metropolis, three colours": (go(potts, Metropolis(ANY), attempts, BETA_POTTS), attempts),
        "heat bath, pairs": (go(pairs, HeatBath(ANY), attempts), attempts),
        "heat bath, three colours": (go(potts, HeatBath(ANY), attempts, BETA_POTTS), attempts),
        "swendsen-wang, pairs, a site": (go(pairs, swendsen_wang(pairs), sweeps), sweeps * N),
        "swendsen-wang, three colours, a site": (go(potts, swendsen_wang(potts), sweeps, BETA_POTTS), sweeps * N),
        "wolff, pairs, a site of the lattice": (go(pairs, wolff(pairs), sweeps), sweeps * N),
    }


def main() -> None:
    """Print ns an attempt, and how many times as fast as the loop."""
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("--rounds", type=int, default=5)
    parse.add_argument("--sides", type=int, nargs="+", default=[8, 64, 256])
    parse.add_argument("--attempts", type=int, default=1_000_000)
    asked = parse.parse_args()
    for L in asked.sides:
        todo = runs(L, asked.attempts)
        took = {name: [] for name in todo}
        for k in range(asked.rounds + 1):
            for name, (call, number) in todo.items():
                begin = process_time()
                call()
                if k:
                    took[name].append((process_time() - begin) / number * 1e9)
        own = took["one lattice, written out"]
        for name, ns in took.items():
            print(f"L = {L:4d}  {name:38s} {median(ns):7.1f} ns   x {median(a / b for a, b in zip(own, ns)):.2f}")


if __name__ == "__main__":
    main()
