"""Laws of exact solutions: each agrees with every other where they overlap, to 1e-12 a spin, and with known numbers.

Nothing here is random but couplings, drawn once from a fixed seed.
"""

import math

import numpy as np
import pytest
from states import spectrum

from spindsl.graphs.square import Square
from spindsl.kernels import energies
from spindsl.kernels.exact import chain, enumeration, kaufman, onsager, transfer
from spindsl.kernels.exact.jets import exp, inverse, linear, log, sqrt
from spindsl.kernels.exact.strip import strip

K_C = math.log1p(math.sqrt(2)) / 2
CATALAN = 0.915965594177219015
TIGHT = 1e-12  # a spin

# L, K, ln Z, F/N, U/N, S/N: Kaufman's torus
TORUS = [
    (4, 0.125, 11.34595276, -5.67297638, -0.26160482, 0.67642144),
    (4, K_C, 15.52191546, -2.20138141, -1.56562379, 0.28016999),
    (8, 0.125, 45.37462259, -5.67182782, -0.25664955, 0.67689728),
    (8, 0.25, 48.58462461, -3.03653904, -0.55849114, 0.61951198),
    (8, 0.4407, 60.14304154, -2.13236901, -1.49166700, 0.28235738),
    (8, K_C, 60.14178079, -2.13238821, -1.49158911, 0.28239170),
    (16, 0.25, 194.33126020, -3.03642594, -0.55727283, 0.61978828),
    (16, 0.4407, 238.64716942, -2.11530634, -1.45316676, 0.29180491),
    (16, K_C, 238.64225664, -2.11532619, -1.45306485, 0.29184982),
    (24, 0.4407, 536.15555897, -2.11215254, -1.44024928, 0.29610777),
    (24, K_C, 536.14460352, -2.11217267, -1.44013350, 0.29615879),
    (32, K_C, 952.64807955, -2.11106937, -1.43365847, 0.29852604),
    (64, K_C, 3808.67228342, -2.11000567, -1.42393839, 0.30234079),
]
# L, K, C/N: the second derivative of Kaufman's ln Z taken with 60 digits
HEAT = [
    (4, K_C, 0.78326682592891), (8, K_C, 1.1455592398944), (8, 0.4407, 1.1454929790227), (16, K_C, 1.4987049594000),
    (16, 0.4407, 1.4985605799667), (24, K_C, 1.7027336877233), (32, K_C, 1.8467675900396), (64, K_C, 2.1922113931406),
]  # fmt: skip
# K, u, <|m|>, <m^2>, U4 of all 65,536 states of the 4 × 4 torus
FOUR = [
    (K_C, -1.5656237876, 0.8438604448, 0.7613589086, 0.6171993184),
    (0.3407, -1.0573124874, 0.6199303109, 0.4732174711, 0.4943478612),
    (0.5407, -1.8365093905, 0.9485774388, 0.9140388375, 0.6540495973),
    (0.25, -0.6254861297, 0.4181792260, 0.2482162336, 0.3029822827),
    (0.125, -0.2616048231, 0.2676951048, 0.1115844611, 0.1127031858),
]
# sides, beta, ln Z, u of the three-state Potts torus, E = -sum delta
POTTS = [
    (3, 0.5, 13.5171439425, None), (3, math.log1p(math.sqrt(3)), 19.6889397318, None), (3, 1.5, 28.1510657235, None),
    (4, 0.5, 23.9013453106, -0.9382656168), (4, math.log1p(math.sqrt(3)), 34.1726081378, -1.7100622755),
    (4, 1.5, 49.1890324581, -1.9756210938),
]  # fmt: skip


def edges(sides, periodic=True):
    return Square(kind="square", sides=sides, periodic=periodic).edges(math.prod(sides), None)


def ising(sides, J=1.0, h=0.0, periodic=True):
    i, j = edges(sides, periodic)
    return energies.coupled(math.prod(sides), i, j, -J * np.ones(len(i)), -h * np.ones(math.prod(sides)))


def glass(sides, keep=lambda i, j: i >= 0, seed=0):
    """Gaussian couplings and fields on those edges of the torus that are kept."""
    rng, (i, j) = np.random.default_rng(seed), edges(sides)
    some = keep(i, j)
    i, j, spins = i[some], j[some], math.prod(sides)
    return energies.coupled(spins, i, j, rng.normal(size=len(i)), rng.normal(size=spins))


