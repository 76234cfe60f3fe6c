"""Many small networks: one after another on one core, against the runner's processes on all cores.

    python -m benchmarks.networks [--networks 24] [--rounds 3]

Networks are those of experiments/zhong2020/classification.toml (256-200-200-2, 4,500 training
configurations, 30 epochs of batches of 100), on random configurations: the work is the same. Both ways run
in turn within one process and write into fresh stores; the numbers they give are the same bits.
"""

import argparse
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from spindsl.cli import cores
from spindsl.engine import Runner
from spindsl.experiment import load
from spindsl.graph import Graph, Promise, Split, Stage, Task
from spindsl.lower import lower
from spindsl.store import Store

EXPERIMENT = Path(__file__).parents[1] / "experiments/zhong2020/classification.toml"
BAR = 1.7


def noise(task: Task):
    """Random configurations in the place of a trajectory."""
    import xarray as xr

    said = task.params
    spins = np.random.default_rng(0).choice(np.array([-1, 1], np.int8), (1000, said["switches"], said["spins"]))
    return xr.Dataset({"spins": (("trial", "time", "spin"), spins)})


def graph(networks: int) -> Graph:
    """The stages trajectory, split and bottleneck.vae of the paper's figure at so many switches."""
    experiment = load(EXPERIMENT, (f"protocol.switches={networks}", "protocol.record={}"))
    stages = dict(lower(experiment, Path()).stages)
    kept = {n: stages[n] for n in ("split", "bottleneck.vae")}
    old = stages["trajectory"]
    gives = {"spins": Promise(old.gives["spins"].dims, "1", "spin", "int8", old.gives["spins"].attrs)}
    said = {"switches": networks, "spins": old.size("spin")}
    coords = {k: v for k, v in old.coords.items() if k != "field"}
    parts = {name: {} for name in old.parts}
    trajectory = Stage("trajectory", noise, said, gives, coords=coords, sizes=old.sizes, parts=parts,
                       split=Split("trial", coords["trial"], 1000))  # fmt: skip
    return Graph.of({"trajectory": trajectory, **kept})


def seconds(work: Graph, workers: int) -> float:
    """Wall time of all networks."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        first = {n: s for n, s in work.stages.items() if n != "bottleneck.vae"}
        Runner(Graph.of(first), store, workers).run()
        begun = perf_counter()
        Runner(work, store, workers).run()
        return perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    said = parser.parse_args()
    work, workers = graph(said.networks), cores()
    seconds(graph(2 * workers), workers)  # start the processes
    one, many = [], []
    for _ in range(said.rounds):
        many.append(seconds(work, workers))
        one.append(seconds(work, 1))
    ratios = [a / b for a, b in zip(one, many)]
    print(f"{said.networks} networks, medians of {said.rounds} rounds")
    print(f"one core   {median(one):7.1f} s, {median(one) / said.networks:.2f} s a network")
    print(f"{workers} cores    {median(many):7.1f} s, {median(many) / said.networks:.2f} s a network")
    print(f"ratio      {median(ratios):7.2f} ({min(ratios):.2f}-{max(ratios):.2f}), bar >= {BAR}")


if __name__ == "__main__":
    main()
