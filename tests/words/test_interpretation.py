"""Decoding changes no fit; the networks that decode are those of the fit; the physics is that of the configurations."""

import json

import numpy as np
import pytest
import xarray as xr

from spindsl import result
from spindsl.engine import Runner
from spindsl.errors import SpecError
from spindsl.experiment import loads
from spindsl.lower import lower
from spindsl.report import write
from spindsl.store import Store, keys

DECODE = 'decode = { switches = [3, 6], points = 4, from = -1.5, to = 1.5, along = ["heat", "magnetization"] }'
ASK = '[analysis.meaning]\nkind = "interpretation"\nof = "vae"\nsamples = 50\nneighbours = 10\n'


def decoding(small: str, kind: str = "", extra: str = "") -> str:
    """The small experiment with a bottleneck that is decoded."""
    vae = f"batch = 16\n{DECODE}\n{extra}{kind}"
    return small.replace("batch = 16\n", vae) + "\n" + ASK


def ran(text, folder):
    graph = lower(loads(text), folder)
    return graph, Runner(graph, Store(folder / "store"), 2).run()


def tree(text, graph, found, attrs, folder):
    """The result as a file, read again."""
    result.write(folder / "result.nc", loads(text), graph, found, attrs)
    with xr.open_datatree(folder / "result.nc") as written:
        return written.load()


def test_where_it_is_decoded_changes_no_network(small, tmp_path):
    """The key of the fit stays, so nothing is trained again but at the switches asked for."""
    plain, decoded = (keys(lower(loads(t), tmp_path)) for t in (small, decoding(small)))
    for stage, parts in plain.items():
        assert decoded[stage] == parts


@pytest.mark.parametrize("fit", ["per-time", "pooled"])
@pytest.mark.parametrize("networks", [1, 2])
def test_the_networks_that_decode_are_those_of_the_fit(small, tmp_path, fit, networks):
    """Latent means to the bit (processor); the middle of every line is one point."""
    _, found = ran(decoding(small, f'fit = "{fit}"\n', f"networks = {networks}\n"), tmp_path)
    fitted, lines = found["bottleneck.vae"], found["bottleneck.vae.lines"]
    at = fitted["latent_mean"].isel(time=[2, 5])
    assert at.dims == lines["latent_mean"].dims
    assert np.array_equal(at.values, lines["latent_mean"].values)
    assert np.abs(lines["mean_spin"].values[..., :4, :, :]).max() <= 1
    diagonal = lines["line"].sel(direction="diagonal").values
    assert np.allclose(diagonal, np.linspace(-1.5, 1.5, 4)[:, None])
    heat = lines["line"].sel(direction="heat").values
    assert np.allclose(np.linalg.norm(heat, axis=-1), np.abs(np.linspace(-1.5, 1.5, 4)), atol=1e-6)


def test_principal_components_decode_to_their_mean_in_the_middle(small, tmp_path):
    text = small.replace(
        'kind = "pca"\nlatent = 2', 'kind = "pca"\nlatent = 2\ndecode = { switches = [6], points = 3 }'
    )
    _, found = ran(text, tmp_path)
    lines, split = found["bottleneck.pca.lines"], found["split"]["split"].values
    spins = found["trajectory"]["spins"].isel(time=5).values[split == 0]
    middle = lines["mean_spin"].isel(time=0, point=1)
    expected = np.broadcast_to(spins.mean(axis=0), middle.shape)
    known = np.isfinite(middle.values).all(axis=1)
    assert np.allclose(middle.values[known], expected[known], atol=1e-6)
    component = found["bottleneck.pca"]["component"].isel(time=5)
    z = lines["line"].isel(time=0).sel(direction="z1").values
    std = np.sqrt(((spins - spins.mean(axis=0)) @ component.values.T).var(axis=0, ddof=1))
    assert np.allclose(z[:, 0], [-3 * std[0], 0, 3 * std[0]], rtol=1e-5, atol=1e-6)


