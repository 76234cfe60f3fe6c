"""Sequence models as words: what they learn, what they know, and what is said of them, against exact truth.

4 × 4 Ising torus; the reference is Kaufman's ln Z.
"""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from spindsl import observations, sequences
from spindsl.engine import Runner
from spindsl.errors import SpecError
from spindsl.experiment import loads
from spindsl.factors import energy, read
from spindsl.graph import Task
from spindsl.lower import lower
from spindsl.sampling import Temperature
from spindsl.store import Store, keys

SEEN = """
[bottleneck.seen]
kind = "made"
unwrapping = "{unwrapping}"
depth = 2
width = 2
train = "observations"
epochs = 12
batch = 200
learning_rate = 0.01
decay = "cosine"
test = 4
drawn = 4000

[analysis.apart]
kind = "divergence"
of = "seen"
against = "exact"

[analysis.weighed]
kind = "importance"
of = "seen"
count = 4000
against = "exact"
"""
TOLD = """
[bottleneck.told]
kind = "made"
unwrapping = "raster"
depth = 2
width = 2
train = { by = "free-energy", steps = 300, annealing = 0.97 }
batch = 100
learning_rate = 0.02
decay = "cosine"
symmetric = true
networks = 2
drawn = 4000

[analysis.apart]
kind = "divergence"
of = "told"
against = "exact"

[analysis.weighed]
kind = "importance"
of = "told"
count = 4000
against = "exact"
"""
GAUSS = 5.4  # standard errors: 7e-8


def many(still: str) -> str:
    """Enough observations to learn from, far enough apart."""
    return still.replace("chains = 5", "chains = 16").replace("samples = 60", "samples = 400")


def ran(text, folder):
    graph = lower(loads(text), folder)
    return graph, Runner(graph, Store(folder / "store"), 1).run()


@pytest.fixture(scope="module")
def told(still, tmp_path_factory):
    """The graph and results of what learns from the Hamiltonian."""
    return ran(many(still) + TOLD, tmp_path_factory.mktemp("told"))


@pytest.mark.parametrize("unwrapping", ["snake", "spiral"])
def test_observations_teach_the_distribution(still, tmp_path, unwrapping):
    """4,800 observations, 560 weights: KL of some p / 2n = 0.06 nats, 16 ln 2 - S = 0.5 and 3 nats untrained; never
    below 0 by more than errors. Cross entropy is S + KL with the exact S."""
    _, found = ran(many(still) + SEEN.format(unwrapping=unwrapping), tmp_path)
    apart, exact = found["analysis.apart"], found["reference.exact"]
    assert (apart["divergence"] > -GAUSS * apart["divergence_se"]).all()
    assert (apart["divergence"] < 0.12).all()
    assert (apart["divergence_se"] < 0.02).all()
    sum_ = 16 * exact["entropy"].values + apart["divergence"].values
    assert (np.abs(apart["cross_entropy"].values - sum_) < GAUSS * apart["cross_entropy_se"].values).all()
    held(found, "seen")


def test_the_hamiltonian_teaches_it_too(told):
    """F of a model is above the exact F but for errors, and near it; KL of all chains, none of which it saw."""
    _, found = told
    told, exact = found["bottleneck.told.estimates"], found["reference.exact"]
    above = told["free_energy"].values - exact["free_energy"].values[:, None]
    assert above.shape == (2, 2)
    assert (above > -GAUSS * told["free_energy_se"].values).all()
    assert (above < 0.01).all()
    assert (found["analysis.apart"]["divergence"] < 0.1).all()
    loss = found["bottleneck.told"]["loss"].values
    assert loss.shape == (2, 2, 300)
    assert (np.abs(loss[..., -50:].mean(-1) - told["free_energy"].values) < 0.01).all()
    assert not np.array_equal(loss[:, 0], loss[:, 1])
    held(found, "told")


