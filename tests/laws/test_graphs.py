"""Exact facts of every graph, and of each kind of graph; statistics with their standard errors, false alarm 1e-6."""

import math
import tomllib
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from spindsl.spec import Topology, word, words

FALSE_ALARM = 1e-6
Z = stats.norm.isf(FALSE_ALARM / 2)
EXAMPLES = Path(__file__).parents[1] / "words/examples/topology"
EXAMPLE = {p.stem: tomllib.loads(p.read_text())["system"] for p in sorted(EXAMPLES.glob("*.toml"))}


def graph(kind: str, **said) -> Topology:
    return word(Topology, {"kind": kind, **said})


def edges(topology, spins, seed=0) -> tuple[np.ndarray, np.ndarray]:
    return topology.edges(spins, np.random.default_rng(seed))


def degrees(topology, spins, seed=0) -> np.ndarray:
    return np.bincount(np.concatenate(edges(topology, spins, seed)), minlength=spins)


def test_every_graph_has_an_example():
    assert {said["graph"]["kind"] for said in EXAMPLE.values()} == set(words(Topology))


@pytest.mark.parametrize("name", EXAMPLE)
def test_pairs_are_simple_and_ordered(name):
    """0 <= i < j < N, integers, no pair twice, the same from the same generator."""
    topology, spins = word(Topology, EXAMPLE[name]["graph"]), EXAMPLE[name]["spins"]
    for seed in range(50):
        i, j = edges(topology, spins, seed)
        assert i.dtype.kind == j.dtype.kind == "i"
        assert ((i >= 0) & (i < j) & (j < spins)).all()
        assert len(set(zip(i.tolist(), j.tolist()))) == len(i)
        again = edges(topology, spins, seed)
        assert np.array_equal(i, again[0]) and np.array_equal(j, again[1])


@pytest.mark.parametrize("name", EXAMPLE)
def test_degree_is_the_mean_number_of_neighbours(name):
    """Over 2,000 graphs, within Z standard errors; where the number of edges is fixed, exactly."""
    topology, spins = word(Topology, EXAMPLE[name]["graph"]), EXAMPLE[name]["spins"]
    mean = np.array([2 * len(edges(topology, spins, seed)[0]) / spins for seed in range(2000)])
    error = mean.std(ddof=1) / math.sqrt(len(mean))
    assert abs(mean.mean() - topology.degree(spins)) <= Z * error + 1e-12


def test_erdos_renyi_pairs_are_independent_and_alike():
    """Number of edges binomial over 4,000 graphs of 8 spins (variance included), every pair equally often."""
    topology, trials, p = graph("erdos-renyi", mean_degree=3.0), 4000, 3.0 / 7
    drawn = [edges(topology, 8, seed) for seed in range(trials)]
    size = np.bincount([len(i) for i, _ in drawn], minlength=29)
    wanted = stats.binom.pmf(np.arange(29), 28, p) * trials
    common = wanted > 10
    found = np.append(size[common], size[~common].sum())
    assert stats.chisquare(found, np.append(wanted[common], wanted[~common].sum())).pvalue > FALSE_ALARM
    count = np.zeros((8, 8))
    for i, j in drawn:
        count[i, j] += 1
    z = (count[np.triu_indices(8, 1)] - trials * p) / math.sqrt(trials * p * (1 - p))
    assert stats.chi2.sf(np.sum(z * z), 28) > FALSE_ALARM


def test_erdos_renyi_of_all_pairs_is_complete():
    assert len(edges(graph("erdos-renyi", mean_degree=9.0), 10)[0]) == 45


@pytest.mark.parametrize(("neighbours", "spins"), [(1, 10), (3, 64), (4, 101), (5, 6), (9, 20)])
def test_every_spin_of_a_random_regular_graph_has_its_neighbours(neighbours, spins):
    topology = graph("random-regular", neighbours=neighbours)
    for seed in range(20):
        assert (degrees(topology, spins, seed) == neighbours).all()