def potts(sides, phi, fields=None, periodic=True):
    (i, j), spins = edges(sides, periodic), math.prod(sides)
    return energies.colours(spins, i, j, np.zeros(len(i), dtype=int), -phi[None], fields)


def enumerated(model, beta):
    found = enumeration.moments(model, np.array([beta]))
    return found.log_z[0], found.energy[0], found.variance[0]


def agree(one, other, spins, digits=TIGHT):
    np.testing.assert_allclose(np.array(one) / spins, np.array(other) / spins, rtol=digits, atol=digits)


@pytest.mark.parametrize(("L", "K", "log_z", "F", "U", "S"), TORUS)
def test_torus_has_the_known_ln_Z_energy_and_entropy(L, K, log_z, F, U, S):
    z, e, _ = kaufman.torus(L, L, 1.0, K)
    spins = L * L
    assert abs(z - log_z) < 6e-9
    assert np.abs(np.array([-z / (K * spins) - F, e / spins - U, (z + K * e) / spins - S])).max() < 6e-9


@pytest.mark.parametrize(("L", "K", "C"), HEAT)
def test_torus_has_the_known_heat_capacity(L, K, C):
    assert abs(K**2 * kaufman.torus(L, L, 1.0, K)[2] / L**2 / C - 1) < 3e-13


@pytest.mark.parametrize("J", [1.0, (0.7, 1.3), -0.8])
@pytest.mark.parametrize("beta", [1e-6, 0.125, K_C, 0.7, 5.0])
@pytest.mark.parametrize("sides", [(4, 4), (4, 6)])
def test_torus_is_its_transfer_matrix(J, beta, sides):
    ours, other = np.broadcast_to(J, 2)
    i, j = edges(sides)
    within = (j - i == 1) | (j - i == sides[1] - 1)  # neighbours of one row
    model = energies.coupled(math.prod(sides), i, j, -np.where(within, other, ours))
    agree(kaufman.torus(*sides, J, beta), transfer.log_z(strip(model, sides), beta), math.prod(sides))


@pytest.mark.parametrize("beta", [0.125, K_C, 2.0])
def test_torus_with_odd_sides(beta):
    agree(kaufman.torus(3, 5, 1.0, beta), enumerated(ising((3, 5)), beta), 15)


