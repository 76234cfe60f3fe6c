"""The report of sweeps and realizations: every plate is there, its numbers are those of the file, its words follow."""

import json
import re
from itertools import product

import numpy as np
import pytest
import xarray as xr
from scipy.stats import t
from test_report import Page

from spindsl.report import write
from spindsl.report.contents import contents
from spindsl.report.jumps import jumps
from spindsl.report.landscape import landscape
from spindsl.report.maps import places
from spindsl.report.observed import surfaces
from spindsl.report.overall import overview, sweep
from spindsl.report.page import summary
from spindsl.report.reading import curves
from spindsl.report.slices import Parameter, at, parameters, realizations

pytestmark = pytest.mark.usefixtures("quick")

SWITCH = np.array([1, 2, 10, 30])
DRIVES = ["AB", "AC", "BC"]
TRIALS = 8
PATHS = {"beta": "dynamics.beta", "barrier": "dynamics.barrier", "latent_size": "bottleneck.net.latent"}
VALUES = {"beta": [1.0, 2.0, 3.0], "barrier": [2.5, 4.5], "latent_size": [1, 2]}


def swept(names=(), count=1, net=0.8, plain=0.6, memoryless=0.5, wide=0.05, seed=0):
    """A tree with these parameters and realizations; of two analyses the scores are about `net` and `plain`."""
    rng = np.random.default_rng(seed)
    front = (*names, *(["realization"] if count > 1 else []))
    sizes = {n: len(VALUES[n]) for n in names} | {"realization": count}
    shape = tuple(sizes[d] for d in front)
    each = {n: (n, VALUES[n], {"long_name": n, "sweep_path": PATHS[n]}) for n in names}
    each |= {"realization": np.arange(count)} if count > 1 else {}
    time = {"time": SWITCH * 100.0, "switch": ("time", SWITCH)}
    along = each | time | {"drive": DRIVES, "trial": np.arange(TRIALS)}
    samples = (*front, "drive", "trial", "time")
    work = 3 + rng.random((*shape, 3, TRIALS, len(SWITCH))) + 5 * np.exp(-SWITCH)
    groups = {
        "/protocol": xr.Dataset(
            {"memoryless": ((*front, "time"), np.full((*shape, len(SWITCH)), memoryless))}, each | time
        ),
        "/trajectory": xr.Dataset(
            {"work": (samples, work, {"units": "K", "long_name": "work done"})}, along
        ),
        "/bottleneck/net": xr.Dataset(
            {
                "latent_mean": ((*samples, "latent"), rng.normal(size=(*work.shape, 2))),
                "loss": ((*front, "time", "epoch"), rng.random((*shape, len(SWITCH), 3))),
            },
            along,
        ),
        "/analysis/net-score": xr.Dataset(scored(rng, front, shape, net, wide), along | {"guessed": DRIVES}),
        "/analysis/plain-score": xr.Dataset(scored(rng, front, shape, plain, wide), along | {"guessed": DRIVES}),
        "/analysis/other": xr.Dataset({"auc": (front, rng.random(shape))}, each),
    }  # fmt: skip
    said = {"net-score": {"of": "net", "by": {"kind": "kde"}}, "plain-score": {"of": "work", "by": {"kind": "bins"}}}
    attrs = {"title": "Swept", "resolved": json.dumps({"bottleneck": {"net": {"kind": "vae"}}, "analysis": said})}
    return xr.DataTree.from_dict({"/": xr.Dataset(attrs=attrs), **groups})


def scored(rng, front, shape, about, wide):
    """A classification whose score is about a number or an array over `shape`."""
    about = np.broadcast_to(np.asarray(about, float), shape)[..., None]
    score = np.clip(about + wide * rng.normal(size=(*shape, len(SWITCH))), 0, 1)
    held = rng.random((*shape, 3, TRIALS, len(SWITCH))) < about[..., None, None, :]
    label = np.arange(3)[:, None, None]
    data = {
        "score": score, "score_low": score - 0.1, "score_high": score + 0.1, "score_control": np.full_like(score, 0.33),
        "trials_scored": np.full(score.shape, 24, np.int32),
    }  # fmt: skip
    found = {name: ((*front, "time"), values) for name, values in data.items()}
    found["guess"] = ((*front, "drive", "trial", "time"), np.where(held, label, (label + 1) % 3).astype(np.int16))
    found["chance"] = (front, np.full(shape, 1 / 3))
    found["confusion"] = ((*front, "time", "drive", "guessed"), np.full((*score.shape, 3, 3), 1 / 3))
    return found


