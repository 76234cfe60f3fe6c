"""Forced choices through the whole way, held against what is computed here from the trajectory and the margins."""

import numpy as np
import pytest

from spindsl.engine import Runner
from spindsl.errors import SpecError
from spindsl.experiment import loads
from spindsl.lower import lower
from spindsl.store import Store

WEIGHTS = ("0.01", "0.3", "0.9")
PROBES = (
    'protocol.fields={names=["A","B","C"], kind="normal", std=3.0, mixed={of=["A","B"], w=[0.01, 0.3, 0.9]}}',
    'protocol.drives={kind="probes", train=["A","B","C"], probes=["0.3","A","0.01","0.9"]}',
    "protocol.trials=60",
)  # fmt: skip
SAID = '{kind="discrimination", of="spins", by={kind="logistic", C=0.1}, score={folds=4}, reference="A"}'


@pytest.fixture
def results(small, tmp_path):
    def go(*changes: str):
        graph = lower(loads(small, changes=(*PROBES, *changes)), tmp_path)
        return Runner(graph, Store(tmp_path / "store"), 2).run()

    return go


def test_choices_are_between_two_of_one_state(results):
    """From the stored margins, drive by drive; a state that had A before is left out for all w."""
    found = results(f"analysis.told={SAID}", f"analysis.apart={SAID}", 'analysis.apart.states="different"')
    margin, truth = (found["analysis.told.guess"][v].sel(drive=["A", *WEIGHTS]) for v in ("margin", "truth"))
    before = found["trajectory"]["repeat"].sel(drive="A").values[:, 0] == 1
    assert before.any()
    used = np.flatnonzero(~before)
    np.testing.assert_array_equal(margin["difference"], [0.01, 0.3, 0.9])
    for q in range(3):
        first, other = margin.values[q, 0, :, 0], margin.values[q, q + 1, :, 0]
        np.testing.assert_array_equal(np.isfinite(first), ~before)
        right = np.where(first + other > 0, 1.0, np.where(first + other == 0, 0.5, 0.0))[used]
        assert found["analysis.told"]["correct"].values[q, 0] == right.mean()
        assert found["analysis.told"]["choices"].values[q, 0] == len(used)
        pairs = list(zip(used[:-1:2], used[1::2]))
        apart = np.mean([np.heaviside(first[a] + other[b], 0.5) for a, b in pairs])
        assert found["analysis.apart"]["correct"].values[q, 0] == apart
        assert found["analysis.apart"]["choices"].values[q, 0] == len(pairs)
        assert (truth.values[q, q + 1, used, 0] == 1).all()
        assert (truth.values[q, 0, used, 0] == 0).all()
    assert found["analysis.told"]["correct"].values[2, 0] > 0.95


def test_margins_go_with_guesses(results):
    """Where the margin is positive the guess is right, and only there."""
    found = results(f"analysis.told={SAID}")["analysis.told.guess"]
    scored = found["guess"].values >= 0
    right = (found["guess"] == found["truth"]).values[scored]
    np.testing.assert_array_equal(right, found["margin"].values[scored] > 0)
    np.testing.assert_array_equal(np.isfinite(found["margin_control"].values), scored)


def test_the_control_is_at_chance(results):
    """With 300 states, p = 1/2 has the standard error 0.036 in the 190 or so that are used; 5.2 of them are 0.19,
    false alarm below 1e-6 for three of them together; what is shuffled tells nothing even where all is told."""
    found = results(f"analysis.told={SAID}", "protocol.trials=300")["analysis.told"]
    assert found["choices"].values.min() >= 190
    assert found["correct"].values[2, 0] > 0.95
    assert np.abs(found["correct_control"].values - 0.5).max() < 0.19


def test_the_difference_is_read_off_the_choices(results):
    """The curve is the fit of the counts, on a fine grid; the difference lies within its interval."""
    from spindsl.kernels import psychometric

    found = results(f"analysis.told={SAID}")["analysis.told"]
    w, count = found["difference"].values, found["choices"].values[:, 0]
    fitted = psychometric.fit(w, found["correct"].values[:, 0] * count, count)
    assert found["jnd"].values[0] == psychometric.censored(psychometric.difference(*fitted), w)
    np.testing.assert_allclose(found["curve"].values[:, 0], psychometric.curve(found["weight"].values, *fitted))
    assert found["jnd_low"].values[0] <= found["jnd"].values[0] <= found["jnd_high"].values[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ('protocol.drives={kind="subsets", size=2}', "share their states"),
        ('analysis.told.by={kind="histogram", bins=4}', "no evidence ratio"),
        ('analysis.told.reference="0.3"', "mixed into 'A'"),
        ('analysis.told.against={"0.3"=0.3, D=0.4}', "three different w"),
        ('analysis.told.against={"0.3"=0.3, "0.01"=0.01, D=0.4}', "no drive 'D'"),
        ('protocol.fields.mixed={of=["A","B"], w=[0.01, 0.3]}', "not declared"),
    ],
)
def test_what_cannot_be_told_is_refused(results, change, message):
    with pytest.raises(SpecError, match=message):
        results(f"analysis.told={SAID}", change)