@pytest.mark.parametrize("J", [(1.0, 0.0), (0.0, 1.0)])
def test_torus_without_one_coupling_is_rings(J):
    sides, length = (4, 6), 4 if J[0] else 6
    one = np.array(chain.ring(length, 1.0, 0.0, 0.6)[:3])
    agree(kaufman.torus(*sides, J, 0.6), 24 // length * one, 24)
    agree(kaufman.torus(*sides, tuple(x or 1e-9 for x in J), 0.6), 24 // length * one, 24, 1e-8)


@pytest.mark.parametrize("beta", [1e-7, 1e-3, 0.3, 0.6, 30.0, 1e3])
def test_a_large_torus_is_the_infinite_lattice(beta):
    """Far from the transition at L = 512: ln Z up to the two ordered states, and ln 2 of them."""
    spins = 512**2
    z, e, v = kaufman.torus(512, 512, 1.0, beta)
    twice = math.log(2) if beta > K_C else 0.0
    agree((z - twice, e, v), spins * np.array(onsager.square(1.0, beta)), spins)


def test_hot_and_cold_torus():
    spins, bonds = 15, 30
    assert kaufman.torus(3, 5, 1.0, 0.0) == pytest.approx((spins * math.log(2), 0.0, bonds), abs=1e-14)
    agree(kaufman.torus(2, 5, 1.0, 0.0), kaufman.torus(2, 5, 1.0, 1e-13), 10)  # bonds around the side of 2 twice
    z, e, v = kaufman.torus(16, 16, 1.0, 500.0)
    assert (z, e, v) == (pytest.approx(512 * 500.0 + math.log(2), rel=1e-15), -512.0, 0.0)
    with pytest.raises(ValueError, match="odd side"):
        kaufman.torus(3, 4, -1.0, 0.5)


def test_infinite_lattice():
    z, u, _ = onsager.square(1.0, K_C)
    assert abs(z - (math.log(2) / 2 + 2 * CATALAN / math.pi)) < 1e-14
    assert abs(u + math.sqrt(2)) < 1e-13  # both infinite slopes of u cancel here
    for K, log_z in [(0.125, 0.7089784482), (0.25, 0.7591064785), (0.3407, 0.8220026469), (0.5407, 1.0988456800)]:
        assert abs(onsager.square(1.0, K)[0] - log_z) < 6e-11
    assert abs(onsager.magnetization(1.0, 0.5407) - 0.9484916935) < 6e-11
    assert onsager.magnetization(1.0, 0.44) == 0.0
    assert onsager.square(1.0, 0.0) == (math.log(2), 0.0, 2.0)


@pytest.mark.parametrize(("K", "u", "abs_m", "m2", "U4"), FOUR)
def test_all_states_of_4_by_4(K, u, abs_m, m2, U4):
    found = enumeration.moments(ising((4, 4)), np.array([K]))
    mine = np.array([found.energy[0] / 16, found.abs_m[0], found.m2[0], found.binder[0]])
    assert np.abs(mine - [u, abs_m, m2, U4]).max() < 1.1e-10
    assert abs(found.m[0]) < TIGHT
    agree(enumerated(ising((4, 4)), K), kaufman.torus(4, 4, 1.0, K), 16)


@pytest.mark.parametrize("model", [glass((3, 4)), potts((3, 3), np.eye(3)), ising((2, 5), 1.0, 0.3, False)])
def test_moments_are_those_of_the_written_sum(model):
    beta = 0.9
    e, m = spectrum(model)
    w = np.array([math.exp(-beta * x) for x in e])
    p = w / math.fsum(w)
    found = enumeration.moments(model, np.array([0.1, beta]))
    u = math.fsum(p * e)
    mine = found.log_z[1], found.energy[1], found.variance[1], found.m[1], found.abs_m[1], found.m2[1], found.m4[1]
    written = math.log(math.fsum(w)), u, math.fsum(p * (e - u) ** 2), p @ m, p @ abs(m), p @ m**2, p @ m**4
    agree(mine, written, 1)


def test_a_cluster_of_three_spins_is_enumerated():
    model = energies.clusters(3, [(0, 1, 2), (0,)], [-0.7, 0.2])
    z = 2 * (math.exp(0.7) + math.exp(-0.7)) * (math.exp(0.2) + math.exp(-0.2))
    assert abs(enumerated(model, 1.0)[0] - math.log(z)) < 1e-14
    with pytest.raises(ValueError, match="3 spins"):
        strip(model, (1, 3))


def test_too_many_states_are_refused():
    with pytest.raises(ValueError, match="more than"):
        enumeration.moments(ising((5, 5)), np.ones(1))


KEPT = {
    "torus": lambda i, j: i >= 0,
    "open": lambda i, j: (j - i == 1) | (j - i == 5),
    "tube": lambda i, j: j - i != 15,  # the four rows of five do not close
    "ribbon": lambda i, j: j - i != 4,  # the rows of five are open
}


@pytest.mark.parametrize("bonds", list(KEPT))
@pytest.mark.parametrize("beta", [0.3, 1.0, 12.0])
def test_glass_by_transfer_matrix_is_enumerated(bonds, beta):
    model = glass((4, 5), KEPT[bonds])
    s = strip(model, (4, 5))
    assert s.closed == (bonds == "torus")
    agree(transfer.log_z(s, beta), enumerated(model, beta), 20)


@pytest.mark.parametrize(("L", "beta", "log_z", "u"), POTTS)
def test_potts_torus(L, beta, log_z, u):
    model = potts((L, L), np.eye(3))
    z, e, v = transfer.log_z(strip(model, (L, L)), beta)
    assert abs(z - log_z) < 6e-11
    assert u is None or abs(e / L**2 - u) < 6e-11
    cosine = np.cos(2 * np.pi * np.subtract.outer(np.arange(3), np.arange(3)) / 3)
    other = transfer.log_z(strip(potts((L, L), cosine), (L, L)), 2 / 3 * beta)
    agree(other, (z - beta * L * L * 2 / 3, 1.5 * e + L * L, 1.5**2 * v), L * L)  # cos = (3 delta - 1) / 2
    if L == 3:
        agree((z, e, v), enumerated(model, beta), 9)


def test_colours_with_fields_and_directed_bonds():
    """Tables that are not symmetric, fields, an open and a closed strip."""
    rng = np.random.default_rng(3)
    for sides, periodic in [((3, 3), True), ((2, 4), False)]:
        model = potts(sides, rng.normal(size=(3, 3)), rng.normal(size=(math.prod(sides), 3)), periodic)
        agree(transfer.log_z(strip(model, sides), 0.8), enumerated(model, 0.8), math.prod(sides))


def test_strip_refuses_what_is_no_neighbour():
    with pytest.raises(ValueError, match="no neighbours"):
        strip(energies.coupled(9, np.array([0]), np.array([4]), np.ones(1)), (3, 3))


@pytest.mark.parametrize("beta", [0.2, 2.0, 12.0])
@pytest.mark.parametrize(("J", "h"), [(0.7, 0.0), (0.7, 0.4), (-0.7, 0.0), (-0.7, 0.4), (0.0, 0.4)])
@pytest.mark.parametrize("N", [5, 6, 13])
def test_ring_in_a_field(N, J, h, beta):
    i = np.arange(N)
    model = energies.coupled(N, i, (i + 1) % N, -J * np.ones(N), -h * np.ones(N))
    found = enumeration.moments(model, np.array([beta]))
    pull = N * found.m[0], N * N * (found.m2[0] - found.m[0] ** 2)
    agree(chain.ring(N, J, h, beta), (*enumerated(model, beta), *pull), N)


def test_a_long_ring_is_its_eigenvalues():
    """(ln Z, E, var E) = N (ln 2 cosh K, -J tanh K, J^2 / cosh^2 K), and chi = beta e^2K."""
    N, J, beta = 10**6, 0.7, 0.9
    K = J * beta
    z, e, v, m, pull = chain.ring(N, J, 0.0, beta)
    agree((z, e, v), N * np.array([math.log(2 * math.cosh(K)), -J * math.tanh(K), (J / math.cosh(K)) ** 2]), N, 1e-11)
    assert (abs(m), abs(pull / N - math.exp(2 * K))) < (1e-9, 1e-9)


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("beta", [0.3, 5.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_chain_of_any_couplings(closed, beta, sign):
    """The product of all couplings has either sign: a ring is frustrated where it is negative."""
    J = np.random.default_rng(0).normal(size=8 if closed else 7)
    J[0] *= sign * np.prod(np.sign(J))
    i = np.arange(len(J))
    model = energies.coupled(8, i, (i + 1) % 8, -J)
    agree(chain.bonds(J, closed, beta), enumerated(model, beta), 8)
    agree(transfer.log_z(strip(model, (8, 1)), beta), enumerated(model, beta), 8)


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("Q", [2, 3, 5])
def test_chain_of_colours(closed, sign, Q):
    e = -sign * np.cos(2 * np.pi * np.arange(Q) / Q)
    i = np.arange(7 if closed else 6)
    table = e[np.subtract.outer(np.arange(Q), np.arange(Q)) % Q]
    model = energies.colours(7, i, (i + 1) % 7, np.zeros(len(i), dtype=int), table[None])
    for beta in (0.4, 6.0):
        agree(chain.colours(7, e, closed, beta), enumerated(model, beta), 7)


def test_jets_follow_the_chain_rule():
    """ln(1 + x e^-x) at x = 2 and (x / (2 - x^2))^(1/2) at x = 0.9, x = 3 b, by hand; numpy numbers on either side."""
    x = linear(3.0, 2 / 3)
    f = log(np.float64(1.0) + x * exp(-x))
    g, dg, ddg = 1 + 2 * math.exp(-2), -3 * math.exp(-2), 0.0
    assert tuple(f) == pytest.approx((math.log(g), dg / g, ddg / g - (dg / g) ** 2), rel=1e-15)
    x = linear(3.0, 0.3)
    y = sqrt(x * inverse(np.int64(2) - x * x))
    v, r = 0.9, 2 - 0.9**2
    rate, bend = (1 / v + 2 * v / r) / 2, (-1 / v**2 + (2 * r + 4 * v**2) / r**2) / 2  # (ln y)', (ln y)''
    assert tuple(y) == pytest.approx(math.sqrt(v / r) * np.array([1, 3 * rate, 9 * (rate**2 + bend)]), rel=1e-14)
