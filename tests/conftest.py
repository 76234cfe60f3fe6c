"""A small experiment that goes through every stage in seconds."""

from pathlib import Path

import pytest

SMALL = """\
spindsl = 1
title = "small"
seed = 7

[system]
kind = "spin-glass"
spins = 24
graph = { kind = "erdos-renyi", mean_degree = 4 }
couplings = { kind = "normal", mean = 0.0, std = 1.0 }

[dynamics]
kind = "arrhenius"
beta = 3.0
barrier = 4.5

[protocol]
kind = "field-drive"
initial = "relaxed"
relax = 1000.0
dwell = 100.0
switches = 6
trials = 20
fields = { names = ["A", "B", "C"], kind = "normal", std = 3.0 }
drives = { kind = "subsets", size = 2 }

[bottleneck.vae]
kind = "vae"
hidden = [8]
latent = 2
epochs = 2
batch = 16

[bottleneck.pca]
kind = "pca"
latent = 2

[analysis.drive]
kind = "classification"
of = "vae"
by = { kind = "kde" }

[analysis.power]
kind = "classification"
of = "power"
by = { kind = "histogram", bins = 5 }

[analysis.spins]
kind = "classification"
of = "spins"
by = { kind = "logistic", C = 0.1 }
"""


@pytest.fixture
def small() -> str:
    return SMALL


@pytest.fixture
def deposit() -> Path:
    """The authors' deposited configurations, which are not ours to pass on."""
    folder = Path(__file__).parents[1] / "../shared/data/zhong2020"
    if not folder.is_dir():
        pytest.skip("../shared/data is absent: the authors' configurations are not part of the project")
    return folder
