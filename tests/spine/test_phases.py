"""Phases of a drive through the whole way: what is applied, what work it does, what it tells, and growing."""

import numpy as np
import pytest

from spindsl.engine import Runner
from spindsl.experiment import loads
from spindsl.graph import Graph
from spindsl.lower import lower
from spindsl.planning import plan
from spindsl.store import Store

PHASES = 'protocol.phases=[{after=3, rest=true}, {after=5, drive="BC"}, {after=8}]'
CHANGES = (PHASES, "protocol.switches=11", "protocol.trials=12")
WANTED = ("system", "dynamics", "initial", "fields", "trajectory", "nulls")
NUMBERS = {"AB": {0, 1}, "AC": {0, 2}, "BC": {1, 2}}
ORDERS = ["random", "random-with-repeats", "periodic", "shuffled-cycles"]


@pytest.fixture
def graph(small, tmp_path):
    """The stages up to the trajectory and its nulls, of the small experiment with changes."""

    def go(*changes: str) -> Graph:
        stages = lower(loads(small, changes=(*CHANGES, *changes)), tmp_path).stages
        return Graph.of({n: s for n, s in stages.items() if n in WANTED})

    return go


@pytest.fixture
def simulated(graph, tmp_path):
    def go(*changes: str, store: str = "store", block: int | None = None):
        return Runner(graph(*changes), Store(tmp_path / store), 2, block=block).run()

    return go


def alike(one, two) -> None:
    assert set(one.variables) == set(two.variables)
    for name, variable in one.variables.items():
        assert variable.values.tobytes() == two[name].values.tobytes(), name


@pytest.mark.parametrize("order", ORDERS)
def test_phases_follow_one_another(simulated, order):
    """Own fields at switches 1-3, none at 4 and 5, those of BC at 6-8, own again from 9."""
    field = simulated(f'protocol.order="{order}"')["trajectory"].field
    assert field.dims == ("drive", "trial", "time")
    for drive, own in NUMBERS.items():
        row = field.sel(drive=drive).values
        assert (row[:, 3:5] == -1).all()
        for start, stop, numbers in ((0, 3, own), (5, 8, {1, 2}), (8, 11, own)):
            assert set(np.unique(row[:, start:stop])) <= numbers
            if order == "periodic":
                assert (row[:, start:stop] == np.resize(sorted(numbers), stop - start)).all()
            elif order != "random-with-repeats":
                assert (row[:, start + 1 : stop] != row[:, start : stop - 1]).all()
        if order in ("random", "shuffled-cycles"):
            assert (row[:, 8] != row[:, 7]).all()


