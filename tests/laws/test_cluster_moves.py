"""Cluster moves against transition matrices summed over all sets of ties, and against enumeration."""

import os
import subprocess
import sys
from itertools import product

import numpy as np
import pytest
import tiny

from spindsl.kernels.chains import advance, record
from spindsl.kernels.clusters import growing, swendsen_wang, wolff
from spindsl.kernels.energies import Colours, clusters, colours, coupled, paired

KEY = np.array([0xA4093822, 0x299F31D0], dtype=np.uint64)
MOVES = {"wolff": wolff, "swendsen-wang": swendsen_wang}
TINY = {
    "glass": tiny.glass, "no field": lambda: tiny.glass(field=0.0), "delta": tiny.coloured,
    "delta, four": lambda: tiny.coloured(4, beta=0.6), "clock of four": lambda: tiny.coloured(4, "cosine"),
    "clock of five": lambda: tiny.coloured(5, "cosine", sites=2), "two colours": lambda: tiny.coloured(2, "cosine"),
}  # fmt: skip


def matrix(case, name) -> np.ndarray:
    """P(s -> s') by summing over all sets of ties and all reflections, written from the law alone.

    Ghosts and sites are vertices; a pair is tied with 1 - exp(-beta max(0, d)), d what it rises by.
    """
    model, P = case.model, np.zeros((len(case.pi), len(case.pi)))
    sites, Q = model.sites, model.table.shape[1] if isinstance(model, Colours) else 0
    row = np.repeat(np.arange(sites), np.diff(model.at))
    pairs = [(k, i, int(j)) for k, (i, j) in enumerate(zip(row, model.other)) if i < j]
    for a, s in enumerate(case.states):
        for r in range(max(Q, 1)):
            mirror = (r - s) % Q if Q else -s
            if Q:
                d = [
                    model.table[model.kind[k], mirror[i], s[j]] - model.table[model.kind[k], s[i], s[j]]
                    for k, i, j in pairs
                ]
                d += [model.field[i, mirror[i]] - model.field[i, s[i]] for i in range(sites)]
            else:
                d = [-2 * model.c[k] * int(s[i]) * int(s[j]) for k, i, j in pairs] + [*(-2 * model.field * s)]
            ends = [(i, j) for _, i, j in pairs] + [(i, sites) for i in range(sites)]
            p = 1 - np.exp(-case.beta * np.maximum(0, d))
            live = [k for k in range(len(p)) if p[k] > 0]
            for ties in product((False, True), repeat=len(live)):
                weight = np.prod([p[k] if tied else 1 - p[k] for k, tied in zip(live, ties)])
                group = np.arange(sites + 1)
                for k, tied in zip(live, ties):
                    if tied:
                        x, y = group[list(ends[k])]
                        group[group == max(x, y)] = min(x, y)
                free = [g for g in np.unique(group) if g != group[sites]]
                if name == "swendsen-wang":
                    for up in product((False, True), repeat=len(free)):
                        moved = np.isin(group[:-1], [g for g, u in zip(free, up) if u])
                        P[a, case.number(np.where(moved, mirror, s))] += weight / (max(Q, 1) * 2 ** len(free))
                else:
                    for seed in range(sites):
                        if Q and mirror[seed] == s[seed]:
                            continue  # such a reflection is not drawn for this seed
                        moved = (group[:-1] == group[seed]) & (group[seed] != group[sites])
                        P[a, case.number(np.where(moved, mirror, s))] += weight / (sites * max(Q - 1, 1))
    return P


