"""Sweeps and realizations: each point is what it would be alone, is computed once, and lies where its labels say."""

import json
from itertools import product

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from spindsl.engine import Runner
from spindsl.errors import SpecError, StageError
from spindsl.experiment import loads
from spindsl.lower import lower
from spindsl.planning import plan
from spindsl.points import Point, surveyed
from spindsl.store import Store
from spindsl.sweeping import Axis, Range, named

BETA = '[[sweep]]\nproduct = { "dynamics.beta" = [2.0, 3.0] }\n'
MAP = BETA + '[[sweep]]\nzip = { "dynamics.barrier" = [3.0, 4.5], "protocol.switches" = [4, 6] }\n'


@pytest.fixture
def glasses(small) -> str:
    """Two realizations of the small experiment, without the networks."""
    text = small[: small.index("[bottleneck.vae]")] + small[small.index("[bottleneck.pca]") :]
    text = text.replace('of = "vae"', 'of = "pca"')
    return text.replace("seed = 7", "seed = 7\nrealizations = 2")


def opened(path) -> xr.DataTree:
    with xr.open_datatree(path / "result.nc") as tree:
        return tree.load()


def lacking(text: str, store: Store, tmp_path) -> dict[str, int]:
    """Pieces to do, by node."""
    rows = plan(lower(loads(text), tmp_path), store)
    return {r.node: r.lacking for r in rows if r.lacking}


def test_parameters_are_dimensions_in_front(run, glasses):
    tree = opened(run(glasses + MAP))
    score = tree["/analysis/drive/score"]
    assert score.dims == ("beta", "barrier", "realization", "time")
    assert score.sizes == {"beta": 2, "barrier": 2, "realization": 2, "time": 6}
    assert score["switches"].dims == ("barrier",)
    assert score["switches"].values.tolist() == [4, 6]
    assert tree["/system/J"].dims == ("realization", "edge")
    assert tree["/protocol/field_strength"].dims == ("realization", "field", "spin")
    assert tree["/dynamics/B"].dims == ("barrier", "realization", "spin")


def test_a_zip_is_named_by_what_never_repeats(run, glasses):
    """Two values of the barrier alike, which alone would make two points one."""
    text = glasses + '[[sweep]]\nzip = { "dynamics.barrier" = [3.0, 4.5, 4.5], "protocol.switches" = [4, 4, 6] }\n'
    with pytest.raises(SpecError, match="appears twice"):
        loads(text)
    tree = opened(run(text.replace("[4, 4, 6]", "[4, 5, 6]")))
    score = tree["/analysis/drive/score"]
    assert score.sizes["switches"] == 3
    assert score["barrier"].values.tolist() == [3.0, 4.5, 4.5]


def test_a_point_lies_where_its_labels_say(run, glasses, tmp_path):
    """Every point of the file equals the results of its own nodes; what a point lacks is padded."""
    text = glasses + MAP
    tree = opened(run(text))
    graph = lower(loads(text), tmp_path)
    results = Runner(graph, Store(tmp_path / "runs" / ".store"), 2).run()
    for name, node in graph.nodes.items():
        if node.stage.name not in ("trajectory", "analysis.drive"):
            continue
        at = {a.name: k for a, k in zip(graph.axes, node.place)}
        for variable, promise in node.stage.gives.items():
            if promise.hidden:
                continue
            mine, found = results[name][variable], tree[f"{node.stage.group}/{variable}"].isel(at)
            assert found.dims == mine.dims
            if "time" in mine.dims:
                assert mine.sizes["time"] in (4, 6)
                rest = found.isel(time=slice(mine.sizes["time"], None)).values
                found = found.isel(time=slice(mine.sizes["time"]))
                pad = 0 if variable == "spins" else -1
                assert np.isnan(rest).all() if rest.dtype.kind == "f" else (rest == pad).all()
            np.testing.assert_array_equal(found.values, mine.values)


def test_a_new_point_computes_only_itself(glasses, tmp_path):
    store = Store(tmp_path / "store")
    Runner(lower(loads(glasses + BETA), tmp_path), store, 2).run()
    assert not lacking(glasses + BETA, store, tmp_path)
    new = lacking((glasses + BETA).replace("[2.0, 3.0]", "[2.0, 2.5, 3.0]"), store, tmp_path)
    assert new
    assert all("beta=2.5" in node for node in new)


