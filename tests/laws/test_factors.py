"""One energy: what every word says with its own sign is one graph; its properties are what enumeration says."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from spindsl import factors, properties
from spindsl.factors import Lattice
from spindsl.forms import FORMS
from spindsl.hamiltonian import Matter
from spindsl.spec import System, word

RNG = np.random.default_rng(11)
STATES = np.array(list(product((-1, 1), repeat=9)), dtype=np.int8)


def system(table: dict) -> Matter:
    found = word(System, table)
    assert isinstance(found, Matter)
    return found


def grid(*sides: int, periodic: bool = True) -> dict:
    return {"kind": {1: "chain", 2: "square", 3: "cubic"}[len(sides)], "sides": list(sides), "periodic": periodic}


def some_terms(sites: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Products of one to four spins of random strengths, some of them twice."""
    found = []
    for order in (1, 2, 3, 4):
        at = np.array([RNG.choice(sites, order, replace=False) for _ in range(7)])
        found.append((at, RNG.normal(size=7)))
    return [*found, (found[1][0][:2, ::-1], np.array([0.5, -0.5]))]


def test_energy_is_the_sum_of_the_terms_whatever_their_order():
    terms = some_terms(9)
    graph = factors.spins(9, terms)
    direct = sum(c * STATES[:, t].prod(axis=1) for at, strength in terms for t, c in zip(at, strength))
    np.testing.assert_allclose(factors.energy(graph, STATES), direct, atol=1e-12)
    again = factors.spins(9, [(at[::-1, ::-1], c[::-1]) for at, c in reversed(terms[:-1])] + terms[-1:])
    assert factors.energy(again, STATES).tobytes() == factors.energy(graph, STATES).tobytes()


def test_a_term_may_not_meet_a_site_twice():
    with pytest.raises(ValueError, match="holds a site twice"):
        factors.spins(4, [(np.array([[1, 1]]), np.ones(1))])


def test_the_graph_goes_through_a_dataset():
    graph = factors.spins(9, some_terms(9), RNG.normal(size=9), lattice=Lattice((3, 3), True))
    again = factors.read(factors.written(graph))
    assert factors.energy(again, STATES).tobytes() == factors.energy(graph, STATES).tobytes()
    assert again.lattice == graph.lattice


SIGNS = {
    "ising": ({"graph": grid(9), "J": 1.5, "field": 0.25}, -1.5, -0.25),
    "edwards-anderson": (
        {"graph": grid(9), "field": 0.25, "couplings": {"kind": "uniform", "low": 1.5, "high": 1.5}}, -1.5, -0.25,
    ),
    "spin-glass": ({"spins": 9, "graph": grid(9), "couplings": {"kind": "uniform", "low": 1.5, "high": 1.5}}, 1.5, 0.0),
}  # fmt: skip


@pytest.mark.parametrize("kind", SIGNS)
def test_a_word_has_the_sign_that_its_docstring_says(kind: str):
    keys, c, h = SIGNS[kind]
    graph = system({"kind": kind, **keys}).factor_graph(3, {})
    direct = c * (STATES * np.roll(STATES, 1, axis=1)).sum(axis=1) + h * STATES.sum(axis=1)
    np.testing.assert_allclose(factors.energy(graph, STATES), direct, atol=1e-12)


def test_potts_prefers_like_colours_where_J_is_positive():
    keys = {"kind": "potts", "graph": grid(2, 3, periodic=False), "colours": 3, "interaction": "delta", "J": 2.0,
            "fields": [0.5, 0.0, -1.0]}  # fmt: skip
    graph = system(keys).factor_graph(3, {})
    q = np.array(list(product(range(3), repeat=6)), dtype=np.int8)
    bonds = [(0, 1), (1, 2), (3, 4), (4, 5), (0, 3), (1, 4), (2, 5)]
    direct = -2.0 * sum((q[:, i] == q[:, j]).astype(float) for i, j in bonds)
    direct -= np.array([0.5, 0.0, -1.0])[q].sum(axis=1)
    np.testing.assert_allclose(factors.energy(graph, q), direct, atol=1e-12)


