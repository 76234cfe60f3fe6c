"""Data files that cases name, and figures that are drawn once each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from running import World
from tables import GRAPHS

LEARNED = """\
spindsl = 1
title = "learned"
seed = 7

[system]
kind = "ising"
graph = { kind = "square", sides = [4, 4], periodic = true }
J = 1.0
field = 0.2
terms = [{ offsets = [[0, 0], [0, 1], [1, 0]], J = 0.4 }]

[dynamics]
kind = "metropolis"
order = "sequential"

[protocol]
kind = "equilibrium"
betas = [0.3]
chains = 64
initial = "random"
burn_in = 20
samples = 60
every = 2

[bottleneck.products]
kind = "cluster-expansion"
order = 3
reach = 1
estimator = "pseudolikelihood"

[bottleneck.table]
kind = "ednn"
focus = 2
context = 0
hidden = [4]
skip = 2
train = "pseudolikelihood"
steps = 5
batch = 100
learning_rate = 0.01

[bottleneck.pairs]
kind = "pairwise"
estimator = "pseudolikelihood"
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory, recording) -> World:
    """A folder with every data file that a case names, and one store for all cases."""
    return made(tmp_path_factory.mktemp("covering"), recording)


def made(home: Path, recording: Callable[[Path], None]) -> World:
    """A world in a folder."""
    import xarray as xr

    (data := home / "data").mkdir()
    recording(data)
    for spins in {g.spins for g in GRAPHS}:
        rng = np.random.default_rng(spins)
        J = np.triu(rng.normal(size=(spins, spins)), 1)
        s = rng.choice(np.array([-1, 1], np.int8), spins)
        xr.Dataset({"J": (("i", "j"), J + J.T)}).to_netcdf(data / f"couplings-{spins}.nc", engine="netcdf4")
        xr.Dataset({"s": ("spin", s)}).to_netcdf(data / f"initial-{spins}.nc", engine="netcdf4")
    world = World(data, home / "runs")
    code, out = world.command("run", world.file(LEARNED), "--runs", world.runs, "-q", "-w", 1)
    assert code == 0, out
    (Path(out.split()[0]) / "result.nc").rename(data / "learned.nc")
    return world
