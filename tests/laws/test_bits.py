"""Bits that features keep of a label, held against quadrature, closed forms and an independent implementation.

Statistical tests use fixed seeds and 5.1 standard errors: a false alarm of at most 3.4e-7 each, three at most a test.
"""

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.special import digamma, softmax

from spindsl.kernels import information as bits
from spindsl.kernels.densities import lda

SIGMAS = 5.1
MIXTURES = [[[0.0], [1.0], [2.0]], [[0.0, 0.0], [1.5, 0.0], [0.0, 1.5]]]
PRIORS = [[1 / 3, 1 / 3, 1 / 3], [0.5, 0.3, 0.2]]


def evidence(centres, z) -> np.ndarray:
    """ln N(z; centre, 1) of each class, up to a constant."""
    return -0.5 * ((z[:, None] - np.array(centres)) ** 2).sum(axis=2)


def truth(centres, prior) -> float:
    """I(Y; Z) in bits of a mixture of unit normals, by quadrature on a grid."""
    d = len(centres[0])
    axis = np.linspace(-8, 10, 10_001 if d == 1 else 721)
    z = np.stack(np.meshgrid(*[axis] * d, indexing="ij"), axis=-1).reshape(-1, d)
    p = np.exp(evidence(centres, z)) / (2 * np.pi) ** (d / 2)
    ratio = np.log2(p / (p @ prior)[:, None])
    return float(((p * ratio).sum(axis=0) @ prior) * (axis[1] - axis[0]) ** d)


