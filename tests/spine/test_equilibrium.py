"""Chains at equilibrium have the same bits however they are cut, continued or joined by others."""

import re

import numpy as np
import pytest

from spindsl.engine import Runner
from spindsl.errors import SpecError
from spindsl.experiment import loads
from spindsl.lower import lower
from spindsl.planning import plan
from spindsl.store import Store

LADDER = 'kind = "parallel-tempering"\nmove = "heat-bath"\norder = "random"\nexchange = 3'
MOVES = {
    "metropolis": 'kind = "metropolis"\norder = "random"',
    "lanes": 'kind = "metropolis"\norder = "checkerboard"',
    "swendsen-wang": 'kind = "swendsen-wang"',
    "ladder": LADDER,
}
FEW = "protocol.samples=25"


@pytest.fixture(params=MOVES)
def resting(still, request):
    """Matter at equilibrium under a local move, clusters, or a ladder of temperatures."""
    return re.sub(r'kind = "metropolis"\norder = "random"', MOVES[request.param], still)


def results(text: str, folder, name: str, changes=(), block=None):
    graph = lower(loads(text, changes=changes), folder)
    return Runner(graph, Store(folder / name), 2, block=block).run()


def equal(one, two):
    """The same variables with the same bits, of all stages that both have."""
    for stage, dataset in one.items():
        for name, variable in dataset.variables.items():
            assert np.asarray(variable.values).tobytes() == np.asarray(two[stage][name].values).tobytes(), (stage, name)


def test_any_block_and_any_growth(tmp_path, resting):
    """All at once; a chain a piece; 25 samples, then 60; and 25 where 60 are stored."""
    whole = results(resting, tmp_path, "whole")
    equal(whole, results(resting, tmp_path, "pieces", block=1))
    few = results(resting, tmp_path, "grown", (FEW,))
    equal(whole, results(resting, tmp_path, "grown"))
    less = results(resting, tmp_path, "whole", (FEW,))
    for stage in ("trajectory", "correlation", "analysis.thermo"):
        for name in set(few[stage].variables) - {"end"}:
            assert few[stage][name].values.tobytes() == less[stage][name].values.tobytes(), (stage, name)


def test_only_the_difference_is_computed(tmp_path, resting):
    """More samples: those alone. More chains: those alone."""
    few = lower(loads(resting, changes=(FEW,)), tmp_path)
    store = Store(tmp_path / "store")
    Runner(few, store, 2).run()
    more = lower(loads(resting, changes=("protocol.chains=7",)), tmp_path)
    row = next(r for r in plan(more, store) if r.node == "trajectory")
    lacking = {(p.labels, p.grown) for p in row.pieces if not p.stored}
    assert lacking == {((0, 1, 2, 3, 4), (26, 60)), ((5, 6), (1, 60))}


def test_other_chains_and_temperatures_change_none_that_exists(tmp_path, still):
    one = results(still, tmp_path, "one")["trajectory"]
    changes = ("protocol.chains=8", "protocol.betas=[0.1, 0.2, 0.4]")
    many = results(still, tmp_path, "many", changes)["trajectory"].sel(beta=[0.2, 0.4], chain=range(5))
    assert np.array_equal(one["spins"].values, many["spins"].values)
    assert np.array_equal(one["energy"].values, many["energy"].values)


def test_a_ladder_tells_its_exchanges(tmp_path, still):
    """Tried every 3 sweeps, in turn: 60 samples 2 sweeps apart have 40 exchanges, 20 of the one pair."""
    text = still.replace(MOVES["metropolis"], LADDER)
    found = results(text, tmp_path, "ladder")
    tried, made = (found["trajectory"][n].values.sum(axis=2) for n in ("tried", "exchanged"))
    assert tried.tolist() == [[20] * 5, [0] * 5]
    rate = found["correlation"]["exchange_rate"].values
    assert rate[0] == made[0].sum() / 100
    assert np.isnan(rate[1])
    assert "exchange_rate" not in results(still, tmp_path, "one")["correlation"]


TERMS = "system.terms=[{ offsets = [[0, 0], [0, 1], [1, 0]], J = 0.3 }]"
ODD = "system.graph.sides=[3, 4]"
RING = 'system.graph={ kind = "chain", sides = [6], periodic = true }'


@pytest.mark.parametrize(
    ("dynamics", "change", "place"),
    [
        ('kind = "wolff"', TERMS, "dynamics.kind"),
        ('kind = "swendsen-wang"', TERMS, "dynamics.kind"),
        ('kind = "heat-bath"\norder = "checkerboard"', ODD, "dynamics.order"),
        (LADDER.replace("random", "checkerboard"), ODD, "dynamics.order"),
        ('kind = "metropolis"\norder = "checkerboard"', RING, "dynamics.order"),
        (LADDER, 'protocol.every="auto"', "protocol.every"),
        ('kind = "wolff"', "protocol.every={ flips = 3 }", "protocol.every.flips"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_key(tmp_path, still, dynamics, change, place):
    text = re.sub(r"\[reference.*", "", still, flags=re.S).replace(MOVES["metropolis"], dynamics)
    with pytest.raises(SpecError) as raised:
        lower(loads(text, changes=(change,)), tmp_path)
    assert place in str(raised.value)