def test_another_realization_computes_only_itself(glasses, tmp_path):
    store = Store(tmp_path / "store")
    Runner(lower(loads(glasses), tmp_path), store, 2).run()
    new = lacking(glasses.replace("realizations = 2", "realizations = 3"), store, tmp_path)
    assert new
    assert all("realization=2" in node for node in new)
    assert not lacking(glasses.replace("realizations = 2", "realizations = 1"), store, tmp_path)


def test_what_a_parameter_does_not_touch_is_shared(glasses, tmp_path):
    """A sweep of a bottleneck's size has one trajectory; a sweep of the temperature one glass."""
    text = glasses.replace("realizations = 2\n", "")
    graph = lower(loads(text + '[[sweep]]\nproduct = { "bottleneck.pca.latent" = [1, 2, 3] }\n'), tmp_path)
    count = lambda stage: sum(n.stage.name == stage for n in graph.nodes.values())
    assert [count(s) for s in ("system", "trajectory", "split", "bottleneck.pca", "analysis.spins")] == [1, 1, 1, 3, 1]
    graph = lower(loads(text + BETA), tmp_path)
    assert [count(s) for s in ("system", "fields", "initial", "trajectory", "analysis.spins")] == [1, 1, 2, 2, 2]


def test_a_sweep_of_extents_grows_one_store(glasses, tmp_path):
    """Points of the same key do not compute the same piece twice, nor at once."""
    text = (
        glasses.replace("realizations = 2\n", "")
        + '[[sweep]]\nproduct = { "analysis.drive.switches" = [[2], [2, 4]] }\n'
    )
    results = Runner(lower(loads(text), tmp_path), Store(tmp_path / "store"), 2).run()
    first, second = (results[f"analysis.drive.guess[switches={at}]"] for at in ([2], [2, 4]))
    assert np.array_equal(first["guess"].values[..., 0], second["guess"].values[..., 0])


def test_realizations_differ_and_points_share_them(run, glasses):
    tree = opened(run(glasses + BETA))
    A = tree["/protocol/field_strength"]
    assert not np.isclose(A.sel(realization=0), A.sel(realization=1)).any()
    spins = tree["/trajectory/spins"].sel(realization=0)
    assert (spins.sel(beta=2) != spins.sel(beta=3)).any()
    field = tree["/trajectory/field"].sel(realization=0)
    assert (field.sel(beta=2) != field.sel(beta=3)).any()  # thermal streams are those of the point


def test_the_first_realization_is_the_experiment_alone(run, glasses, same):
    alone = opened(run(glasses.replace("realizations = 2\n", ""), "alone"))
    both = opened(run(glasses, "both"))
    for variable in ("/trajectory/spins", "/analysis/drive/score", "/system/J"):
        mine, first = alone[variable].values, both[variable].isel(realization=0).values
        assert np.array_equal(mine, first[tuple(map(slice, mine.shape))])


def test_a_sweep_in_any_order_of_points_and_threads_is_the_same(run, glasses, same):
    same(run(glasses + MAP, "one", workers=1), run(glasses + MAP, "three", workers=3))
    there, back = (
        opened(run(glasses + BETA, "there")),
        opened(run(glasses + BETA.replace("2.0, 3.0", "3.0, 2.0"), "back")),
    )
    assert there["/trajectory/spins"].sel(beta=3).equals(back["/trajectory/spins"].sel(beta=3))


def test_seeds_of_points_never_collide():
    """Thermal seeds of 60,000 points, and of their realizations, are all different; 2 and 2.0 are one value."""
    text = 'spindsl = 1\ntitle = "x"\nseed = 7\n'
    experiment = type("E", (), {"seed": 7, "text": text})()
    owners = {"system", "dynamics", "protocol"}
    found = set()
    for beta, barrier, realization in product(range(200), range(100), range(3)):
        swept = {"dynamics.beta": beta / 8, "dynamics.barrier": barrier}
        found.add(Point((), experiment, swept, realization).thermal(owners))
    assert len(found) == 60_000
    quenched = {Point((), experiment, {}, r).disorder for r in range(10_000)}
    assert len(quenched | found) == 70_000
    swept = {"bottleneck.vae.latent": 3}
    assert Point((), experiment, swept, 0).thermal(owners) == 7
    assert Point((), experiment, swept, 0).thermal({*owners, "bottleneck.vae"}) != 7


def test_two_and_two_point_zero_are_one_point(glasses):
    (whole, _), (real, _) = (surveyed(loads(glasses + b)) for b in (BETA.replace("2.0, 3.0", "2, 3"), BETA))
    assert [p.thermal({"dynamics"}) for p in real] == [p.thermal({"dynamics"}) for p in whole]