CASES = list(product([(), ("beta",), ("beta", "barrier"), ("beta", "barrier", "latent_size")], [1, 2, 4]))


@pytest.mark.parametrize(("names", "count"), CASES, ids=[f"{len(n)} parameters, {c} realizations" for n, c in CASES])
def test_every_plate_is_on_the_page(names, count, tmp_path):
    tree = swept(names, count)
    text = write(tree, tmp_path).read_text(encoding="utf-8")
    said = re.sub(r"\s+", " ", " ".join(Page(text).said))
    figures = {p.stem for p in (tmp_path / "figures").iterdir()}
    expected = {"scores", "controls", "confusion", "observables", "training", "latent-net"}
    over = {"sweep-scores", "sweep-lead", "sweep-observables"} if names else set()
    assert expected | over <= figures
    assert ("Scores over the sweep" in said) == bool(names)
    assert ("realizations" in said) == (count > 1)
    assert "other" in said
    assert said.count("trials_scored") == 0  # a swept classification is no other analysis
    for name in names:
        assert name in said
    assert ("So few make wide intervals" in said) == (count == 2)


@pytest.mark.parametrize(("names", "count"), CASES[3:], ids=str)
def test_numbers_are_those_of_the_file(names, count):
    """Mean over realizations of the score at switch 30, its standard error and Student's interval; of the work too."""
    tree = swept(names, count)
    found = landscape(tree)
    score = tree["/analysis/net-score/score"].isel(time=-1)
    for place, value in found.score("net-score").values.items():
        each = score.isel(dict(zip(names, place)))
        assert value.mean == pytest.approx(float(each.mean()), abs=1e-12)
        if count > 1:
            se = float(each.std(ddof=1)) / count**0.5
            assert value.se == pytest.approx(se, abs=1e-12)
            assert value.high == pytest.approx(float(each.mean()) + t.ppf(0.975, count - 1) * se)
        else:
            assert (value.low, value.high) == pytest.approx((float(each) - 0.1, float(each) + 0.1))
    work, ratio = (q for q, _ in surfaces(found.trees))
    assert (work.name, ratio.name) == ("work", "work, late over early")
    for place, value in work.values.items():
        there = tree["/trajectory/work"].isel(dict(zip(names, place)))
        assert value.mean == pytest.approx(float(there.isel(time=-1).mean()))
        late, early = (there.isel(time=k).mean(("drive", "trial")) for k in (-1, 1))
        mean = (late / early).mean() if count > 1 else late / early
        assert ratio.values[place].mean == pytest.approx(float(mean))


def test_the_table_holds_the_numbers_of_every_point(tmp_path):
    tree = swept(("beta", "barrier"), 4)
    said = Page(write(tree, tmp_path).read_text(encoding="utf-8")).said
    ends = tree["/analysis/net-score/score"].isel(time=-1).mean("realization")
    assert {f"{v:.3f}" for v in ends.values.ravel()} <= set(said)


def test_realizations_alone_have_means_and_intervals_over_them():
    tree = swept((), 4)
    net = next(c for c in curves(tree) if c.name == "net-score")
    score = tree["/analysis/net-score/score"]
    np.testing.assert_allclose(net["score"], score.mean("realization"))
    reach = t.ppf(0.975, 3) * score.std("realization", ddof=1) / 2
    np.testing.assert_allclose(net["high"] - net["score"], reach)
    assert net.each.shape == (4, len(SWITCH))
    assert net.end == pytest.approx(float(score.isel(time=-1).mean()))


def words(tree) -> str:
    """The sentences above the tables."""
    whole = sweep(tree)
    page = Page(overview(whole, []) if whole else summary(tree, curves(tree)))
    return re.sub(r"\s+", " ", " ".join(page.said)).replace(" ,", ",").replace(" )", ")").replace("( ", "(")


