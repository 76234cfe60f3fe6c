"""What the word `information` adds to its kernels: labels, folds, and what it refuses."""

import numpy as np
import pytest

from spindsl.analyses.information import read
from spindsl.engine import Runner
from spindsl.ensemble import samples
from spindsl.errors import SpecError
from spindsl.estimators import Folds, Gaussian, Kde, Reading
from spindsl.experiment import loads
from spindsl.kernels import information as bits
from spindsl.lower import lower
from spindsl.store import Store

SAID = 'analysis.bits={kind="information", of="pca", by={kind="gaussian"}, score={folds=4}, switches=[1, 6]}'


@pytest.fixture
def results(small, tmp_path):
    def go(*changes: str):
        graph = lower(loads(small, changes=changes), tmp_path)
        return Runner(graph, Store(tmp_path / "store"), 2).run()

    return go


def test_bits_are_of_the_drive_and_of_the_present_field(results):
    found = results(SAID)
    told, field = found["analysis.bits"], samples(found["trajectory"]["field"])[:, [0, 5]]
    assert told["about"].values.tolist() == ["drive", "field"]
    drive = np.repeat(np.arange(3), 20)
    for k in range(2):
        assert told["entropy"].values[0, k] == pytest.approx(np.log2(3))
        assert told["entropy"].values[1, k] == pytest.approx(bits.entropy(field[:, k].astype(int)))
        assert told["memoryless"].values[k] == bits.mutual(drive, field[:, k].astype(int))
        reading = Reading(Gaussian(kind="gaussian"), Folds(folds=4))
        x = samples(found["bottleneck.pca"]["latent_mean"])[:, [0, 5][k]].astype(float)
        log_q, sharp = read(reading, x, drive, found["split"])
        assert told["information"].values[0, k] == bits.bound(log_q, drive, np.arange(60))[0]
        assert told["sharpness"].values[0, k] == sharp


def test_an_overconfident_density_is_not_negative(results):
    """Eight features of noise and 45 trials to learn from: at its own word a kernel density loses bits."""
    rng, split = np.random.default_rng(0), results(SAID)["split"]
    x, label = rng.normal(size=(60, 8)), np.repeat(np.arange(3), 20)
    reading = Reading(Kde(kind="kde"), Folds(folds=4))
    log_q, sharp = read(reading, x, label, split)
    assert sharp < 0.2
    assert bits.bound(log_q, label, np.arange(60))[0] > -0.1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('analysis.bits.by={kind="histogram", bins=4}', "leave no bound"),
        ('analysis.bits.score="all"', "analysis.bits.score"),
        ("analysis.bits.switches=[7]", "switch 7 is not recorded"),
    ],
)
def test_what_gives_no_bound_is_refused(small, tmp_path, change, words):
    with pytest.raises(SpecError, match=words):
        lower(loads(small, changes=(SAID, change)), tmp_path)