def test_random_regular_graphs_are_random():
    """Two neighbours each of five spins: the twelve pentagons, equally often."""
    topology = graph("random-regular", neighbours=2)
    drawn = [tuple(zip(*(x.tolist() for x in edges(topology, 5, seed)))) for seed in range(3000)]
    kinds = sorted({tuple(sorted(d)) for d in drawn})
    assert len(kinds) == 12
    count = [sum(tuple(sorted(d)) == k for d in drawn) for k in kinds]
    assert stats.chisquare(count).pvalue > FALSE_ALARM


@pytest.mark.parametrize(("attach", "spins"), [(1, 2), (1, 50), (2, 100), (3, 100)])
def test_a_scale_free_graph_has_attach_edges_for_each_new_spin(attach, spins):
    i, j = edges(graph("scale-free", attach=attach), spins)
    assert len(i) == attach * (spins - attach)
    assert (np.bincount(j, minlength=spins)[attach + 1 :] == attach).all()  # to earlier spins only


def test_degrees_of_a_scale_free_graph():
    """Exact limit P(k) = 2m(m+1) / (k(k+1)(k+2)), Bollobas et al. 2001, at m = 2, and hubs k_i ~ (N/i)^(1/2).

    100 graphs of 2,000 spins; the standard error is over graphs. Finite N shifts P(k) by about 1/N, held to 1 %.
    """
    m, N = 2, 2000
    k = np.array([degrees(graph("scale-free", attach=m), N, seed) for seed in range(100)])
    for degree in (2, 3, 4, 6, 10):
        share = (k == degree).mean(axis=1)
        wanted = 2 * m * (m + 1) / (degree * (degree + 1) * (degree + 2))
        assert abs(share.mean() - wanted) < Z * share.std() / 10 + 0.01 * wanted
    for age in (100, 400):  # mean over spins age..2 age of m (N/i)^(1/2)
        mean = k[:, age : 2 * age].mean(axis=1)
        wanted = m * np.sqrt(N / np.arange(age, 2 * age)).mean()
        assert abs(mean.mean() - wanted) < Z * mean.std() / 10 + 0.03 * wanted
    assert k.max(axis=1).min() > 8 * k.mean()


@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("sides", [(3, 3), (4, 5), (7, 3), (3, 4, 5), (5, 3, 3)])
def test_lattices_are_those_of_coordinates(sides, periodic):
    """Neighbours differ by one step along one axis, by coordinates in C order, round the ends if periodic."""
    topology = graph("square" if len(sides) == 2 else "cubic", sides=list(sides), periodic=periodic)
    site = {x: k for k, x in enumerate(product(*map(range, sides)))}
    wanted = set()
    for x, k in site.items():
        for axis, side in enumerate(sides):
            there = list(x)
            there[axis] += 1
            if periodic:
                there[axis] %= side
            if tuple(there) in site:
                wanted.add(tuple(sorted((k, site[tuple(there)]))))
    found = list(zip(*(x.tolist() for x in edges(topology, math.prod(sides)))))
    assert len(found) == len(wanted)
    assert set(found) == wanted
    k = degrees(topology, math.prod(sides))
    assert topology.degree(math.prod(sides)) == pytest.approx(k.mean(), rel=1e-14)
    assert (k == 2 * len(sides)).all() == periodic


@pytest.mark.parametrize("sides", [(2, 2), (2, 5), (2, 2, 2)])
def test_open_sides_of_two(sides):
    topology = graph("square" if len(sides) == 2 else "cubic", sides=list(sides), periodic=False)
    spins = math.prod(sides)
    bonds = sum((side - 1) * spins // side for side in sides)
    assert len(edges(topology, spins)[0]) == bonds == topology.degree(spins) * spins / 2


def test_complete_is_all_pairs():
    for spins in (2, 3, 17):
        found = list(zip(*(x.tolist() for x in edges(graph("complete"), spins))))
        assert sorted(found) == [(i, j) for i in range(spins) for j in range(i + 1, spins)]
        assert graph("complete").degree(spins) == spins - 1