def held(found, name):
    """Weighted estimates are those of P, each of F, U, S at each temperature within 5.4 standard errors (6 to 12 of
    7e-8 each); the model's own ones obey F = U - S / beta to rounding, weighted ones too."""
    weighed, own = found["analysis.weighed"], found[f"bottleneck.{name}.estimates"]
    for quantity in ("free_energy", "energy", "entropy"):
        assert (np.abs(weighed[f"{quantity}_z"]) < GAUSS).all()
        assert (weighed[f"{quantity}_se"] < 0.02).all()
    assert (weighed["ess"] > 0.5).all() and (weighed["ess"] <= 1).all()
    for one in (weighed, own):
        sum_ = one["energy"] - one["entropy"] / one["beta"]
        np.testing.assert_allclose(one["free_energy"].values, sum_.transpose(*one["energy"].dims).values, rtol=1e-12)
        assert ((one["abs_magnetization"] > 0.1) & (one["abs_magnetization"] < 1)).all()


def test_labels_are_energies_but_for_a_constant(told):
    """E = -ln q / beta of the model against the true energy of test configurations: residuals about their mean are
    small beside the spread of energies, a slope of 1 within 10 %; of 2 beta it would be 0.5."""
    graph, found = told
    params, beta = graph.stages["bottleneck.told"].params, 0.4
    spins = found["trajectory"]["spins"].sel(beta=beta).values
    true = energy(read(found["system"]), spins)
    for network in (0, 1):
        label = sequences.labels(params, found["bottleneck.told"].sel(beta=beta), spins, beta, network)
        assert label.shape == spins.shape[:-1]
        slope = np.cov(label.ravel(), true.ravel())[0, 1] / true.var()
        assert abs(slope - 1) < 0.1
        assert (label - true).std() < 0.3 * true.std()
        constant = 16 * float(found["reference.exact"]["free_energy"].sel(beta=beta))
        assert abs((label - true).mean() + constant) < 0.3


def test_a_model_is_rebuilt_from_what_is_stored(still, tmp_path):
    """Its probabilities sum to 1 over all states of 3 × 3: 1e-5 of single precision."""
    text = still.replace("sides = [4, 4]", "sides = [3, 3]") + TOLD.replace("steps = 300", "steps = 160")
    graph, found = ran(text, tmp_path)
    states = 2 * np.array(np.unravel_index(np.arange(512), (2,) * 9)).T.astype(np.int8) - 1
    params = graph.stages["bottleneck.told"].params
    q = [sequences.log_q(params, found["bottleneck.told"].isel(beta=1), states, n) for n in (0, 1)]
    assert np.allclose(np.exp(q).sum(axis=1), 1, atol=1e-5)
    assert not np.allclose(*q)
    for n, one in enumerate(found["bottleneck.told"].isel(beta=1)["weights"].values):
        assert np.array_equal(
            sequences.flattened(sequences.rebuilt(params, found["bottleneck.told"].isel(beta=1), n)), one
        )
    assert graph.stages["bottleneck.told"].sizes["weight"] == found["bottleneck.told"].sizes["weight"]


def test_divergence_is_of_p_from_q(told, monkeypatch):
    """ln q = ln P - 0.7 and ln P - 0.2: 0.7 and 0.2 nats to rounding, the cross entropy beta <E> + ln Z more."""
    graph, found = told
    matter = read(found["system"])
    stage, beta = graph.stages["analysis.apart"], 0.4
    log_z = float(found["reference.exact"]["log_z"].sel(beta=beta))
    monkeypatch.setattr(sequences, "log_q", lambda params, w, s, n=0: -beta * energy(matter, s) - log_z - (0.7, 0.2)[n])
    inputs = {n: found[n].sel(beta=beta) if "beta" in found[n].dims else found[n] for n in stage.needs}
    apart = stage.run(Task(7, stage.params, part="0.4", part_params=Temperature(beta)), **inputs)
    np.testing.assert_allclose(apart["divergence"], [0.7, 0.2], atol=1e-12)
    U = energy(matter, inputs["trajectory"]["spins"].values).mean()
    np.testing.assert_allclose(apart["cross_entropy"], beta * U + log_z + np.array([0.7, 0.2]), rtol=1e-12)