def raised(names, count, *places, base=0.55, top=0.95):
    """Scores about `base` with some points at `top`."""
    shape = tuple(len(VALUES[n]) for n in names) + ((count,) if count > 1 else ())
    out = np.full(shape, base)
    for place in places:
        out[place] = top
    return out


def test_says_where_the_score_is_highest():
    tree = swept(("beta", "barrier"), 4, net=raised(("beta", "barrier"), 4, (1, 1)), wide=0.01)
    said = words(tree)
    assert "Of 6 points the drives are told apart best at beta 2, barrier 4.5, by net-score (kde of net)" in said
    assert "Everywhere else net-score does worse" in said
    assert landscape(tree).here == {"beta": 1, "barrier": 1}
    assert "Errors are over 4 realizations of the disorder. The highest of many" in said


@pytest.mark.parametrize(
    ("net", "plain", "says"),
    [
        (0.9, 0.7, "ahead at 6 and behind at none, of 6"),
        (0.6, 0.9, "A simple statistic beats the network: net-score against the best plain statistic"),
    ],
)
def test_network_and_plain_statistic_are_counted(net, plain, says):
    said = words(swept(("beta", "barrier"), 4, net=net, plain=plain, wide=0.01))
    assert says in said
    assert "paired over 4 realizations" in said


def test_counts_are_those_of_paired_differences():
    tree = swept(("beta", "barrier"), 3, net=0.62, plain=0.6)
    apart = (tree["/analysis/net-score/score"] - tree["/analysis/plain-score/score"]).isel(time=-1)
    sigmas = apart.mean("realization") / (apart.std("realization", ddof=1) / 3**0.5)
    ahead, behind = int((sigmas >= 2).sum()), int((sigmas <= -2).sum())
    found = [d.sigmas for *_, d in landscape(tree).contests().values()]
    np.testing.assert_allclose(found, sigmas.values.ravel())
    said = words(tree)
    assert f"ahead at {ahead or 'none'}" in said and f"behind at {behind or 'none'}" in said
    assert "18 % of points (1.1) would pass by chance" in said
    assert "So few make wide intervals: 4.3 standard errors to either side" in said


def test_points_where_nothing_is_learnt_are_named():
    net = raised(("beta",), 4, (1,), (2,))
    said = words(swept(("beta",), 4, net=net, plain=0.3, memoryless=0.7, wide=0.01))
    assert "At 1 of 3 points nothing is seen to exceed what the present field alone would tell: beta 1." in said


def test_one_realization_says_that_its_errors_are_over_trials():
    assert "One realization: errors are over its trials and say nothing of another" in words(swept(("beta",)))


def test_a_zip_names_all_that_varies():
    tree = swept(("beta",), 2)
    for path in ("/trajectory", "/analysis/net-score", "/analysis/plain-score", "/analysis/other", "/protocol"):
        whole = tree[path].to_dataset().assign_coords(switches=("beta", [10, 20, 30]))
        tree[path] = xr.DataTree(whole)
    (found,) = parameters(tree)
    assert found.title == "beta · switches"
    assert found.label(1) == "2.0 · 20" or found.label(1) == "2 · 20"
    assert "switches 20" in found.told(1)


@pytest.mark.parametrize(
    ("values", "log"),
    [([0.1, 1.0, 10.0], True), ([0.1, 0.316, 1.0], True), ([1.0, 2.0, 3.0], False), ([1.0, 6.0, 11.0], False),
     ([-1.0, 10.0, 100.0], False), ([64, 128, 256], False)],
)  # fmt: skip
def test_axes_of_decades_are_logarithmic(values, log):
    assert Parameter("x", np.array(values)).log is log


def test_points_of_fewer_switches_are_judged_at_their_own_end():
    """Where a point lacks the last switch, its score is that of the last one it has."""
    tree = swept(("beta",), 2)
    for path in ("/trajectory", "/analysis/net-score", "/analysis/plain-score"):
        data = tree[path].to_dataset().copy(deep=True)
        for variable in data.data_vars.values():
            if "time" in variable.dims and variable.dtype.kind == "f":
                variable[{"beta": 0, "time": 3}] = np.nan
                variable.attrs["padding"] = "NaN"
        tree[path] = xr.DataTree(data)
    there = at(tree, {"beta": 0})
    assert there["/analysis/net-score"].sizes["time"] == 3
    value = landscape(tree).score("net-score").values[(0,)]
    assert value.mean == pytest.approx(float(tree["/analysis/net-score/score"][0, :, 2].mean()))
    assert realizations(there) == 2