GAUSSIAN = {"kind": "normal", "mean": 0.0, "std": 1.0}
SIGNED = {"kind": "plus-minus", "strength": 1, "positive": 0.5}
TRIPLE = {"offsets": [[0, 0], [0, 1], [1, 0]], "J": 1}
MATTER = {
    "magnet": {"kind": "ising", "graph": grid(4, 4), "J": 1.0},
    "antiferromagnet": {"kind": "ising", "graph": grid(4, 4), "J": -1.0},
    "odd antiferromagnet": {"kind": "ising", "graph": grid(3, 3), "J": -1.0},
    "open in a field": {"kind": "ising", "graph": grid(3, 4, periodic=False), "J": 0.7, "field": 0.3},
    "ring": {"kind": "ising", "graph": grid(7), "J": 2.0},
    "cube": {"kind": "ising", "graph": grid(3, 4, 3), "J": 1.0},
    "diagonal": {"kind": "ising", "graph": grid(4, 4), "J": 1.0, "terms": [{"offsets": [[0, 0], [1, 1]], "J": 0.5}]},
    "triple": {"kind": "ising", "graph": grid(4, 4), "J": 1.0, "terms": [TRIPLE]},
    "plaquette": {
        "kind": "ising", "graph": grid(4, 4), "J": 1.0,
        "terms": [{"offsets": [[0, 0], [0, 1], [1, 0], [1, 1]], "J": 0.5}],
    },
    "random graph": {"kind": "ising", "spins": 12, "graph": {"kind": "erdos-renyi", "mean_degree": 3}, "J": 1.0},
    "glass": {"kind": "edwards-anderson", "graph": grid(4, 4), "couplings": GAUSSIAN},
    "signs": {
        "kind": "edwards-anderson", "graph": grid(4, 4), "couplings": SIGNED,
    },
    "driven glass": {
        "kind": "spin-glass", "spins": 12, "graph": {"kind": "random-regular", "neighbours": 3},
        "couplings": GAUSSIAN,
    },
    "potts": {"kind": "potts", "graph": grid(3, 4), "colours": 3, "interaction": "cosine", "J": 1.0},
    "clock": {"kind": "potts", "graph": grid(3, 4), "colours": 5, "interaction": "cosine", "J": 1.0},
    "potts in a field": {
        "kind": "potts", "graph": grid(3, 4), "colours": 3, "interaction": "delta", "J": 1.0, "fields": [0.1, 0.0, 0.0],
    },
}  # fmt: skip


@pytest.mark.parametrize("name", MATTER)
def test_what_a_word_declares_is_what_its_graph_says(name: str):
    found = system(MATTER[name])
    graph = found.factor_graph(5, {})
    for question, declared in found.declared().items():
        asked = question(graph)
        assert (asked.value, asked.known) == (declared.value, declared.known), question.__name__
    drawn = found.outline(5, {})
    assert (drawn.sites, drawn.states, drawn.domain, drawn.lattice) == (
        graph.sites, graph.states, graph.domain, graph.lattice,
    )  # fmt: skip


def all_states(graph: factors.FactorGraph) -> np.ndarray:
    """Many states: all of small systems, else random ones."""
    low = -1 if graph.domain == "spin" else 0
    if graph.sites <= 9 and graph.domain == "spin":
        return STATES[:, : graph.sites]
    s = RNG.integers(graph.states, size=(2000, graph.sites)).astype(np.int8)
    return 2 * s - 1 if low else s


@pytest.mark.parametrize("name", MATTER)
def test_symmetries_are_those_of_the_energies_of_states(name: str):
    graph = system(MATTER[name]).factor_graph(5, {})
    s = all_states(graph)
    E = factors.energy(graph, s)

    def same(other: np.ndarray) -> bool:
        return bool(np.abs(factors.energy(graph, np.ascontiguousarray(other)) - E).max() < 1e-9)

    if graph.domain == "spin":
        assert properties.odd(graph).value == (not same(-s))
    if graph.lattice is None:
        return
    lattice = graph.lattice
    shaped = s.reshape(-1, *lattice.sides)
    axes = range(1, shaped.ndim)
    moved = all(same(np.roll(shaped, 1, axis).reshape(s.shape)) for axis in axes)
    assert properties.translations(graph).value == moved
    assert properties.reflections(graph).value == all(same(np.flip(shaped, a).reshape(s.shape)) for a in axes)