@pytest.mark.parametrize("case", TINY)
@pytest.mark.parametrize("name", MOVES)
def test_transition_matrix(case, name):
    """The law obeys detailed balance to rounding; 4,000 moves of the kernel from each state follow it, at 1e-6."""
    case = TINY[case]()
    P, pi, chains = matrix(case, name), case.pi, 4000
    np.testing.assert_allclose(P.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(pi[:, None] * P, (pi[:, None] * P).T, atol=1e-14)
    assert (np.linalg.matrix_power(P, 200) > 0).all(), "every state is reached"
    move, rows = MOVES[name](case.model), len(case.states)
    s = np.repeat(case.states, chains, axis=0)
    advance(case.model, move, case.beta, s, np.arange(len(s), dtype=np.uint64), KEY, np.uint64(7), 1)
    to = case.number(s).reshape(rows, chains)
    for a in range(rows):
        tiny.distributed(np.bincount(to[a], minlength=rows), P[a], tests=rows)


def measured(model, move, beta, s, burn, samples):
    """Spins and energies after every move."""
    name = np.arange(len(s), dtype=np.uint64)
    advance(model, move, beta, s, name, KEY, np.uint64(0), burn)
    spins, energy = np.empty((len(s), samples, s.shape[1]), np.int8), np.empty((len(s), samples))
    record(model, move, beta, s, name, KEY, np.uint64(burn), 1, spins, energy)
    return spins, energy


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize(
    ("beta", "exact"),
    [
        (0.25, (-0.6254861297, 0.4181792260, 0.2482162336)),
        (0.4406867935097715, (-1.5656237876, 0.8438604448, 0.7613589086)),
        (0.5407, (-1.8365093906, 0.9485774389, 0.9140388375)),
    ],
)
def test_the_torus_of_sixteen_is_that_of_enumeration(name, beta, exact):
    """u, |m|, m^2 over 64 chains within Student's t at 1e-6."""
    model = tiny.ferromagnet(4)
    s = np.random.default_rng(5).choice(np.array([-1, 1], np.int8), (64, 16))
    spins, energy = measured(model, MOVES[name](model), beta, s, 100, 2000)
    m = spins.mean(axis=2)
    tiny.agree(np.stack([energy / 16, np.abs(m), m**2], axis=-1).mean(axis=1), np.array(exact))


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize(("beta", "u"), [(0.5, -0.9382656168), (1.0050525387, -1.7100622755), (1.5, -1.9756210938)])
def test_three_colours_are_those_of_enumeration(name, beta, u):
    """u of 4 x 4, delta, over 64 chains within Student's t at 1e-6."""
    model = tiny.potts(4, 3)
    s = np.random.default_rng(6).integers(3, size=(64, 16)).astype(np.int8)
    _, energy = measured(model, MOVES[name](model), beta, s, 100, 2000)
    tiny.agree(energy.mean(axis=1)[:, None] / 16, np.array([u]))


@pytest.mark.parametrize("name", MOVES)
def test_a_glass_of_twelve_in_a_field(name):
    """E, m and E^2 of couplings of both signs with fields, over 64 chains, against all 4,096 states at 1e-6."""
    rng, sites = np.random.default_rng(11), 12
    i, j = np.triu_indices(sites, 1)
    keep = rng.random(len(i)) < 0.4
    i, j, c, h = i[keep], j[keep], rng.normal(size=keep.sum()), rng.normal(0, 0.4, sites)
    model = growing(coupled(sites, i, j, c, h))
    case = tiny.whole(model, tiny.spins(sites), lambda s: (c * s[i] * s[j]).sum() + h @ s, 0.6)
    s = rng.choice(np.array([-1, 1], np.int8), (64, sites))
    spins, energy = measured(model, MOVES[name](model), case.beta, s, 200, 4000)
    np.testing.assert_allclose(energy, case.E[case.number(spins)], atol=1e-11)
    kept = lambda E, s: np.stack([E, E**2, s.mean(axis=-1), s[..., 0] * s[..., 1]], axis=-1)
    exact = case.pi @ kept(case.E, case.states.astype(float))
    tiny.agree(kept(energy, spins.astype(float)).mean(axis=1), exact)


@pytest.mark.parametrize("name", MOVES)
def test_randoms_have_names(name):
    """The same bits however chains are gathered or cut in time."""
    for case in (tiny.glass(), tiny.coloured(4, "cosine")):
        s = np.repeat(case.states[5:6], 4, axis=0)
        spins, _ = measured(case.model, MOVES[name](case.model), case.beta, s, 60, 40)
        again = np.repeat(case.states[5:6], 2, axis=0)
        for first, count in ((0, 1), (1, 58), (59, 41)):
            advance(
                case.model,
                MOVES[name](case.model),
                case.beta,
                again,
                np.array([1, 3], np.uint64),
                KEY,
                np.uint64(first),
                count,
            )
        np.testing.assert_array_equal(again, spins[[1, 3], -1])
        assert len(np.unique(spins.reshape(4, -1), axis=0)) > 1  # cold and small: two may well flip the same


BITS = """
import numpy as np, tiny
from test_cluster_moves import MOVES, TINY, measured
for name, case in TINY.items():
    case = case()
    for move in MOVES.values():
        spins, energy = measured(case.model, move(case.model), case.beta, np.repeat(case.states[:1], 2, axis=0), 5, 60)
        print(name, spins.sum(), hash(spins.tobytes()), hash(energy.tobytes()))
"""


def test_plain_python_is_the_compiled_kernel_bit_for_bit():
    said = []
    for plain in ("0", "1"):
        env = os.environ | {"NUMBA_DISABLE_JIT": plain, "PYTHONHASHSEED": "0", "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", BITS], env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert said[0] == said[1] and said[0].count("\n") == 14


def test_energies_without_clusters_are_refused_by_name():
    with pytest.raises(ValueError, match=r"term 4 is a product of 3 spins, \(0, 1, 2\)"):
        growing(tiny.bodies().model)
    with pytest.raises(ValueError, match="a Tiles energy is a table of whole patterns"):
        growing(tiny.windows().model)
    lopsided = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 1.0], [2.0, 1.0, 0.0]])
    with pytest.raises(ValueError, match=r"alike under q -> \(0 - q\) mod 3; table 1 is not"):
        growing(colours(2, [0, 0], [1, 1], [0, 1], np.stack([-np.eye(3), lopsided])))


def test_a_satisfied_chain_is_tied_as_its_law_says():
    """Sizes of Wolff's clusters of two spins: both flip together with 1 - exp(-2 beta J), 40,000 draws at 1e-6."""
    model, beta = paired(clusters(2, [(0, 1)], [-0.7])), 0.9
    s = np.ones((40_000, 2), np.int8)
    advance(model, wolff(model), beta, s, np.arange(40_000, dtype=np.uint64), KEY, np.uint64(0), 1)
    p = 1 - np.exp(-2 * beta * 0.7)
    tiny.distributed(np.bincount((s < 0).sum(axis=1), minlength=3), np.array([0, 1 - p, p]))