def test_jumps_at_phases_are_means_of_differences():
    """First less last switches around a phase's beginning, in each realization; the error is over them."""
    rng, names = np.random.default_rng(3), ["old", "new"]
    switch = np.arange(1, 301)
    work = rng.normal(size=(5, 2, 4, 300))
    work[:, 0, :, 100:] += 10
    time = {"time": switch * 1.0, "switch": ("time", switch), "drive": names, "realization": np.arange(5)}
    tree = xr.DataTree.from_dict(
        {"/trajectory": xr.Dataset({"work": (("realization", "drive", "trial", "time"), work)}, time)}
    )
    tree.attrs["resolved"] = json.dumps({"protocol": {"phases": [{"after": 100, "drive": "new"}, {"after": 200}]}})
    first, second, *_ = jumps(tree)
    each = work[:, 0, :, 100:102].mean((1, 2)) - work[:, 0, :, 98:100].mean((1, 2))
    assert (first.drive, first.after, first.phase) == ("old", 100, "drive new")
    assert first.value.mean == pytest.approx(each.mean())
    assert first.value.se == pytest.approx(each.std(ddof=1) / 5**0.5)
    assert second.drive == "new"


def test_phases_are_drawn_and_told(tmp_path):
    tree = swept((), 4)
    tree.attrs["resolved"] = json.dumps({"protocol": {"phases": [{"after": 2, "drive": "AC"}]}})
    text = write(tree, tmp_path).read_text(encoding="utf-8")
    assert "own drive" in text and "drive AC" in text


def test_contents_fit_eighty_columns():
    lines = list(contents(swept(("beta", "barrier", "latent_size"), 2)))
    assert max(map(len, lines)) <= 80
    assert lines[0] == "  … is beta 3, barrier 2, latent_size 2, realization 2"
    assert any(line.split() == ["/analysis/net-score/score", "…,", "time", "4"] for line in lines)


def test_digits_follow_errors():
    assert [places(617, 6.0), places(617, 0.2), places(5.2, 0.02), places(1.0, 0.01)] == [0, 1, 2, 2]


def test_what_does_as_well_at_the_peak_is_named_with_it():
    said = words(swept(("beta",), 4, net=0.8, plain=0.8))
    assert "plain-score (bins of work) alike within the error" in said or "net-score (kde of net) alike" in said
    assert "Best of the others" not in said


def test_an_analysis_that_depends_on_no_parameter_is_best_at_all_points_alike():
    tree = swept(("latent_size",), 4, net=0.5, wide=0.01)
    tree["/analysis/plain-score"] = swept((), 4, plain=0.9, wide=0.01)["/analysis/plain-score"]
    said = words(tree)
    assert "plain-score (bins of work) tells the drives apart best, at all 2 points alike" in said
    assert "A simple statistic beats the network" in said
    assert landscape(tree).score("plain-score").values[(0,)] == landscape(tree).score("plain-score").values[(1,)]


def test_points_of_other_drives_show_their_own():
    tree = swept(("beta",), 2)
    for path in ("/trajectory", "/bottleneck/net", "/analysis/net-score", "/analysis/plain-score"):
        data = tree[path].to_dataset().copy(deep=True)
        for variable in data.data_vars.values():
            if "drive" in variable.dims and variable.dtype.kind == "f":
                variable[{"beta": 1, "drive": 2}] = np.nan
                variable.attrs["padding"] = "NaN"
        tree[path] = xr.DataTree(data)
    assert at(tree, {"beta": 1})["/trajectory"]["drive"].values.tolist() == DRIVES[:2]
    assert at(tree, {"beta": 1})["/analysis/net-score/confusion"].sizes["guessed"] == 2
    assert at(tree, {"beta": 0})["/trajectory"]["drive"].values.tolist() == DRIVES