@pytest.mark.parametrize("order", ORDERS)
def test_work_across_phases(simulated, order):
    """W = sum_j (A'_j - A_j) s_j at every switch: - sum A s into a rest, 0 within it, sum A s out of it."""
    found = simulated(f'protocol.order="{order}"')
    A = np.vstack([found["fields"].field_strength.values, np.zeros(24)])  # the last row is that of -1
    path = found["trajectory"]
    row, spins = path.field.values.astype(int), path.spins.values.astype(float)
    now = A[row]
    start = np.broadcast_to(found["initial"].spins.values.astype(float), spins[..., :1, :].shape)
    s = np.concatenate([start, spins[..., :-1, :]], axis=2)
    old = np.concatenate([np.zeros_like(now[..., :1, :]), now[..., :-1, :]], axis=2)
    np.testing.assert_allclose(path.work.values, ((now - old) * s).sum(-1), rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(path.work.values[..., 3], -(old * s).sum(-1)[..., 3], rtol=1e-6, atol=1e-5)
    assert (path.work.values[..., 4] == 0).all()
    np.testing.assert_allclose(path.work.values[..., 5], (now * s).sum(-1)[..., 5], rtol=1e-6, atol=1e-5)
    zeeman = path.energy.values - path.interaction_energy.values
    np.testing.assert_allclose(zeeman, (now * spins).sum(-1), rtol=1e-5, atol=1e-4)
    rise = np.diff(path.energy.values, axis=2) - (path.work.values - path.heat.values)[..., 1:]
    np.testing.assert_allclose(rise, 0, atol=1e-4)


@pytest.mark.parametrize("few", [1, 3, 4, 5, 6, 8, 9, 10])
def test_growing_through_phases_equals_straight_through(simulated, graph, tmp_path, few):
    """Stopped within or at the end of any phase, and gone on from there: the same bits, only the rest simulated."""
    simulated(f"protocol.switches={few}", store="grown")
    (row,) = (r for r in plan(graph(), Store(tmp_path / "grown")) if r.stage.name == "trajectory")
    assert {p.grown for p in row.pieces if not p.stored} == {(few + 1, 11)}
    grown, straight = simulated(store="grown"), simulated(store="straight")
    for name in WANTED:
        alike(grown[name], straight[name])


def test_blocks_do_not_matter(simulated):
    whole, pieces = simulated(store="whole"), simulated(store="pieces", block=5)
    alike(whole["trajectory"], pieces["trajectory"])


def test_before_the_first_phase_all_is_as_without(simulated):
    plain, phased = simulated("protocol.phases=[]")["trajectory"], simulated()["trajectory"]
    for name in ("spins", "field", "work", "heat"):
        assert np.array_equal(plain[name].values[:, :, :3], phased[name].values[:, :, :3])


@pytest.mark.parametrize("order", ORDERS)
def test_nulls_of_phases(simulated, order):
    """The ceiling stays at rest and in a foreign drive, where the present field tells what follows from the order.

    Memoryless is chance, 1/3, without a field, 1/2 with one of two of three. After a rest the drive BC begins
    afresh and is the same for all; it leaves B or C to be the last, so that drives AB and AC begin with A in 3 of 4
    trials unless they may repeat: (3/4 + 1/2 + 1/2) / 3 at switch 9.
    """
    nulls = simulated(f'protocol.order="{order}"', "protocol.trials=200")["nulls"]
    ceiling, memoryless = nulls.ceiling.values, nulls.memoryless.values
    assert (ceiling[3:8] == ceiling[2]).all()
    assert (np.diff(ceiling) >= -5 * nulls.ceiling_se.values[1:] - 1e-12).all()
    assert (memoryless <= ceiling + 5 * nulls.ceiling_se.values + 1e-12).all()
    np.testing.assert_allclose(memoryless[3:8], 1 / 3, rtol=1e-12)
    if order != "periodic":
        np.testing.assert_allclose(memoryless[:3], 1 / 2, rtol=1e-12)
        assert memoryless[8] == pytest.approx(1 / 2 if order == "random-with-repeats" else 7 / 12)
        assert ceiling[0] == pytest.approx(1 / 2)  # one of three drives lacks the field that is seen


def test_a_phase_has_a_dwell_of_its_own(simulated):
    """The protocol's own dwell said once more changes no bit; a longer one is waited out, and starts where it says."""
    plain = simulated()["trajectory"]
    same = simulated(PHASES.replace("rest=true", "rest=true, dwell=100.0"), store="same")["trajectory"]
    alike(plain, same)
    slow = simulated(PHASES.replace("rest=true", "rest=true, dwell=1e7"), store="slow")["trajectory"]
    np.testing.assert_array_equal(slow["time"].values[[0, 2, 3, 4, 10]], [100, 300, 300 + 1e7, 300 + 2e7, 300 + 8e7])
    np.testing.assert_array_equal(plain["spins"].values[..., :3, :], slow["spins"].values[..., :3, :])
    assert slow["flips"].values[..., 3].mean() > plain["flips"].values[..., 3].mean()
    work, power = slow["work"].values, slow["power"].values
    np.testing.assert_allclose(power[..., 5], work[..., 5] / 1e7, rtol=1e-6)
    np.testing.assert_allclose(power[..., 2], work[..., 2] / 100, rtol=1e-6)


PROBES = (
    "protocol.phases=[]", 'protocol.fields.names=["A","B","C","D"]',
    'protocol.drives={kind="probes", train=["A","B","C"], probes=["A","D"]}',
    "protocol.record.switches=[9,10,11]",
)  # fmt: skip


def test_probes_share_their_states(simulated):
    """Trial k of every drive is the same to the bit until the last switch, which is the probe; rest until then
    without training."""
    found = simulated(*PROBES)["trajectory"]
    spins, field = found["spins"].values, found["field"].values
    np.testing.assert_array_equal(spins[0, :, :2], spins[1, :, :2])
    assert (spins[0, :, 2] != spins[1, :, 2]).any()
    assert (field[0, :, 2] == 0).all()
    assert (field[1, :, 2] == 3).all()
    np.testing.assert_array_equal(found["repeat"].values[0, :, 2], field[0, :, 1] == 0)
    assert not found["repeat"].values[1].any()
    idle = simulated(*PROBES, "protocol.drives.trained=false", store="idle")["trajectory"]
    assert (idle["field"].values[..., :2] == -1).all()
    assert (idle["field"].values[0, :, 2] == 0).all()


def test_probes_have_noise_of_their_own(simulated):
    """A field that is A but for 1e-9 finds the same states and, by its own noise, leaves others."""
    changes = (
        *PROBES, 'protocol.fields.mixed={of=["A","B"], w=[1e-18]}',
        'protocol.drives={kind="probes", train=["B","C"], probes=["A","1e-18"]}',
    )  # fmt: skip
    found = simulated(*changes)["trajectory"]
    spins, work = found["spins"].values, found["work"].values
    np.testing.assert_array_equal(spins[0, :, :2], spins[1, :, :2])
    np.testing.assert_allclose(work[0, :, 2], work[1, :, 2], rtol=1e-5)
    assert (spins[0, :, 2] != spins[1, :, 2]).any(axis=1).mean() > 0.5
    again = simulated(*changes, store="pieces", block=5)["trajectory"]
    alike(found, again)
    short = simulated(*changes, "protocol.switches=2", "protocol.record.switches=[1,2]", store="short")["trajectory"]
    np.testing.assert_array_equal(short["spins"].values[0, :, 0], short["spins"].values[1, :, 0])
    assert (short["spins"].values[0, :, 1] != short["spins"].values[1, :, 1]).any()


def test_reset_matter_begins_every_field_anew(simulated):
    """The dwell at switch k acts on the initial configuration: work from zero field, and nothing of before."""
    results = simulated("protocol.phases=[]", "protocol.reset=true")
    found, fields = results["trajectory"], results["fields"]["field_strength"].values
    s0 = results["initial"]["spins"].values
    np.testing.assert_allclose(found["work"].values, (fields @ s0)[found["field"].values], rtol=1e-5)
    again = simulated("protocol.phases=[]", "protocol.reset=true", 'protocol.order="random"', store="b", block=5)
    alike(found, again["trajectory"])


def test_mixed_fields_lie_between_two_others(simulated):
    """A_w = sqrt(1 - w) A_0 + sqrt(w) A_1, as strong as these on average."""
    results = simulated('protocol.fields.mixed={of=["A","C"], w=[0.25, 0.5]}')
    A = results["fields"]["field_strength"]
    assert list(A["field"].values) == ["A", "B", "C", "0.25", "0.5"]
    np.testing.assert_allclose(A[3], np.sqrt(0.75) * A[0] + 0.5 * A[2], rtol=1e-12)
    np.testing.assert_allclose(A[4], np.sqrt(0.5) * (A[0] + A[2]), rtol=1e-12)


def test_blocks_of_fields():
    """Drive k lacks block k: 40 of 50 as Zhong et al. had it."""
    from spindsl.driving import Blocks

    names = tuple(str(k + 1) for k in range(50))
    sets = Blocks(kind="blocks", fields=40, drives=5).sets(names)
    assert list(sets) == ["1", "2", "3", "4", "5"]
    assert set(names) - set(sets["2"]) == {str(k) for k in range(11, 21)}
    assert len(set(sets["1"]) & set(sets["5"])) == 30