def test_errors_of_the_divergence_are_of_independent_blocks():
    """8 chains of 5,000 normal numbers: 1/200, from 32 blocks; their variance inside its chi-squared at 1e-6."""
    from scipy.stats import chi2

    from spindsl.kernels.autocorrelation import averaged

    mean, se = averaged(3 + np.random.default_rng(0).normal(size=(8, 5000)))
    assert abs(mean - 3) < GAUSS / 200
    assert chi2.ppf(5e-7, 31) < 31 * (200 * se) ** 2 < chi2.isf(5e-7, 31)


def test_models_read_up_as_one_and_colours_as_they_are():
    assert sequences.coded(np.array([-1, 1, 1], np.int8)).tolist() == [0, 1, 1]
    assert sequences.coded(np.array([0, 1, 2], np.int8)).tolist() == [0, 1, 2]


def test_only_what_is_told_the_hamiltonian_needs_it(still, tmp_path):
    for text, needs, mark in ((SEEN.format(unwrapping="snake"), "trajectory", 0), (TOLD, "system", 1)):
        graph = lower(loads(many(still) + text), tmp_path)
        name = next(n for n in graph.stages if n.startswith("bottleneck"))
        stage = graph.stages[name]
        assert stage.needs == (needs,)
        assert stage.gives["weights"].attrs["hamiltonian"] == mark
        assert ("true Hamiltonian" in stage.gives["weights"].long_name) == bool(mark)


def test_more_samples_of_a_model_fit_nothing_again(still, tmp_path):
    text = many(still) + SEEN.format(unwrapping="snake")
    one, other = (keys(lower(loads(t), tmp_path)) for t in (text, text.replace("drawn = 4000", "drawn = 4001")))
    assert one["bottleneck.seen"] == other["bottleneck.seen"]
    assert one["bottleneck.seen.estimates"] != other["bottleneck.seen.estimates"]


def test_chains_of_the_test_teach_nothing(still, tmp_path):
    """The same weights whatever they hold."""
    text = SEEN.format(unwrapping="snake").replace("test = 4", "test = 2")
    graph, found = ran(still + text.replace("batch = 200", "batch = 60"), tmp_path)
    stage, seen = graph.stages["bottleneck.seen"], found["trajectory"].isel(beta=0)
    fits = []
    for chain in (2, 3):
        other = seen.copy(deep=True)
        other["spins"].values[chain] *= -1
        shorter = replace(stage.params, train=replace(stage.params.train, epochs=1), batch=30)
        task = Task(7, shorter, part="0.2", part_params=Temperature(0.2))
        fits.append(sequences.fit(task, other)["weights"].values)
    plain = sequences.fit(task, seen)["weights"].values
    assert not np.array_equal(plain, fits[0])
    assert np.array_equal(plain, fits[1])
    assert np.array_equal(observations.unseen(seen, 2), seen["spins"].values[3:])
    assert observations.unseen(seen, 0).shape[0] == 5


@pytest.mark.parametrize(
    ("old", "new", "path", "says"),
    [
        ("batch = 200", "batch = 241", "batch", "more than the 60 observations"),
        ("test = 4", "test = 5", "test", "leave none of 5"),
        ("epochs = 12\n", "", "epochs", "how many passes"),
        ("test = 4\n", "", "of", "none is left to try it on"),
        ("test = 4", "test = 4\nobservations = 61", "observations", "the protocol makes 60"),
        ('"observations"', '{ by = "free-energy", steps = 300 }', "annealing", "0.452 of beta only"),
        ('"observations"', '{ by = "free-energy", steps = 3000 }', "epochs", "reads no observations"),
        ('unwrapping = "snake"', 'unwrapping = "snake"\ndrives = ["A"]', "drives", "no drives"),
        ('of = "seen"', 'of = "energy"', "of", "does not say how likely"),
        ('against = "exact"', 'against = "other"', "against", "no reference 'other'"),
    ],
)
def test_mistakes_are_told(still, tmp_path, old, new, path, says):
    text = SEEN.format(unwrapping="snake").replace("batch = 200", "batch = 60") if "batch" not in old else SEEN
    refused(still + text.format(unwrapping="snake").replace(old, new), tmp_path, path, says)