@pytest.mark.parametrize(
    "name", ["antiferromagnet", "odd antiferromagnet", "ring", "glass", "signs", "open in a field"]
)
def test_frustration_is_what_the_best_state_cannot_satisfy(name: str):
    found = system(MATTER[name] | {"graph": grid(3, 3) if "ring" not in name else grid(7)})
    graph = found.factor_graph(8, {})
    at, c = properties.spin_pairs(graph)
    s = np.array(list(product((-1, 1), repeat=graph.sites)), dtype=np.int8)
    least = (c * s[:, at[:, 0]] * s[:, at[:, 1]]).sum(axis=1).min()
    assert properties.unfrustrated(graph).value == bool(abs(least + np.abs(c).sum()) < 1e-9)


def test_a_checkerboard_is_what_no_factor_meets_twice():
    for name, fits in (("magnet", True), ("odd antiferromagnet", False), ("diagonal", False), ("plaquette", False)):
        graph = system(MATTER[name]).factor_graph(5, {})
        assert properties.checkerboard(graph).value == fits, name
    assert not properties.checkerboard(system(MATTER["random graph"]).factor_graph(5, {})).yes


def test_units_and_orders():
    ask = {name: system(MATTER[name]).factor_graph(5, {}) for name in MATTER}
    assert properties.unit(ask["magnet"]).value == 1.0
    assert properties.unit(ask["diagonal"]).value == 0.5
    assert properties.unit(ask["ring"]).value == 2.0
    assert properties.unit(ask["glass"]).value is None
    assert [properties.order(ask[n]).value for n in ("magnet", "triple", "plaquette", "potts")] == [2, 3, 4, 2]
    assert properties.pairwise(ask["triple"]).no and "product of 3 spins" in properties.pairwise(ask["triple"]).why


def test_one_energy_has_the_same_bits_whatever_word_wrote_it(tmp_path: Path):
    import xarray as xr

    keys = {"kind": "edwards-anderson", "graph": grid(4, 4), "couplings": GAUSSIAN}
    first = system(keys)
    i, j, J = first.bonds(5, {})
    matrix = np.zeros((16, 16))
    matrix[i, j] = matrix[j, i] = J
    xr.Dataset({"J": (("spin", "other"), matrix), "minus": (("spin", "other"), -matrix)}).to_netcdf(tmp_path / "J.nc")
    path = {"couplings.path": tmp_path / "J.nc"}
    second = system({"kind": "edwards-anderson", "spins": 16,
                     "couplings": {"kind": "file", "path": "J.nc", "variable": "J"}})  # fmt: skip
    third = system({"kind": "spin-glass", "spins": 16,
                    "couplings": {"kind": "file", "path": "J.nc", "variable": "minus"}})  # fmt: skip
    s = RNG.choice(np.array([-1, 1], dtype=np.int8), (50, 16))
    E = factors.energy(first.factor_graph(5, {}), s)
    for other in (second, third):
        assert factors.energy(other.factor_graph(7, path), s).tobytes() == E.tobytes()


@pytest.mark.parametrize("field", [0.0, 0.4])
def test_free_spins_are_a_magnet_of_no_coupling(field: float):
    graph = system({"kind": "ising", "graph": grid(4, 4), "J": 0.0, "field": field}).factor_graph(5, {})
    found = properties.uniform(graph).value
    assert found is not None and (found.c, found.field) == (0.0, -field)


@pytest.mark.parametrize(
    ("focus", "context", "dimensions"), [(2, 0, 1), (2, 0, 2), (2, 0, 3), (2, 1, 1), (2, 1, 2), (3, 0, 2), (1, 0, None)]
)
def test_a_table_of_patterns_says_of_how_many_dimensions_it_is(focus, context, dimensions):
    """The length of its windows along one axis, and how many spins they have, leave one answer; one spin leaves all."""
    bits = (focus + 2 * context) ** (dimensions or 2)
    table = xr.DataArray(np.zeros(2**bits), dims="pattern", attrs={"focus": focus, "context": context, "stride": 1})
    assert FORMS["patterns"].dimensions(xr.Dataset({"pattern_energy": table})) == dimensions


def test_colours_without_a_pair_have_their_fields_alone():
    """What is learned of few observations may be no pair at all."""
    graph = factors.colours(3, np.zeros((0, 2)), np.zeros(0), np.zeros((0, 4, 4)), np.arange(12.0).reshape(3, 4))
    assert graph.tables.energy.shape == (0, 16)
    assert graph.colours == 4
    assert factors.pair_tables(graph).shape == (0, 4, 4)
