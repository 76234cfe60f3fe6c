"""Importance weights where all samples are alike: no error is known, so that a distance has none to be counted in."""

import numpy as np

from spindsl.engine import Runner
from spindsl.experiment import loads
from spindsl.lower import lower
from spindsl.store import Store

COLD = """
spindsl = 1
title = "cold"
seed = 7
[system]
kind = "ising"
J = 1.0
graph = { kind = "square", sides = [4, 4], periodic = true }
[dynamics]
kind = "metropolis"
order = "sequential"
[protocol]
kind = "equilibrium"
betas = [0.2, 9.0]
chains = 2
initial = "random"
burn_in = 5
samples = 10
every = 1
[reference.exact]
kind = "enumeration"
[bottleneck.made]
kind = "made"
unwrapping = "raster"
depth = 2
width = 2
train = { by = "free-energy", steps = 4, annealing = 0.2 }
batch = 10
learning_rate = 0.01
drawn = 20
primed = true
[analysis.weighed]
kind = "importance"
of = "made"
count = 20
against = "exact"
"""


def test_samples_that_are_all_alike_give_no_finite_distance(tmp_path):
    found = Runner(lower(loads(COLD), tmp_path), Store(tmp_path), 1).run()["analysis.weighed"]
    warm, cold = found.sel(beta=0.2), found.sel(beta=9.0)
    assert np.isfinite(warm["energy_z"]).all()
    assert (cold["energy_se"] == 0).all()
    assert not np.isfinite(cold["energy_z"]).any()