@pytest.mark.parametrize(
    ("system", "word", "path", "says"),
    [
        ('kind = "cubic", sides = [2, 2, 2], periodic = false', 'unwrapping = "spiral"', "unwrapping", "3 dimensions"),
        ('kind = "random-regular", neighbours = 4', 'unwrapping = "snake"', "unwrapping", "only a lattice"),
        ('kind = "cubic", sides = [2, 2, 2], periodic = false', "pixelcnn", "kind", "windows need a plane"),
        ("field", "symmetric = true", "symmetric", "tells s from -s"),
        ("field", 'augment = ["translations", "flips"]', "augment", "tells s from -s"),
        ('kind = "random-regular", neighbours = 4', 'augment = ["reflections"]', "augment", "only a lattice"),
        ('kind = "chain", sides = [9], periodic = false', 'augment = ["translations"]', "augment", "open ends"),
        ("field", "odd = true", "odd", "tells s from -s"),
        ("potts", "symmetric = true", "symmetric", "no opposite"),
    ],
)
def test_mistakes_of_matter_are_told(still, tmp_path, system, word, path, says):
    square = 'graph = { kind = "square", sides = [4, 4], periodic = true }'
    if system == "field":
        still = still.replace("J = 1.0", "J = 1.0\nfield = 0.1")
    elif system == "potts":
        still = still.replace('kind = "ising"', 'kind = "potts"\ncolours = 3\ninteraction = "delta"')
    else:
        spins = "" if "sides" in system else "spins = 16\n"
        still = still.replace(square, f"{spins}graph = {{ {system} }}")
    still = still[: still.index("[reference")]
    common = 'train = "observations"\nepochs = 1\nbatch = 10\nlearning_rate = 0.01\n'
    own = 'kind = "made"\ndepth = 1\nwidth = 1\n'
    if word == "pixelcnn":
        own = 'kind = "pixelcnn"\ndepth = 1\nwidth = 1\nreach = 1\n'
    else:
        own += word + "\n" + ("" if "unwrapping" in word else 'unwrapping = "raster"\n')
    refused(f"{still}\n[bottleneck.b]\n{own}{common}", tmp_path, path, says)


def test_dropout_is_of_observations_only(still, tmp_path):
    gru = TOLD.replace("depth = 2\nwidth = 2", "hidden = 3\ndropout = 0.1").replace('"made"', '"gru"')
    refused(still + gru, tmp_path, "dropout", "no unit left out")


def test_known_symmetries_are_those_of_the_energy(still, tmp_path):
    """64 turns of 4 × 4 (16 translations, 4 mirrors), all different, none changes an energy."""
    turns = sequences.mirrored((4, 4), ("translations", "reflections"))
    assert len(np.unique(turns, axis=0)) == len(turns) == 64
    assert len(sequences.mirrored((4, 4), ("flips",))) == 1
    system = ran(still, tmp_path)[1]["system"]
    s = np.random.default_rng(0).choice(np.array([-1, 1], np.int8), 16)
    assert len(np.unique(energy(read(system), s[turns]))) == 1


def test_known_symmetries_help(still, tmp_path):
    """240 observations at beta = 0.4: with what is known beforehand KL is smaller, by 0.1 nats."""
    seen, found = SEEN.format(unwrapping="raster").replace("test = 4", "test = 1"), []
    text = still.replace("[0.2, 0.4]", "[0.4]") + seen
    for known in ("", 'augment = ["translations", "reflections", "flips"]\n'):
        some = text.replace("batch = 200\n", f"batch = 60\n{known}").replace("epochs = 12", "epochs = 40")
        found.append(ran(some, tmp_path)[1]["analysis.apart"]["divergence"].values)
    assert (found[0] - found[1] > 0.1).all()


def refused(text, folder, path, says):
    with pytest.raises(SpecError) as error:
        lower(loads(text), folder)
    assert [f for f in error.value.findings if path in f.path and says in f.message], error.value


PRIMED = """
[bottleneck.primed]
kind = "made"
unwrapping = "snake"
depth = 2
width = 2
odd = true
primed = true
train = { by = "free-energy", steps = 1, annealing = 0 }
batch = 50
learning_rate = 1e-12
networks = 2
drawn = 4000
"""


