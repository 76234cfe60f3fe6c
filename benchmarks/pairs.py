"""Two trees of the project, timed in turn: python -m benchmarks.pairs TREE [PAIRS] [NAME …].

TREE is a checkout to compare with, of a time before the change. A process of each tree is kept, with what it compiled;
the two compute the same experiment in turn, which of them first at random. A pair is the least CPU time of REPEATS runs
of each, since what else the processor does only adds to it. Prints the ratio of CPU seconds, TREE's over this one's,
with the bounds of 95 % (of t, over pairs): above 1 this tree is faster.
"""

import random
import subprocess
import sys
import tempfile
import time
from math import exp, inf, log, sqrt
from pathlib import Path
from statistics import fmean, stdev

HERE = Path(__file__).parents[1]
HEAD = 'spindsl = 1\ntitle = "pairs"\nseed = 1\n'
TORUS = """
[system]
kind = "ising"
graph = {{ kind = "square", sides = [{side}, {side}], periodic = true }}
J = 1.0
[dynamics]
kind = "metropolis"
order = "{order}"
[protocol]
kind = "equilibrium"
betas = [0.2, 0.4]
chains = {chains}
initial = "random"
burn_in = 200
samples = {samples}
every = 2
"""
GLASS = """
[system]
kind = "spin-glass"
spins = {spins}
graph = {{ kind = "erdos-renyi", mean_degree = 8 }}
couplings = {{ kind = "normal", mean = 0.0, std = 1.0 }}
[dynamics]
kind = "arrhenius"
beta = 3.0
barrier = 4.5
[protocol]
kind = "field-drive"
initial = "relaxed"
relax = 1000.0
dwell = 100.0
switches = {switches}
trials = {trials}
fields = {{ names = ["A", "B", "C"], kind = "normal", std = 3.0 }}
drives = {{ kind = "subsets", size = 2 }}
"""
MADE = """
[bottleneck.made]
kind = "made"
unwrapping = "raster"
depth = 2
width = 8
train = "observations"
epochs = 2
batch = 100
learning_rate = 0.01
drawn = 5000
"""
FIGURE = """
[bottleneck.vae]
kind = "vae"
hidden = [64]
latent = 4
epochs = 6
batch = 50
[analysis.drive]
kind = "classification"
of = "vae"
by = { kind = "kde" }
[analysis.spins]
kind = "classification"
of = "spins"
by = { kind = "logistic", C = 0.1 }
"""
DIRECT = """
[bottleneck.direct]
kind = "cluster-expansion"
order = 3
reach = 2
estimator = "pseudolikelihood"
[analysis.direct]
kind = "inversion"
of = "direct"
each = 20
"""
EXPERIMENTS = {
    "sweeps": TORUS.format(side=64, order="checkerboard", chains=64, samples=200),
    "sweeps-sequential": TORUS.format(side=32, order="sequential", chains=16, samples=800),
    "events": GLASS.format(spins=256, switches=150, trials=480),
    "autoregressive": TORUS.format(side=6, order="random", chains=50, samples=100) + MADE,
    "figure": GLASS.format(spins=100, switches=12, trials=60) + FIGURE,
    "inversion": TORUS.format(side=8, order="checkerboard", chains=100, samples=400) + DIRECT,
}
REPEATS = 6  # runs of each tree in a pair
STUDENT = {9: 2.306, 12: 2.201, 15: 2.145, 20: 2.093, 25: 2.064}  # of 95 %, by pairs


def serve() -> None:
    """Compute experiments as they are named, and tell the CPU seconds of each."""
    from spindsl.engine import Runner
    from spindsl.experiment import loads
    from spindsl.lower import lower
    from spindsl.store import Store

    for line in sys.stdin:
        with tempfile.TemporaryDirectory() as folder:
            graph = lower(loads(HEAD + EXPERIMENTS[line.strip()]), Path(folder))
            begun = time.process_time()
            Runner(graph, Store(Path(folder) / "store"), 1).run()
            print(time.process_time() - begun, flush=True)


class Tree:
    """A process that computes with the package of a checkout."""

    def __init__(self, root: Path):
        command = [sys.executable, str(Path(__file__).absolute()), "--serve"]
        env = {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root, env=env
        )

    def seconds(self, name: str) -> float:
        """CPU seconds of an experiment."""
        asked, told = self.process.stdin, self.process.stdout
        assert asked and told
        print(name, file=asked, flush=True)
        return float(told.readline())


def main(root: Path, pairs: int, names: list[str]) -> None:
    """Time and print."""
    before, now = Tree(root), Tree(HERE)
    order = random.Random(1)
    for name in names:
        for tree in (before, now):
            tree.seconds(name)  # compiles
        logs, spent = [], []
        for _ in range(pairs):
            took = dict.fromkeys((before, now), inf)
            for _ in range(REPEATS):
                for tree in order.sample([before, now], 2):
                    took[tree] = min(took[tree], tree.seconds(name))
            logs.append(log(took[before] / took[now]))
            spent.append(took[now])
        half = STUDENT.get(pairs, 2.306) * stdev(logs) / sqrt(pairs)
        low, middle, high = (exp(fmean(logs) + k * half) for k in (-1, 0, 1))
        print(f"{name:18} {middle:.3f}  [{low:.3f}, {high:.3f}]  {fmean(spent):.2f} s, {pairs} pairs", flush=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        serve()
    else:
        main(
            Path(sys.argv[1]).absolute(),
            int(sys.argv[2]) if len(sys.argv) > 2 else 9,
            sys.argv[3:] or list(EXPERIMENTS),
        )
