"""Discs and hysterons through the whole way: the words of the drives, growing, blocks, and who goes with whom."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
import tomlkit

from spindsl.engine import Runner
from spindsl.errors import SpecError
from spindsl.experiment import loads
from spindsl.graph import Graph
from spindsl.lower import lower
from spindsl.planning import plan
from spindsl.store import Store

EXAMPLES = Path(__file__).parents[1] / "words/examples"
SYSTEMS = ["random-organization", "hysterons"]
WANTED = ("system", "dynamics", "amplitudes", "trajectory", "nulls")
ORDERS = ["random", "random-with-repeats", "periodic", "shuffled-cycles"]
NUMBERS = {"AB": {0, 1}, "AC": {0, 2}, "BC": {1, 2}}
GRID = np.round(0.1 * np.arange(1, 21), 12)


def example(kind: str) -> dict:
    """The tables of a system's example that make a trajectory."""
    read = tomllib.loads((EXAMPLES / f"system/{kind}.toml").read_text())
    return {"spindsl": 1, "title": "t", "seed": 3} | {k: read[k] for k in ("system", "dynamics", "protocol")}


@pytest.fixture
def simulated(tmp_path):
    """The stages up to the trajectory and its nulls."""

    def go(kind: str, *changes: str, store: str = "store", block: int | None = None):
        text = tomlkit.dumps(example(kind))
        stages = lower(loads(text, changes=("protocol.record={}", *changes)), tmp_path).stages
        graph = Graph.of({n: s for n, s in stages.items() if n in WANTED})
        rows = plan(graph, Store(tmp_path / store))
        found = Runner(graph, Store(tmp_path / store), 2, block=block).run()
        return {n: found[n] for n in graph.nodes} | {"plan": rows}

    return go


def alike(one, two) -> None:
    assert set(one.variables) == set(two.variables)
    for name, variable in one.variables.items():
        assert variable.values.tobytes() == two[name].values.tobytes(), name


@pytest.mark.parametrize("kind", SYSTEMS)
@pytest.mark.parametrize("order", ORDERS)
def test_the_words_of_the_drives_are_those_of_fields(simulated, kind, order):
    """Own amplitudes at switches 1-3, none at 4, those of AB at 5 and 6; nothing is active at rest."""
    found = simulated(kind, f'protocol.order="{order}"')
    path = found["trajectory"]
    assert path.field.dims == ("drive", "trial", "time")
    for drive, own in NUMBERS.items():
        row = path.field.sel(drive=drive).values
        assert set(np.unique(row[:, :3])) <= own
        assert (row[:, 3] == -1).all()
        assert set(np.unique(row[:, 4:])) <= {0, 1}
        if order == "periodic":
            assert (row[:, :3] == np.resize(sorted(own), 3)).all()
    assert (path.activity.values[..., 3] == 0).all()
    assert found["amplitudes"].amplitude.values.tolist() == [0.5, 1.0, 1.5]
    assert found["amplitudes"].cycles.values.tolist() == [3, 1, 1]
    if order != "periodic":
        np.testing.assert_allclose(found["nulls"].memoryless.values[:3], 1 / 2)


@pytest.mark.parametrize("kind", SYSTEMS)
@pytest.mark.parametrize("few", [1, 3, 4, 5])
def test_growing_equals_straight_through(simulated, kind, few):
    """Stopped anywhere and gone on from there: the same bits, and only the rest is simulated."""
    cut = "protocol.phases=[{after=3, rest=true}, {after=4, drive='AB'}]"
    simulated(kind, cut, f"protocol.switches={few}", store="grown")
    grown, straight = simulated(kind, cut, store="grown"), simulated(kind, cut, store="straight")
    (row,) = (r for r in grown["plan"] if r.stage.name == "trajectory")
    assert {p.grown for p in row.pieces if not p.stored} == {(few + 1, 6)}
    alike(grown["trajectory"], straight["trajectory"])