def test_means_over_realizations_have_errors_over_realizations(run, glasses):
    """Mean over trials first; then mean, std / sqrt(R) and Student's interval over realizations."""
    tree = opened(run(glasses.replace("realizations = 2", "realizations = 4") + BETA))
    power = tree["/trajectory/power"].mean("trial", dtype=float)
    found = tree["/quenched/trajectory"]
    se = power.std("realization", ddof=1) / 2
    np.testing.assert_allclose(found["power"], power.mean("realization"), rtol=1e-12)
    np.testing.assert_allclose(found["power_se"], se, rtol=1e-9)
    np.testing.assert_allclose(found["power_high"] - found["power"], stats.t.ppf(0.975, 3) * se, rtol=1e-9)
    score = tree["/analysis/drive/score"]
    np.testing.assert_allclose(tree["/quenched/analysis/drive/score"], score.mean("realization"), rtol=1e-12)
    assert tree["/quenched/analysis/drive/score"].dims == ("beta", "time")
    assert "spins" not in found
    assert "field" not in found


def test_expectations_select_along_parameters(run, glasses, capsys):
    expect = """
    [[expect]]
    of = "quenched.analysis.drive.score"
    where = { beta = 3, switch = { last = 2 } }
    min = 0.0
    source = "x"

    [[expect]]
    of = "quenched.analysis.drive.score_se"
    where = { beta = { from = 1, to = 2.5 }, switch = 6 }
    min = 0.0
    source = "x"

    [[expect]]
    of = "analysis.drive.score"
    where = { beta = 2, realization = 1, switch = 6 }
    min = 0.0
    source = "x"
    """
    path = run(glasses + BETA + expect)
    tree = opened(path)
    first, second, third = json.loads(tree.attrs["expectations"])
    quenched = tree["/quenched/analysis/drive"]
    assert first["measured"] == pytest.approx(float(quenched["score"].sel(beta=3)[-2:].median()))
    assert second["measured"] == pytest.approx(float(quenched["score_se"].sel(beta=2)[-1]))
    assert third["measured"] == pytest.approx(float(tree["/analysis/drive/score"].sel(beta=2, realization=1)[-1]))


def test_a_point_that_fails_leaves_the_others(glasses, tmp_path):
    """Rates beyond float64 at one temperature; all others are computed and kept."""
    text = glasses.replace("realizations = 2\n", "") + BETA.replace("[2.0, 3.0]", "[2.0, 900.0, 3.0]")
    store = Store(tmp_path / "store")
    with pytest.raises(StageError, match="beta=900"):
        Runner(lower(loads(text), tmp_path), store, 2).run()
    left = lacking(text, store, tmp_path)
    assert left
    assert all("beta=900" in node for node in left)


def test_processes_and_threads_give_the_same_bits(run, same, small, monkeypatch):
    monkeypatch.setattr("spindsl.engine.WORTH", 1e9)
    threads = run(small, "threads")
    monkeypatch.setattr("spindsl.engine.WORTH", 0.0)
    same(threads, run(small, "processes"))


@pytest.mark.parametrize(
    ("said", "values"),
    [
        ({"from": 0.1, "to": 0.5, "points": 5}, (0.1, 0.2, 0.3, 0.4, 0.5)),
        ({"from": 64.0, "to": 1024.0, "points": 5, "scale": "log"}, (64, 128, 256, 512, 1024)),
        ({"from": 3.0, "to": 1.0, "points": 3}, (3, 2, 1)),
        ({"from": 1e-3, "to": 1.0, "points": 4, "scale": "log"}, (0.001, 0.01, 0.1, 1)),
    ],
)
def test_ranges(said, values):
    found = Range.model_validate(said).values()
    assert found == values
    assert all(type(a) is type(b) for a, b in zip(found, values))


def test_dimensions_have_the_shortest_name_that_is_their_own():
    paths = ["dynamics.beta", "bottleneck.vae.latent", "bottleneck.pca.latent", "protocol.fields.std"]
    assert named(paths, frozenset({"latent"})) == {
        "dynamics.beta": "beta", "bottleneck.vae.latent": "vae_latent", "bottleneck.pca.latent": "pca_latent",
        "protocol.fields.std": "std",
    }  # fmt: skip
    assert len(Axis("beta", (1, 2))) == 2
