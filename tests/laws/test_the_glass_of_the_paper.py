"""Our glass against the authors': work and energies of a dwell, over forty glasses.

Deposited are one glass of 4-of-5-field drives (work at switches 2 and 30: 159.1 and 108 K) and one of
40-of-50 (energies after switch 1 of couplings -280 K and of the field -183 K; re-simulated averages of
twenty glasses with 4-of-5 drives, annealed: W_2 = 180 to 186, W_30 = 137, W_300 = 135 K; 21.6 then 15.2
flips a dwell; couplings -293 then -233 K, field -177 then -281 K). The literal Hamiltonian of the text, with
the field halved in the rates, gives W of about 36 K and -39 K of field energy: excluded.
"""

import numpy as np
import pytest

from spindsl.engine import Runner
from spindsl.experiment import loads
from spindsl.graph import Graph
from spindsl.lower import lower
from spindsl.store import Store

GLASSES, TRIALS = 40, 4
TEXT = """\
spindsl = 1
title = "a glass of the paper"
seed = {seed}
[system]
kind = "spin-glass"
spins = 256
graph = {{ kind = "erdos-renyi", mean_degree = 4 }}
couplings = {{ kind = "normal", mean = 0.0, std = 1.0 }}
[dynamics]
kind = "arrhenius"
beta = 3.0
barrier = 4.5
[protocol]
kind = "field-drive"
initial = "annealed"
relax = 10_000.0
dwell = 100.0
switches = 300
trials = {trials}
fields = {{ names = ["A", "B", "C", "D", "E"], kind = "normal", std = 3.0 }}
drives = {{ kind = "subsets", size = 4 }}
record = {{ switches = [1, 2, 30, 300] }}
"""


@pytest.fixture(scope="module")
def glasses(tmp_path_factory) -> dict[str, np.ndarray]:
    """Mean over trials and drives of each glass, (glass, switch), switches 1, 2, 30, 300."""
    store, means = Store(tmp_path_factory.mktemp("store")), []
    for seed in range(GLASSES):
        graph = lower(loads(TEXT.format(seed=seed, trials=TRIALS)), store.root)
        needed = {n: s for n, s in graph.stages.items() if n in ("system", "dynamics", "initial", "trajectory")}
        means.append(Runner(Graph.of(needed), store, 2).run()["trajectory"].mean(["drive", "trial"]))
    names = ("work", "heat", "energy", "interaction_energy", "flips")
    found = {n: np.array([m[n].values for m in means]) for n in names}
    return found | {"field_energy": found["energy"] - found["interaction_energy"]}


PUBLISHED = [  # variable, place of the switch, deposited value
    ("work", 1, 159.1), ("work", 2, 108.0), ("interaction_energy", 0, -280.0), ("field_energy", 0, -183.0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "at", "value"), PUBLISHED)
def test_the_deposited_glass_is_one_of_ours(glasses, name, at, value):
    """Within the range of forty glasses; one of the same kind falls outside with 2/41 a quantity, by exchangeability,
    and the seeds are fixed."""
    ours = glasses[name][:, at]
    assert ours.min() <= value <= ours.max()


RESIMULATED = [
    ("work", 1, 183.0), ("work", 2, 137.0), ("work", 3, 135.0), ("flips", 0, 21.6), ("flips", 3, 15.2),
    ("interaction_energy", 0, -293.0), ("interaction_energy", 3, -233.0), ("field_energy", 0, -177.0),
    ("field_energy", 3, -281.0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "at", "value"), RESIMULATED)
def test_means_over_glasses_are_those_of_an_independent_simulation(glasses, name, at, value):
    """Two means, of 40 and of 20 glasses, differ by less than 6.4 standard errors, by Student's t with 19 degrees
    of freedom a false alarm in 1e-6 even if the reference had no error of its own but rounding."""
    ours = glasses[name][:, at]
    error = ours.std(ddof=1) / np.sqrt(GLASSES)
    assert abs(ours.mean() - value) < 6.4 * error * np.sqrt(1 + GLASSES / 20)


def test_the_halved_field_is_excluded(glasses):
    """W of about 36 K and field energy -39 K, the literal Hamiltonian, lie far below every glass."""
    assert glasses["work"][:, 1:].min() > 2 * 36
    assert glasses["field_energy"].max() < 2 * -39


def test_work_falls_as_the_glass_learns(glasses):
    """In the mean and in nearly every glass: W_300 / W_2 = 0.71 in an independent simulation of twelve."""
    ratio = glasses["work"][:, 3] / glasses["work"][:, 1]
    error = ratio.std(ddof=1) / np.sqrt(GLASSES)
    assert abs(ratio.mean() - 0.71) < 6.4 * error * np.sqrt(1 + GLASSES / 12)
    assert ratio.mean() + 6.4 * error < 1
