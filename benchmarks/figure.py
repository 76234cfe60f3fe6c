"""What Fig. 3 of Zhong et al. costs: the commands, the simulation with its recording, and the networks.

    python -m benchmarks.figure

One and two workers in turn within one process; the simulation is compiled before it is timed.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from spindsl.engine import Runner
from spindsl.experiment import load
from spindsl.graph import Graph
from spindsl.lower import lower
from spindsl.store import Store

FILE = Path(__file__).parents[1] / "experiments/zhong2020/classification.toml"
EIGHT = "protocol.record.switches=[1, 2, 5, 10, 20, 50, 100, 300]"


def seconds(stages: tuple[str, ...], workers: int, changes: tuple[str, ...] = ()) -> dict[str, float]:
    """Time of each stage in a store of its own."""
    graph = lower(load(FILE, changes), FILE.parent)
    kept = {n: s for n, s in graph.stages.items() if n in stages}
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(Graph.of(kept), Store(Path(folder)), workers)
        runner.run()
    return runner.took


def command(*words: str) -> float:
    """Median of five runs of a command, s."""
    took = []
    for _ in range(5):
        begun = perf_counter()
        subprocess.run([sys.executable, "-m", "spindsl.cli", *words], check=True, capture_output=True)
        took.append(perf_counter() - begun)
    return median(took)


def compared(name: str, stages: tuple[str, ...], changes: tuple[str, ...], rounds: int) -> float:
    """Print one worker against two; returns the time of two."""
    one, two = [], []
    for _ in range(rounds):
        one.append(seconds(stages, 1, changes)[stages[-1]])
        two.append(seconds(stages, 2, changes)[stages[-1]])
    ratio = median(a / b for a, b in zip(one, two))
    print(f"{name:<44}{median(one):8.2f}{median(two):8.2f}{ratio:8.2f}")
    return median(two)


def main() -> None:
    reading = command("check", str(FILE))
    print(f"spindsl --help {command('--help'):.2f} s (bar 0.3), spindsl check {reading:.2f} s (bar 1.0)")
    matter = ("system", "dynamics", "initial", "trajectory")
    seconds(matter, 2, (EIGHT, "protocol.trials=50"))
    print(f"{'':<44}{'one, s':>8}{'two, s':>8}{'ratio':>8}")
    simulation = compared("5 x 1,000 trials x 300 switches, stored", matter, (), 3)
    networks = compared("8 networks", (*matter, "split", "bottleneck.vae"), (EIGHT,), 2)
    print(f"the figure on two workers: {simulation:.0f} s and 300 networks {300 / 8 * networks:.0f} s")


if __name__ == "__main__":
    main()
