"""How long a Hamiltonian takes to be read off observations: 8 × 8 Ising at three temperatures, one thread.

    python -m benchmarks.inversion [--counts 100000 1000000]

Seconds of processor time of the fit by itself, compiled beforehand, and of making the observations (every 30 sweeps of
a checkerboard in lanes); what was found is said beside.
"""

import argparse
from time import process_time

import numpy as np
import xarray as xr

from spindsl import sampling
from spindsl.hamiltonian import translated
from spindsl.kernels.inversion.templates import fit_templates
from spindsl.seeds import philox_key

SIDES, CHAINS = (8, 8), 64
RULE = {"move": "spindsl.kernels.chains:metropolis", "order": "checkerboard"}


def magnet() -> xr.Dataset:
    """The torus with J = 1."""
    i, j = np.concatenate([translated([[0, 0], step], SIDES, True) for step in ([0, 1], [1, 0])]).T
    edges = {"i": ("edge", i), "j": ("edge", j), "coupling": ("edge", np.ones(len(i)))}
    return xr.Dataset(edges, attrs={"spins": 64, "sides": list(SIDES), "periodic": 1})


def observed(beta: float, count: int) -> np.ndarray:
    """Configurations, those of a chain in succession."""
    system, chains = magnet(), tuple(range(CHAINS))
    s = sampling.begun(0, ("benchmark",), chains, system, "random")
    schedule, each = sampling.Schedule(1000, 30), -(-count // CHAINS)
    spins, _ = sampling.run(
        system, RULE, beta, s, chains, sampling.stream(0, beta.hex()), schedule, 0, each, lambda done: None
    )
    return spins.reshape(-1, 64)[:count]


def timed(beta: float, count: int) -> None:
    begin = process_time()
    spins = observed(beta, count)
    made = process_time() - begin
    key = philox_key(0, "benchmark", beta.hex())
    begin = process_time()
    found = fit_templates(
        spins, SIDES, beta, reach=None, order=4, window=2, alarm=0.01, blocks=200, key=key, periodic=True
    )
    J = ", ".join(f"{J:.4f} ± {se:.4f}" for J, se in zip(found.J, found.se))
    print(f"{count:>9,} at beta {beta:<7g} {process_time() - begin:7.1f} s  ({made:.1f} s to make)  J = {J}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--counts", type=int, nargs="*", default=[100_000, 1_000_000])
    timed(0.25, 2000)
    for count in parser.parse_args().counts:
        for beta in (0.125, 0.25, 0.4407):
            timed(beta, count)


if __name__ == "__main__":
    main()