@pytest.mark.parametrize("kind", SYSTEMS)
@pytest.mark.parametrize("initial", ["own", "shared"])
def test_blocks_do_not_matter_nor_other_trials(simulated, kind, initial):
    said = f'protocol.initial="{initial}"'
    whole, pieces = simulated(kind, said, store="whole"), simulated(kind, said, store="pieces", block=5)
    alike(whole["trajectory"], pieces["trajectory"])
    fewer = simulated(kind, said, "protocol.trials=7", store="fewer")["trajectory"]
    for name, variable in fewer.data_vars.items():
        assert np.array_equal(variable.values, whole["trajectory"][name].values[:, :7]), name


@pytest.mark.parametrize("kind", SYSTEMS)
def test_a_shared_start_is_that_of_all_trials_and_an_own_one_is_not(simulated, kind):
    """After a first switch of rest the matter is as it began."""
    changes = ("dynamics.noise=0.0",) if kind == "random-organization" else ()
    changes += ("protocol.drives={kind='list', sets={a=['A'], b=['B']}}", "protocol.phases=[]", "protocol.cycles={}")
    changes += ("protocol.amplitudes={A=1e-9, B=1e-9}", "protocol.switches=1")
    if kind == "random-organization":
        changes += ("dynamics.kick=1e-300",)
    for initial, alone in (("shared", 1), ("own", 24)):
        end = simulated(kind, f'protocol.initial="{initial}"', *changes)["trajectory"]["end"].values
        assert len(np.unique(end.reshape(24, -1), axis=0)) == alone


@pytest.mark.parametrize("kind", SYSTEMS)
def test_the_curve_at_the_amplitude_is_the_activity_of_the_next_cycle(simulated, kind):
    """What is read out without touching the matter is what a cycle then does: of one cycle, at every amplitude."""
    changes = ("protocol.drives={kind='subsets', size=1}", "protocol.cycles={}", "protocol.phases=[]")
    if kind == "random-organization":
        changes += ("dynamics.noise=0.0",)
    path = simulated(kind, *changes)["trajectory"]
    curve = path["features" if kind == "random-organization" else "curve"].values
    for d, amplitude in enumerate((0.5, 1.0, 1.5)):
        k = int(np.argmin(abs(GRID - amplitude)))
        np.testing.assert_array_equal(curve[d, :, :-1, k], path.activity.values[d, :, 1:].astype(np.float32))
    assert (path.activity.values[:, :, 0] > 0).any()


def test_first_law_of_every_switch(simulated):
    """W = U' - U + Q of a hysteron, switch by switch, and W of a switch that changes nothing is its loops' heat."""
    path = simulated("hysterons", "protocol.switches=6")["trajectory"]
    rise = np.diff(path.energy.values, axis=2)
    np.testing.assert_allclose(rise, (path.work.values - path.heat.values)[..., 1:], atol=1e-12)
    assert (path.heat.values >= 0).all()
    np.testing.assert_allclose(path.magnetization.values, path.spins.values.mean(axis=-1), atol=1e-12)


PAIRS = [
    ("random-organization", {"dynamics": {"kind": "quasistatic"}}, "random-kicks"),
    ("random-organization", {"dynamics": {"kind": "glauber", "beta": 1.0}}, "random-kicks"),
    ("random-organization", {"dynamics": {"kind": "arrhenius", "beta": 1.0, "barrier": 1.0}}, "random-kicks"),
    ("hysterons", {"dynamics": {"kind": "random-kicks", "kick": 0.5, "noise": 0.0}}, "quasistatic"),
    ("hysterons", {"dynamics": {"kind": "metropolis", "beta": 1.0}}, "quasistatic"),
]


@pytest.mark.parametrize(("kind", "change", "hint"), PAIRS)
def test_a_dynamics_that_does_not_move_the_matter(tmp_path, kind, change, hint):
    with pytest.raises(SpecError) as caught:
        lower(loads(tomlkit.dumps(example(kind) | change)), tmp_path)
    found = [f for f in caught.value.findings if f.path[0] == "protocol"]
    assert hint in found[0].hint


EVERY = {p.stem: tomllib.loads(p.read_text())["dynamics"] for p in sorted((EXAMPLES / "dynamics").glob("*.toml"))}
MOVES = {"random-organization": "random-kicks", "hysterons": "quasistatic"}


