"""Novelty: what is scored, what it is compared with, and what a mistake is called."""

import tomllib

import numpy as np
import pytest
import tomlkit
import xarray as xr
from scipy.stats import multivariate_normal
from sklearn.metrics import roc_auc_score

from spindsl.engine import Runner
from spindsl.ensemble import samples
from spindsl.errors import DataError, SpecError
from spindsl.experiment import loads
from spindsl.lower import lower
from spindsl.store import Store


@pytest.fixture
def probed(small):
    """Glasses trained with A, B and probed with A, B, C; one analysis, changed by the keys that are given."""

    def text(**changes) -> str:
        table = tomllib.loads(small)
        table["protocol"] |= {
            "trials": 60,
            "drives": {"kind": "probes", "train": ["A", "B"], "probes": ["A", "B", "C"]},
        }
        table["split"] = {"test": 0.4}
        table["bottleneck"] = {"pca": {"kind": "pca", "latent": 2, "drives": ["A", "B"]}}
        said = {"kind": "novelty", "of": "pca", "known": ["A", "B"], "novel": ["C"], "by": {"kind": "full-gaussian"}}
        table["analysis"] = {"novel": {k: v for k, v in (said | changes).items() if v is not None}}
        return tomlkit.dumps(table)

    return text


def run(text: str, folder) -> dict[str, xr.Dataset]:
    return Runner(lower(loads(text), folder), Store(folder / "store"), 1).run()


def test_density_is_of_the_trials_that_are_not_held_out(probed, tmp_path):
    """-max_k ln N(z; class k) of held-out trials, fitted to the others, and of those by five folds without them;
    trials whose field was on already are left out everywhere."""
    found = run(probed(), tmp_path)
    trajectory, looked = found["trajectory"], found["analysis.novel.looked"]
    z = samples(found["bottleneck.pca"]["latent_mean"])[:, 0]
    held, fold = (samples(found["split"][v]) for v in ("split", "fold"))
    drive, repeat = np.repeat([0, 1, 2], 60), samples(trajectory["repeat"])[:, 0]
    assert 20 < repeat.sum() < 100
    assert not repeat[drive == 2].any()

    def density(train, asked):
        each = [multivariate_normal(z[m].mean(axis=0), np.cov(z[m].T)) for m in (train & (drive == d) for d in (0, 1))]
        return -np.max([e.logpdf(z[asked]) for e in each], axis=0) - np.log(2 * np.pi)

    fitted = (drive < 2) & (held == 0) & (repeat == 0)
    scored = (held == 1) & (repeat == 0)
    value, role = samples(looked["novelty"])[:, 0], samples(looked["role"])[:, 0]
    np.testing.assert_allclose(value[scored], density(fitted, scored), rtol=1e-5, atol=1e-5)
    for k in range(5):
        mine = fitted & (fold % 5 == k)
        np.testing.assert_allclose(value[mine], density(fitted & (fold % 5 != k), mine), rtol=1e-5, atol=1e-5)
    assert (role == np.where(fitted, 1, np.where(scored, 2 + (drive == 2), 0))).all()
    assert (np.isnan(value) == (role == 0)).all()

    end = found["analysis.novel"].isel(time=0)
    assert float(end["auc"]) == pytest.approx(roc_auc_score(drive[scored] == 2, value[scored]), abs=1e-12)
    assert (end["known_scored"], end["novel_scored"]) == ((scored & (drive < 2)).sum(), (scored & (drive == 2)).sum())
    assert end["states"] == len(np.unique(samples(found["split"]["cluster"])[scored]))
    assert end["chance"] == 0.5


def test_rates_are_those_above_the_thresholds(probed, tmp_path):
    """Thresholds are of one fitted trial a state: 36 are enough for 0.1 and 0.2 only."""
    found = run(probed(), tmp_path)
    looked, end = found["analysis.novel.looked"], found["analysis.novel"].isel(time=0)
    value, role = samples(looked["novelty"])[:, 0], samples(looked["role"])[:, 0]
    cut = end["threshold"].values
    assert np.isnan(cut).tolist() == [True, True, False, False]
    assert np.isin(cut[2:], value[role == 1]).all()
    for name, kind in (("alarm", 2), ("detection", 3)):
        mine = value[role == kind]
        assert np.isnan(end[name].values[:2]).all()
        for k in (2, 3):
            assert float(end[name][k]) == pytest.approx((mine > cut[k]).mean(), abs=1e-12)
            assert end[f"{name}_low"][k] - 1e-12 <= end[name][k] <= end[f"{name}_high"][k] + 1e-12


@pytest.mark.parametrize(("novel", "sign"), [("high", 1), ("low", -1)])
def test_a_value_is_its_own_score(probed, tmp_path, novel, sign):
    found = run(probed(of="work", by={"kind": "value", "novel": novel}), tmp_path)
    looked = found["analysis.novel.looked"]
    used = looked["role"].values > 0
    assert (looked["novelty"].values == sign * found["trajectory"]["work"].values)[used].all()


def test_all_trials_or_held_out_ones(probed, tmp_path):
    """The authors' way: everything is fitted to and scored; no trial is left to choose thresholds with."""
    found = run(probed(score="all"), tmp_path)
    looked, end = found["analysis.novel.looked"], found["analysis.novel"].isel(time=0)
    repeat = samples(found["trajectory"]["repeat"])[:, 0]
    assert (samples(looked["role"])[:, 0] == np.where(repeat, 0, np.repeat([2, 2, 3], 60))).all()
    assert np.isnan(end["threshold"]).all()