def test_couplings_prime_the_skip(still, tmp_path):
    """S_tr = 2 beta J_tr, t after r in the order of reading: exactly, as a step of 1e-12 is none; the other weights
    are those of the same network without. Such a model is nearer to the truth at the start."""
    text = still.replace("J = 1.0", "J = -0.7")
    graph, found = ran(text + PRIMED, tmp_path)
    _, plain = ran(text + PRIMED.replace("primed = true\n", ""), tmp_path)
    params, system = graph.stages["bottleneck.primed"].params, found["system"]
    J = np.zeros((16, 16))
    for i, j in zip(system["i"].values, system["j"].values):
        J[i, j] = J[j, i] = -0.7
    for beta in (0.2, 0.4):
        for n in (0, 1):
            q, other = (sequences.rebuilt(params, f["bottleneck.primed"].sel(beta=beta), n) for f in (found, plain))
            S = 2 * beta * J[np.ix_(q.order, q.order)]
            np.testing.assert_allclose(q.weights["S"].numpy(), np.tril(S, -1), atol=1e-6)
            for name in ("W0", "W1"):
                np.testing.assert_allclose(q.weights[name].numpy(), other.weights[name].numpy(), atol=1e-9)
    primed, plain = (f["bottleneck.primed.estimates"]["free_energy"].values for f in (found, plain))
    assert (primed < plain - 0.05).all()
    assert (primed > found["reference.exact"]["free_energy"].values[:, None] - 0.01).all()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('{ by = "free-energy", steps = 1, annealing = 0 }', '"observations"\nepochs = 1', "not told the Hamiltonian"),
        ("odd = true", "odd = true\nskip = false", "which this network has not"),
        ("J = 1.0", "J = 1.0\nterms = [{ offsets = [[0, 0], [0, 1], [1, 0], [1, 1]], J = 0.3 }]", "has more to it"),
    ],
)
def test_what_cannot_be_primed_is_told(still, tmp_path, old, new, says):
    text = (still[: still.index("[reference")] + PRIMED).replace(old, new)
    refused(text, tmp_path, "primed", says)


LEARNED = """
[bottleneck.b]
kind = "made"
unwrapping = "raster"
depth = 1
width = 1
train = "observations"
epochs = 1
batch = 10
learning_rate = 0.01
symmetric = true
"""


@pytest.mark.parametrize("at", [[[0, 0], [0, 1], [-128, -128]], [[0, 0], [0, 1], [1, 0]]])
def test_an_energy_of_a_file_is_asked_as_one_of_the_text(still, tmp_path, at):
    """A product of three spins, learned or written, tells s from -s; one of two does not."""
    found = {"offsets": (("template", "body", "axis"), np.array([at], np.int16)),
             "coupling": (("beta", "template"), [[0.2]])}  # fmt: skip
    xr.Dataset(found, {"beta": [0.4]}).to_netcdf(tmp_path / "r.nc", group="/bottleneck/b", engine="netcdf4")
    still = still[: still.index("[reference")]
    learned = 'from = "r.nc"\nbottleneck = "b"\nlearned_at = 0.4'
    terms = f"J = 1.0\nterms = [{{ offsets = {[o for o in at if o[0] >= 0]}, J = 0.2 }}]"
    texts = (still.replace('"ising"', '"learned"').replace("J = 1.0", learned), still.replace("J = 1.0", terms))
    for text in texts:
        if at[2][0] >= 0:
            refused(text + LEARNED, tmp_path, "symmetric", "an odd number of spins")
        else:
            lower(loads(text + LEARNED), tmp_path)


def test_what_is_too_large_to_be_drawn_is_not_refused(still, tmp_path):
    """Couplings that differ are seen at 16 spins; of 122,500 spins nothing is drawn before the run."""
    text = still[: still.index("[reference")].replace('"ising"', '"edwards-anderson"')
    text = text.replace("J = 1.0", 'couplings = { kind = "plus-minus", strength = 1.0, positive = 0.5 }')
    text += LEARNED.replace("symmetric = true", 'augment = ["translations", "reflections"]')
    refused(text, tmp_path, "augment", "differ from place to place")
    lower(loads(text.replace("[4, 4]", "[350, 350]")), tmp_path)