def drawn(centres, prior, n, seed) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels."""
    rng = np.random.default_rng(seed)
    label = rng.choice(len(prior), n, p=prior)
    return np.array(centres)[label] + rng.normal(size=(n, len(centres[0]))), label


def own(log_q, label) -> np.ndarray:
    return log_q[np.arange(len(label)), label]


@pytest.mark.parametrize("prior", PRIORS, ids=["equal", "unequal"])
@pytest.mark.parametrize("centres", MIXTURES, ids=["1-D", "2-D"])
def test_the_bound_of_the_true_reader_is_the_truth(centres, prior):
    """20,000 trials; H(Y) of the frequencies and 1/n of caution cost less than 0.001 bit."""
    z, label = drawn(centres, prior, 20_000, 0)
    log_q = own(bits.log_posterior(evidence(centres, z), np.array(prior), 1.0, 10**6), label)
    value, error = bits.bound(log_q, label, np.arange(len(label)))
    assert error < 0.01
    assert abs(value - truth(centres, prior)) < SIGMAS * error + 0.001


@pytest.mark.parametrize("spoilt", [lambda e: 6 * e, lambda e: 0.3 * e, lambda e: e + np.eye(3)[0], lambda e: -e])
@pytest.mark.parametrize("centres", MIXTURES, ids=["1-D", "2-D"])
def test_no_reader_is_above_the_truth(centres, spoilt):
    """Overconfident, faint, partial and wrong ones; one-sided, false alarm 1.7e-7."""
    prior = np.array(PRIORS[1])
    z, label = drawn(centres, prior, 20_000, 1)
    known = truth(centres, prior)
    for sharp in (1.0, bits.sharpness([(spoilt(evidence(centres, z))[:5000], label[:5000])], prior)):
        log_q = own(bits.log_posterior(spoilt(evidence(centres, z)), prior, sharp, 5000), label)[5000:]
        value, error = bits.bound(log_q, label[5000:], np.arange(15_000))
        assert value < known + SIGMAS * error


def test_sharpness_undoes_what_evidence_was_multiplied_by():
    """b of 4 E is a quarter of that of E, and of true evidence it is 1: within 5.1 errors."""
    z, label = drawn(MIXTURES[1], PRIORS[1], 20_000, 2)
    e, prior = evidence(MIXTURES[1], z), np.array(PRIORS[1])
    plain = bits.sharpness([(e, label)], prior)
    weight = softmax(e + np.log(prior), axis=1)
    fisher = ((weight * e**2).sum(axis=1) - (weight * e).sum(axis=1) ** 2).sum()
    assert abs(plain - 1) < SIGMAS / np.sqrt(fisher)
    assert bits.sharpness([(4 * e, label)], prior) == pytest.approx(plain / 4, abs=1e-9)
    assert bits.sharpness([(e[:9000], label[:9000]), (e[9000:], label[9000:])], prior) == pytest.approx(plain, abs=1e-9)
    assert bits.sharpness([(-e, label)], prior) == 0.0
    found = [own(bits.log_posterior(e, prior, plain + h, 10**12), label).sum() for h in (-1e-3, 0.0, 1e-3)]
    assert abs(found[2] - found[0]) < 1e-3 * (2 * found[1] - found[0] - found[2])  # the top, to 1e-3 of the step


def test_a_posterior_is_normalised_and_never_surer_than_one_in_n():
    prior = np.array([0.5, 0.3, 0.2])
    e = np.array([[0.0, -1e6, np.nan], [-2.0, -1.0, np.nan]])
    q = np.exp(bits.log_posterior(e, prior, 1.0, 9))
    np.testing.assert_allclose(q.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(q[:, 2], 0.2, atol=1e-12)
    assert q[0, 1] == pytest.approx(0.3 / 10, abs=1e-12)
    assert q[0, 0] == pytest.approx((9 * 0.8 + 0.5) / 10, abs=1e-12)
    np.testing.assert_allclose(np.exp(bits.log_posterior(e, prior, 0.0, 9))[:, :2], [[0.5, 0.3]] * 2, atol=1e-12)


def test_well_separated_classes_keep_all():
    """log2 K: the bound but for 1/n, the neighbours but for the psi of a finite class, exactly."""
    label = np.arange(400) % 4
    z = 100.0 * label[:, None] + np.random.default_rng(3).normal(size=(400, 2))
    log_q = own(
        bits.log_posterior(evidence([[100.0 * k, 100.0 * k] for k in range(4)], z), np.ones(4) / 4, 1, 300), label
    )
    value, error = bits.bound(log_q, label, np.arange(400))
    assert value == pytest.approx(2 + np.log2((300 + 1 / 4) / 301), abs=1e-12)
    assert error == pytest.approx(0.0, abs=1e-12)
    exact = (digamma(400) - digamma(100)) / np.log(2)
    found = bits.neighbours(z, label, np.arange(400), 5, np.random.default_rng(0))
    assert found[0] + found[3] == pytest.approx(exact, abs=1e-12)
    assert abs(exact - 2) < 0.012


def ross(z, label, k) -> float:
    """Ross 2014, eq. 2, by trees, without ties."""
    n, total = len(z), 0.0
    tree = cKDTree(z)
    for y in np.unique(label):
        mine = z[label == y]
        reach = cKDTree(mine).query(mine, k + 1)[0][:, k]
        m = tree.query_ball_point(mine, reach * (1 + 1e-9), return_length=True) - 1
        total += (digamma(k) - digamma(len(mine)) - digamma(m)).sum()
    return (digamma(n) + total / n) / np.log(2)


@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize("centres", MIXTURES, ids=["1-D", "2-D"])
def test_neighbours_are_those_of_a_tree(centres, k):
    from sklearn.feature_selection._mutual_info import _compute_mi_cd

    z, label = drawn(centres, PRIORS[1], 500, 4)
    whole = np.zeros(1, np.int64), np.full(1, -1)
    found = bits.ross(z, label[None], np.zeros(500, np.int64), *whole, k)[0]
    assert found == pytest.approx(ross(z, label, k), abs=1e-12)
    if len(centres[0]) == 1:
        assert found * np.log(2) == pytest.approx(_compute_mi_cd(z[:, 0], label, k), abs=1e-12)
    value, *_, blind = bits.neighbours(z * [3.0, 0.2][: z.shape[1]], label, np.arange(500), k, np.random.default_rng(0))
    assert value + blind == pytest.approx(ross(z / z.std(axis=0), label, k), abs=1e-12)


def test_a_group_left_out_is_as_if_it_had_not_been_there():
    z, label = drawn(MIXTURES[1], PRIORS[1], 300, 5)
    group = np.random.default_rng(0).integers(4, size=300)
    found = bits.ross(z, label[None], group, np.zeros(4, np.int64), np.arange(4), 5)
    expected = [ross(z[group != g], label[group != g], 5) for g in range(4)]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_ties_are_counted_and_not_jittered():
    """Two values: k is all of a class at the point, m all there, each without the point itself."""
    z = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1.0])[:, None]
    label = np.array([0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1])
    there = [(3, 2, 4), (2, 1, 4), (2, 1, 6), (5, 4, 6)]  # points, others of the class, others
    total = sum(n * (digamma(k) - digamma(m)) for n, k, m in there)
    exact = (digamma(12) + (total - 5 * digamma(5) - 7 * digamma(7)) / 12) / np.log(2)
    found = bits.neighbours(z, label, np.arange(12), 1, np.random.default_rng(0))
    assert found[0] + found[3] == pytest.approx(exact, abs=1e-12)


def test_neighbours_as_far_as_the_last_are_counted():
    """On a line of equal steps both sides tie: k and m are all within the distance of the nearest of the class."""
    label = np.array([0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 0, 1])
    total = 0.0
    for i in range(12):
        far, alike = abs(np.arange(12) - i), (label == label[i]) & (np.arange(12) != i)
        within = far <= far[alike].min()
        total += digamma((within & alike).sum()) - digamma(within.sum() - 1)
    exact = (digamma(12) - digamma(6) + total / 12) / np.log(2)
    found = bits.neighbours(np.arange(12.0)[:, None], label, np.arange(12), 1, np.random.default_rng(0))
    assert found[0] + found[3] == pytest.approx(exact, abs=1e-12)


def test_independent_features_keep_nothing():
    """Means over 100 sets: the neighbours are 0, and so is their mean over shuffles; errors by their spread."""
    found = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        found.append(bits.neighbours(rng.normal(size=(150, 2)), np.arange(150) % 3, np.arange(150), 5, rng))
    value, low, high, blind = np.array(found).T
    for one in (value, blind):
        assert abs(one.mean()) < SIGMAS * one.std(ddof=1) / 10
    assert value.std() < 0.08
    assert blind.std() < value.std() / 2
    assert ((low < 0) & (high > 0)).mean() > 0.9


def test_the_interval_of_the_neighbours_covers():
    """300 sets of 150 in one dimension, coverage 0.970 over 3,000 others: below 0.9 by chance in 3.5e-9."""
    known, inside = truth(MIXTURES[0], PRIORS[0]), 0
    for seed in range(300):
        rng = np.random.default_rng([6, seed])
        label = np.arange(150) % 3
        z = np.array(MIXTURES[0])[label] + rng.normal(size=(150, 1))
        _, low, high, _ = bits.neighbours(z, label, np.arange(150), 5, rng)
        inside += low <= known <= high
    assert inside >= 0.9 * 300


def test_names_of_labels_and_order_of_trials_do_not_matter():
    z, label = drawn(MIXTURES[1], PRIORS[1], 300, 7)
    e, prior, other = evidence(MIXTURES[1], z), np.array(PRIORS[1]), np.array([2, 0, 1])
    back, order = np.argsort(other), np.random.default_rng(0).permutation(300)

    def both(z, e, label, prior):
        sharp = bits.sharpness([(e, label)], prior)
        log_q = own(bits.log_posterior(e, prior, sharp, 300), label)
        whole = np.zeros(300, np.int64), np.zeros(1, np.int64), np.full(1, -1)
        return *bits.bound(log_q, label, np.arange(300)), bits.ross(z, label[None], *whole, 5)[0]

    first = both(z, e, label, prior)
    np.testing.assert_allclose(both(z, e[:, back], other[label], prior[back]), first, atol=1e-9)
    np.testing.assert_allclose(both(z[order], e[order], label[order], prior), first, atol=1e-9)


def test_the_error_of_the_bound_is_that_of_clusters():
    """That of independent trials is sd / sqrt(n); trials that come twice are no more than once."""
    rng = np.random.default_rng(8)
    log_q, label = -rng.exponential(size=200), np.arange(200) % 4
    value, error = bits.bound(log_q, label, np.arange(200))
    assert value == pytest.approx(2 + log_q.mean() / np.log(2), abs=1e-12)
    assert error == pytest.approx(log_q.std(ddof=1) / np.log(2) / np.sqrt(200), abs=1e-12)
    twice = bits.bound(np.tile(log_q, 2), np.tile(label, 2), np.tile(np.arange(200), 2))
    np.testing.assert_allclose(twice, (value, error), atol=1e-12)


def test_what_the_present_field_tells():
    """Five drives of four fields, each once: log2 5/4, plus (5 + 5 - 20 - 1) / 2n nats."""
    drive, field = np.divmod(np.arange(25), 5)
    drive, field = np.append(drive[drive != field], 0), np.append(field[drive != field], -1)
    assert bits.mutual(drive, field) == pytest.approx(np.log2(5 / 4) - 11 / (40 * np.log(2)), abs=1e-12)
    rng = np.random.default_rng(9)
    found = np.array([bits.mutual(rng.integers(3, size=300), rng.integers(4, size=300)) for _ in range(2000)])
    assert abs(found.mean()) < SIGMAS * found.std() / np.sqrt(2000) + 1e-4  # the next order in 1/n
    assert bits.entropy(np.array([0, 0, 1, 2, -1])) == pytest.approx(1.5)


@pytest.mark.parametrize("shrinkage", [None, 0.3])
def test_lda_is_a_normal_of_one_covariance(shrinkage):
    from scipy.stats import multivariate_normal

    rng = np.random.default_rng(10)
    label = np.repeat(np.arange(3), [20, 30, 40])
    x = rng.normal(size=(90, 4)) @ rng.normal(size=(4, 4)) + label[:, None]
    mean = np.array([x[label == k].mean(axis=0) for k in range(3)])
    within = x - mean[label]
    C = within.T @ within / 87
    C = C + (shrinkage or 0) * (np.diag(np.diag(C)) - C) + 1e-9 * x.var(axis=0).max() * np.eye(4)
    asked = rng.normal(size=(7, 4))
    expected = np.stack([multivariate_normal(m, C).logpdf(asked) for m in mean], axis=1)
    found = lda(x, label, asked, 3, shrinkage)
    np.testing.assert_allclose(found - found[:, :1], expected - expected[:, :1], rtol=1e-6, atol=1e-6)


def test_lda_finds_the_shrinkage_itself():
    rng = np.random.default_rng(11)
    from sklearn.covariance import LedoitWolf

    label, x = np.arange(60) % 3, rng.normal(size=(60, 5)) * [1, 2, 3, 4, 5]
    within = x - np.array([x[label == k].mean(axis=0) for k in range(3)])[label]
    share = LedoitWolf(assume_centered=True).fit(within / within.std(axis=0)).shrinkage_
    assert 0.05 < share < 1
    np.testing.assert_allclose(lda(x, label, x, 3, "ledoit-wolf"), lda(x, label, x, 3, float(share)), atol=1e-9)


def test_lda_shares_ties_and_refuses_too_few():
    label = np.arange(8) % 2
    x = np.repeat(np.random.default_rng(0).normal(size=(4, 2)), 2, axis=0)
    found = lda(x, label, x, 2)
    np.testing.assert_array_equal(found[:, 0], found[:, 1])
    assert not lda(np.ones((8, 2)), label, np.ones((3, 2)), 2, "ledoit-wolf").any()
    with pytest.raises(ValueError, match="needs 11 training trials, found 8; give shrinkage"):
        lda(np.ones((8, 9)), label, np.ones((1, 9)), 2)