def test_one_density_of_all_known_drives(probed, tmp_path):
    one = run(probed(each=False), tmp_path)["analysis.novel.looked"]["novelty"].values
    two = run(probed(), tmp_path)["analysis.novel.looked"]["novelty"].values
    used = np.isfinite(one)
    assert (used == np.isfinite(two)).all()
    assert not np.allclose(one[used], two[used])


def test_what_lies_outside_a_histogram_is_infinitely_novel(probed, tmp_path):
    found = run(probed(of="work", by={"kind": "histogram", "bins": 4}), tmp_path)
    looked, work = found["analysis.novel.looked"], found["trajectory"]["work"].values
    value, role = looked["novelty"].values, looked["role"].values
    outside = (work > work[role == 1].max()) & (role > 1)
    assert outside.any()
    assert (value[outside] == np.inf).all()
    assert np.isfinite(found["analysis.novel"]["auc"]).all()


def test_noise_is_not_novel_and_neither_is_its_control(tmp_path):
    """Known and novel trials of one distribution, 3,000 states with both: AUC 1/2, and of the control too. Standard
    error of each sqrt(1 / (6 n)) with n = 1,500 held out, 0.0105; 5.5 of them, false alarm 4e-8 each."""
    rng = np.random.default_rng(2)
    xr.Dataset(
        {"shape": (("trial", "feature"), rng.normal(size=(6000, 2)))},
        {"drive": ("trial", np.repeat(["old", "new"], 3000)), "state": ("trial", np.tile(np.arange(3000), 2))},
    ).to_netcdf(tmp_path / "noise.nc", engine="netcdf4")
    table = {
        "spindsl": 1, "title": "noise", "seed": 5, "split": {"test": 0.5},
        "system": {
            "kind": "recorded", "reader": {"kind": "netcdf", "file": "noise.nc"},
            "variables": {"features": "shape", "group": "state"},
        },
        "analysis": {
            "novel": {"kind": "novelty", "of": "features", "known": ["old"], "novel": ["new"], "by": {"kind": "kde"}}
        },
    }  # fmt: skip
    found = run(tomlkit.dumps(table), tmp_path)
    end = found["analysis.novel"].isel(time=0)
    error = np.sqrt(1 / (6 * 1500))
    assert abs(float(end["auc"]) - 0.5) < 5.5 * error
    assert abs(float(end["auc_control"]) - 0.5) < 5.5 * error
    assert end["states"] == 1500
    assert end["p_value"] > 1e-3
    # measured false alarms are binomial about rates that are at most the level: 5.5 s.e. of 1,500
    level = end["level"].values
    assert (end["alarm"].values < level + 5.5 * np.sqrt(level * (1 - level) / 1500)).all()
    assert (looked := found["analysis.novel.looked"])["role_control"].values.tobytes() != looked[
        "role"
    ].values.tobytes()


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"novel": ["D"]}, "E202", "no drive 'D'"),
        ({"novel": ["B"]}, "E107", "known and novel"),
        ({"by": {"kind": "value", "novel": "high"}}, "E201", "2 features are no single number"),
        ({"of": "spins", "by": {"kind": "kde"}}, "E201", "out of reach"),
        ({"by": {"kind": "bernoulli"}}, "E201", "bernoulli is for raw spins"),
        ({"of": "work", "use": "evidence"}, "E201", "no bottleneck"),
        ({"known": ["A"], "novel": ["B", "C"]}, "E201", "fitted to the novel drive 'B'"),
    ],
)
def test_mistakes(probed, tmp_path, changes, code, words):
    with pytest.raises(SpecError, match=words) as error:
        lower(loads(probed(**changes)), tmp_path)
    assert [f.code for f in error.value.findings] == [code]


@pytest.mark.parametrize(("each", "who"), [(True, "'A'"), (False, "'A and B'")])
def test_a_density_needs_more_trials_than_features(probed, tmp_path, each, who):
    """Each known drive, or all of them together where they share a density."""
    text = probed(of="spins", each=each).replace("trials = 60", "trials = 10")
    with pytest.raises(SpecError, match=f"drive {who} has .* left to train on") as error:
        lower(loads(text), tmp_path)
    assert "E203" in [f.code for f in error.value.findings if f.path[:2] == ("analysis", "novel")]


def test_a_bottleneck_of_all_drives_has_seen_the_novel_ones(probed, tmp_path):
    text = probed().replace('drives = ["A", "B"]\n', "")
    with pytest.raises(SpecError, match="fitted to the novel drive 'C'") as error:
        lower(loads(text), tmp_path)
    assert error.value.findings[0].hint == '[bottleneck.pca] drives = ["A", "B"]'


def test_a_recording_without_such_a_drive(recording, tmp_path):
    recording(tmp_path)
    table = {
        "spindsl": 1, "title": "a", "seed": 1,
        "system": {
            "kind": "recorded", "reader": {"kind": "netcdf", "file": "recording.nc"},
            "variables": {"spins": "sigma"}, "observables": {"power": "absorbed"},
        },
        "analysis": {
            "novel": {"kind": "novelty", "of": "power", "known": ["AB"], "novel": ["AD"],
                      "by": {"kind": "value", "novel": "high"}}
        },
    }  # fmt: skip
    with pytest.raises(DataError, match="no trial of drive 'AD'; there are AB, AC, BC"):
        lower(loads(tomlkit.dumps(table)), tmp_path)