def test_observables_of_real_trials_are_those_that_were_recorded(small, tmp_path):
    """Means over all trials: magnetization, interaction energy, and E - E_int for the field that was on."""
    _, found = ran(decoding(small), tmp_path)
    trajectory, told = found["trajectory"].isel(time=[2, 5]), found["analysis.meaning"]
    real = told["observed"]
    recorded = {
        "magnetization": trajectory["magnetization"],
        "interaction_energy": trajectory["interaction_energy"],
        "field_energy": trajectory["energy"] - trajectory["interaction_energy"],
    }
    for name, values in recorded.items():
        mean = values.mean(("drive", "trial"), dtype="float64").values
        np.testing.assert_allclose(real.sel(observable=name).values, mean, rtol=1e-5, atol=1e-6)


def test_the_next_power_is_that_of_the_next_switch(small, tmp_path):
    """With two declared fields and no repeats there is one other field: the mean is what the next switch books."""
    text = decoding(small).replace('names = ["A", "B", "C"]', 'names = ["A", "B"]')
    text = text.replace(
        'drives = { kind = "subsets", size = 2 }', 'drives = { kind = "list", sets = { both = ["A", "B"] } }'
    )
    text = text[: text.index("[analysis.drive]")] + ASK
    _, found = ran(text, tmp_path)
    power = found["trajectory"]["power"].isel(time=3).values.mean(dtype=float)
    next_power = found["analysis.meaning"]["observed"].sel(observable="next_power").isel(time=0)
    assert float(next_power) == pytest.approx(power, rel=1e-5)


def test_the_report_shows_what_latent_space_means(small, tmp_path):
    """Points in the colours of observables, what is decoded, and tables; also at the first switch, of no power."""
    text = decoding(small, extra="networks = 2\n").replace("switches = [3, 6]", "switches = [1, 3]")
    graph, found = ran(text, tmp_path)
    resolved = json.dumps(loads(text).said())
    page = write(tree(text, graph, found, {"title": "t", "resolved": resolved}, tmp_path), tmp_path).read_text()
    for name in ("meaning-meaning", "decoded-meaning"):
        assert f'id="{name}"' in page
        assert (tmp_path / "figures" / f"{name}.svg").exists()
    linear = float(found["analysis.meaning"]["r2"].sel(fit="linear", quantity="power").isel(time=-1).median())
    assert f"Of the variance of the power, {linear:.2f} is explained by a direction" in page
    assert "field that was on" in page
    assert "cross-validated R^2" not in page  # no bare list of variables beside


def test_recorded_matter_tells_its_magnetization_and_what_was_recorded(tmp_path):
    """No couplings, no fields, one latent variable, unequal drives, and a power that ends early."""
    rng = np.random.default_rng(0)
    spins = rng.choice(np.array([-1, 1], np.int8), (60, 2, 8))
    power = spins.mean(axis=2).astype("f4")
    power[:, 1] = np.nan
    drive = ["up"] * 36 + ["down"] * 24
    recording = {"spins": (("trial", "switch", "spin"), spins), "power": (("trial", "switch"), power)}
    xr.Dataset(recording | {"drive": ("trial", drive)}).to_netcdf(tmp_path / "seen.nc", engine="netcdf4")
    text = """
        spindsl = 1
        title = "recorded"
        seed = 1
        system.kind = "recorded"
        system.reader = { kind = "netcdf", file = "seen.nc" }
        system.observables = { power = "power" }
        bottleneck.line = { kind = "pca", latent = 1, decode = { switches = [1, 2], points = 3 } }
        analysis.meaning = { kind = "interpretation", of = "line", neighbours = 5 }
    """
    graph, found = ran(text, tmp_path)
    told = found["analysis.meaning"]
    assert list(told["observable"].values) == ["magnetization"]
    assert list(told["direction"].values) == ["z1", "magnetization", "power"]
    assert list(told["fit"].values) == ["linear", "radial", "quadratic", "neighbours"]
    ended = told.isel(time=1)
    assert np.isnan(ended["r2"].sel(quantity="power")).all()
    assert np.isnan(ended["generated"].sel(direction="power")).all()
    assert np.isfinite(ended["generated"].sel(direction="z1")).all()
    early = told["r2"].isel(time=0)
    assert np.allclose(early.sel(quantity="power"), early.sel(quantity="magnetization"), atol=1e-5)
    said = {"title": "t", "resolved": json.dumps(loads(text).said())}
    assert 'id="meaning-meaning"' in write(tree(text, graph, found, said, tmp_path), tmp_path).read_text()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (("switches = [3, 6]", "switches = [3, 7]"), "switch 7 is not recorded"),
        (('along = ["heat"', 'along = ["heta"'), "no observable 'heta'"),
        (("to = 1.5", "to = -2.0"), "starts or before"),
        (
            ('kind = "interpretation"\nof = "vae"', 'kind = "interpretation"\nof = "features"'),
            "no bottleneck or observable",
        ),
    ],
)
def test_mistakes_are_told(small, tmp_path, wrong, says):
    with pytest.raises(SpecError, match=says):
        lower(loads(decoding(small).replace(*wrong)), tmp_path)