@pytest.mark.parametrize("kind", SYSTEMS)
@pytest.mark.parametrize("dynamics", EVERY)
def test_every_dynamics_moves_the_matter_or_is_refused_with_a_hint(tmp_path, kind, dynamics):
    """Also those of equilibrium, such as wolff, which have no rule in continuous time."""
    text = tomlkit.dumps(example(kind) | {"dynamics": EVERY[dynamics]})
    if EVERY[dynamics]["kind"] == MOVES[kind]:
        assert "trajectory" in lower(loads(text), tmp_path).stages
        return
    with pytest.raises(SpecError) as caught:
        lower(loads(text), tmp_path)
    assert all(f.code.startswith("E") and f.hint for f in caught.value.findings)
    assert MOVES[kind] in " ".join(f.hint for f in caught.value.findings if f.path[0] == "protocol")


@pytest.mark.parametrize("dynamics", EVERY)
def test_every_dynamics_gives_a_glass_rates_or_is_refused_with_a_hint(tmp_path, small, dynamics):
    text = tomlkit.dumps(tomllib.loads(small) | {"dynamics": EVERY[dynamics]})
    if "beta" in EVERY[dynamics]:
        assert "trajectory" in lower(loads(text), tmp_path).stages
        return
    with pytest.raises(SpecError) as caught:
        lower(loads(text), tmp_path)
    assert all(f.code.startswith("E") and f.hint for f in caught.value.findings)


@pytest.mark.parametrize("kind", SYSTEMS)
def test_fields_drive_neither(tmp_path, small, kind):
    protocol = tomllib.loads(small)["protocol"]
    with pytest.raises(SpecError, match="energy") as caught:
        lower(loads(tomlkit.dumps(example(kind) | {"protocol": protocol})), tmp_path)
    assert "cyclic-drive" in caught.value.findings[0].hint


def test_cycles_do_not_drive_a_glass(tmp_path, small):
    with pytest.raises(SpecError, match="couplings") as caught:
        table = tomllib.loads(small) | {"protocol": example("hysterons")["protocol"]}
        lower(loads(tomlkit.dumps({k: v for k, v in table.items() if k not in ("analysis", "bottleneck")})), tmp_path)
    assert "field-drive" in caught.value.findings[0].hint


@pytest.mark.parametrize("dynamics", [{"kind": "quasistatic"}, {"kind": "random-kicks", "kick": 0.5, "noise": 0.0}])
def test_a_glass_needs_rates(tmp_path, small, dynamics):
    with pytest.raises(SpecError, match="rates"):
        lower(loads(tomlkit.dumps(tomllib.loads(small) | {"dynamics": dynamics})), tmp_path)


WRONG = [
    ("random-organization", "protocol.record={observables=['work']}", "no observable 'work'"),
    ("hysterons", "protocol.cycles={Z=2}", "no amplitude 'Z'"),
    ("hysterons", "protocol.phases=[{after=2, dwell=1.0}]", "not dwelt in"),
    ("hysterons", "protocol.curve={to=0.2, step=0.1}", "fewer than 3"),
    ("hysterons", "protocol.record={switches=[7]}", "after the last"),
    ("hysterons", "protocol.amplitudes={A=1.0, B=0.0, C=2.0}", "greater than 0"),
    ("random-organization", "system.particles=3", "at least 4"),
    ("hysterons", "analysis.m={kind='kinks', of='spins', width=0.2}", "no activity curve"),
    ("hysterons", "analysis.m={kind='kinks', of='curve', width=0.25}", "no multiple"),
    ("hysterons", "analysis.m={kind='kinks', of='curve', width=0.3}", "too near an end"),
    ("hysterons", "analysis.m={kind='threshold', of='activity', last=1}", "one amplitude each"),
    ("hysterons", "analysis.m={kind='threshold', of='spins', last=1}", "no activity"),
]


@pytest.mark.parametrize(("kind", "change", "says"), WRONG)
def test_mistakes(tmp_path, kind, change, says):
    with pytest.raises(SpecError, match=says):
        lower(loads(tomlkit.dumps(example(kind)), changes=(change,)), tmp_path)