@pytest.mark.parametrize(("of", "use"), [("pca", "means"), ("vae", "samples"), ("vae", "evidence"), ("power", "means")])
def test_any_feature_set_is_interpreted_without_decoding(small, tmp_path, of, use):
    """Correspondences alone; correlations are those with all that the trajectory knows, hidden too."""
    ask = f'[analysis.meaning]\nkind = "interpretation"\nof = "{of}"\nuse = "{use}"\nswitches = [5]\n'
    _, found = ran(small + "\n" + ask, tmp_path)
    told = found["analysis.meaning"]
    assert "generated" not in told
    names = list(told["quantity"].values)
    assert {"heat", "energy", "work", "flips", "magnetization"} <= set(names)
    if use != "samples":
        variable = {"pca": "latent_mean", "vae": "log_evidence"}.get(of, of)
        x = (
            found[f"bottleneck.{of}" if of in ("pca", "vae") else "trajectory"][variable]
            .values[:, :, 4]
            .reshape(60, -1)
        )
        heat = found["trajectory"]["heat"].values[:, :, 4].ravel()
        r = told["correlation"].values[0, names.index("heat")]
        np.testing.assert_allclose(r, [np.corrcoef(c, heat)[0, 1] for c in x.T], rtol=1e-5)


def test_too_many_directions_are_refused(small, tmp_path):
    ask = '[analysis.meaning]\nkind = "interpretation"\nof = "spins"\n'
    text = small.replace("spins = 24", "spins = 40")
    with pytest.raises(SpecError, match="40 features are too many directions"):
        lower(loads(text + "\n" + ask), tmp_path)


def test_neighbours_see_what_no_plane_does():
    """y = sign(z1 z2): linear R^2 is about 0, that of the nearest about 1; of one, it is the nearest itself."""
    from spindsl.kernels import fits

    rng = np.random.default_rng(0)
    z, fold = rng.uniform(-1, 1, (2000, 2)), np.arange(2000) % 10
    y = np.sign(z[:, :1] * z[:, 1:])
    mean = fits.predicted(np.ones((2000, 1)), y, fold)
    assert fits.explained(y, fits.nearest(z, y, fold), mean)[0] > 0.8
    assert abs(fits.explained(y, fits.predicted(fits.designs(z)["linear"], y, fold), mean)[0]) < 0.02
    y = rng.normal(size=(2000, 1))
    one = fits.nearest(z, y, fold, 1)
    others = np.flatnonzero(fold != fold[7])
    far = (((z[others] - z[7]) / z.std(axis=0)) ** 2).sum(axis=1)
    assert one[7, 0] == y[others[far.argmin()], 0]
