"""The order of fields against enumeration, and phases of a drive. Statistical tests: false alarm 1e-6, fixed seed."""

import math
from itertools import pairwise, permutations, product

import numpy as np
import pytest
from scipy import stats

from spindsl.driving import Course, Stretch
from spindsl.kernels.orders import ORDERS, bayes_score, evidence, marginal, schedule
from spindsl.nulls import present, weighed

FALSE_ALARM = 1e-6
KEY = np.array([5, 6], dtype=np.uint64)
TRIALS = np.arange(40_000, dtype=np.uint64)
OWN = [(0, 1, 2), (3, 1, 2), (2, 0), (3,)]  # drives as rows of numbers of four fields, of unequal sizes
MEMBER = np.array([[d.index(f) if f in d else -1 for f in range(4)] for d in OWN])


def drawn(order, fields, switches, before=None, key=KEY):
    before = np.full(len(TRIALS), -1) if before is None else before
    return schedule(ORDERS.index(order), fields, TRIALS, switches, key, before)


def likelihood(order, own, seen, before) -> float:
    """P(seen | drive of the fields own, before), by enumeration: what may come next, each alike."""
    if order == "periodic":
        return float(all(f == own[k % len(own)] for k, f in enumerate(seen)))
    if order == "shuffled-cycles":
        if not seen:
            return 1.0
        cycles = [c for c in permutations(own) if len(own) == 1 or c[0] != before]
        begun = [c for c in cycles if list(c[: len(seen)]) == list(seen[: len(own)])]
        rest = seen[len(own) :]
        return len(begun) / len(cycles) * (likelihood(order, own, rest, seen[len(own) - 1]) if rest else 1.0)
    p = 1.0
    for last, now in pairwise((before, *seen)):
        may = [f for f in own if order == "random-with-repeats" or len(own) == 1 or f != last]
        p *= (now in may) / len(may)
    return p


# One stretch


@pytest.mark.parametrize("fields", [2, 3, 4, 7])
def test_cycles_are_permutations_that_do_not_begin_with_the_last_field(fields):
    row = drawn("shuffled-cycles", fields, 5 * fields + 1)
    cycles = row[:, : 5 * fields].reshape(len(row), 5, fields)
    assert (np.sort(cycles, axis=2) == np.arange(fields)).all()
    assert not (row[:, 1:] == row[:, :-1]).any()


@pytest.mark.parametrize("fields", [2, 3, 4])
def test_permutations_are_uniform_among_those_allowed(fields):
    """The first cycle among all n!, the third, given the end of the second, among n! - (n - 1)!: chi-square."""
    row = drawn("shuffled-cycles", fields, 3 * fields)
    first = dict.fromkeys(permutations(range(fields)), 0)
    later = {(last, c): 0 for last in range(fields) for c in first if c[0] != last}
    for r in row.tolist():
        first[tuple(r[:fields])] += 1
        later[r[2 * fields - 1], tuple(r[2 * fields :])] += 1
    assert stats.chisquare(list(first.values())).pvalue > FALSE_ALARM
    assert stats.chisquare(list(later.values())).pvalue > FALSE_ALARM


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("before", [-1, 1])
def test_histories_are_drawn_as_enumerated(order, before):
    """Frequencies of the first five rows of three, after row 1 or none, in 40,000 trials: chi-square."""
    row = drawn(order, 3, 5, np.full(len(TRIALS), before))
    count = np.bincount(row @ 3 ** np.arange(5), minlength=3**5)
    p = np.zeros(3**5)
    for seen in product(range(3), repeat=5):
        p[np.array(seen) @ 3 ** np.arange(5)] = likelihood(order, (0, 1, 2), seen, before)
    assert p.sum() == pytest.approx(1.0)
    assert (count[p == 0] == 0).all()
    if (p > 0).sum() > 1:
        assert stats.chisquare(count[p > 0], p[p > 0] * len(row)).pvalue > FALSE_ALARM


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("before", [-1, 0, 1, 2, 3])
def test_evidence_is_that_of_enumeration(order, before):
    """log P(fields 1..t | drive) of all 1,024 histories of five of four fields, for drives of 3, 3, 2 and 1."""
    history = np.array(list(product(range(4), repeat=5)))
    found = np.exp(evidence(ORDERS.index(order), history, MEMBER, np.full(len(history), before)))
    for d, own in enumerate(OWN):
        for t in range(1, 6):
            wanted = [likelihood(order, own, tuple(h[:t].tolist()), before) for h in history]
            np.testing.assert_allclose(found[:, d, t - 1], wanted, rtol=1e-12, atol=0)


@pytest.mark.parametrize("order", ORDERS)
def test_one_field_is_applied_again_and_again(order):
    assert (drawn(order, 1, 5, np.zeros(len(TRIALS), dtype=int)) == 0).all()


def test_shuffled_cycles_are_known_after_one_cycle():
    """Five 4-of-5 drives: 1/(5 - t) at t = 1..4 exactly, since nothing comes twice; then certainty."""
    member = np.array([[k - (k > d) if k != d else -1 for k in range(5)] for d in range(5)])
    row = drawn("shuffled-cycles", 4, 9)
    score = bayes_score(evidence(ORDERS.index("shuffled-cycles"), row, member, np.full(len(row), -1)))
    np.testing.assert_allclose(score, np.tile([1 / 4, 1 / 3, 1 / 2, 1, 1, 1, 1, 1, 1], (len(row), 1)), rtol=1e-12)


# Phases

PHASES = (
    Stretch(5, ()),  # rest
    Stretch(8, (1, 3, 4)),  # a foreign drive
    Stretch(14, None),  # its own again
    Stretch(20, (2, 0)),
    Stretch(21, None),
)
FIVE = np.pad(MEMBER, ((0, 0), (0, 1)), constant_values=-1)  # with a fifth field, of no drive
PLACES = {(0, 5): None, (5, 8): (), (8, 14): (1, 3, 4), (14, 20): None, (20, 21): (2, 0), (21, 30): None}


def course(order, own=(0, 1, 2), phases=PHASES) -> Course:
    return Course(order, own, phases)


@pytest.mark.parametrize("order", ORDERS)
def test_phases_are_applied_at_their_switches(order):
    """Each phase after its switch and not before: no field (-1), the foreign drive's, its own again."""
    history = course(order).history(7, "X", TRIALS[:2000], 30)
    for (start, stop), fields in PLACES.items():
        seen, numbers = history[:, start:stop], np.array([-1] if fields == () else fields or (0, 1, 2))
        if order == "periodic":
            assert (seen == np.resize(numbers, stop - start)).all()
        else:
            assert set(np.unique(seen[:, 0])) == set(np.unique(seen)) == set(numbers)


@pytest.mark.parametrize("order", ["random", "shuffled-cycles"])
def test_no_field_is_repeated_across_phases(order):
    history = course(order).history(7, "X", TRIALS[:5000], 30)
    same = history[:, 1:] == history[:, :-1]
    assert not same[history[:, 1:] >= 0].any()


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("last", [1, 5, 6, 8, 14, 17, 21, 29])
def test_growing_changes_no_history(order, last):
    whole = course(order).history(7, "X", TRIALS[:300], 30)
    assert np.array_equal(course(order).history(7, "X", TRIALS[:300], last), whole[:, :last])


@pytest.mark.parametrize("order", ORDERS)
def test_a_phase_changes_nothing_before_it(order):
    plain = course(order, phases=()).history(7, "X", TRIALS[:300], 30)
    assert np.array_equal(course(order).history(7, "X", TRIALS[:300], 30)[:, :5], plain[:, :5])


def test_trials_drives_seeds_and_phases_have_histories_of_their_own():
    """Rows of different names agree as often as chance; no phase replays another: 5 standard errors."""
    own = range(20)
    phases = (Stretch(40, None), Stretch(80, None))
    one = Course("random", own, phases).history(7, "X", TRIALS[:500], 120)
    assert len({tuple(r) for r in one.tolist()}) == 500
    others = [
        Course("random", own, phases).history(7, "Y", TRIALS[:500], 120),
        Course("random", own, phases).history(8, "X", TRIALS[:500], 120),
        Course("random", own, phases).history(7, "X", TRIALS[500:1000], 120),
        np.roll(one, 40, axis=1),
    ]
    for other in others:
        agree = (one == other).mean()
        assert abs(agree - 1 / 20) < 5.2 * math.sqrt(0.05 * 0.95 / one.size)


def test_a_trial_has_the_same_history_alone():
    both = course("random").history(7, "X", TRIALS[:10], 30)
    assert np.array_equal(course("random").history(7, "X", TRIALS[3:4], 30), both[3:4])


@pytest.mark.parametrize("order", ORDERS)
def test_evidence_across_phases_is_the_product_of_enumerations(order):
    """Own stretches count, given the field before them; a phase that is common to all drives tells nothing."""
    for d, own in enumerate(OWN[:3]):
        c = course(order, own)
        history = c.history(7, str(d), TRIALS[:40], 30)
        told = weighed(c, history, FIVE)
        for t in (1, 5, 7, 8, 12, 14, 15, 18, 20, 21, 22, 24):
            for a, h in enumerate(history.tolist()):
                for e, other in enumerate(OWN):
                    p = 1.0
                    for (start, stop), fields in PLACES.items():
                        if fields is None and start < t:
                            p *= likelihood(order, other, tuple(h[start : min(stop, t)]), h[start - 1] if start else -1)
                    assert math.exp(told[a, e, t - 1]) == pytest.approx(p, rel=1e-10, abs=0)
            assert np.isfinite(told[:, d, t - 1]).all()


@pytest.mark.parametrize("order", ORDERS)
def test_the_ceiling_stays_in_a_foreign_phase(order):
    c = course(order)
    ceiling = bayes_score(weighed(c, c.history(7, "X", TRIALS[:500], 30), FIVE))
    for (start, stop), fields in PLACES.items():
        if fields is not None:
            assert (ceiling[:, start:stop] == ceiling[:, start - 1 : start]).all()


# The present field alone


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("before", [(0, 0, 0), (0.5, 0.25, 0.25), (0, 0.25, 0.25), (0, 1, 0)])
def test_marginals_are_those_of_enumeration(order, before):
    """P(row) of three rows at five switches, given how likely each was applied before."""
    wanted = np.zeros((3, 5))
    for seen in product(range(3), repeat=5):
        p = sum(w * likelihood(order, (0, 1, 2), seen, b) for b, w in enumerate(before))
        p += (1 - sum(before)) * likelihood(order, (0, 1, 2), seen, -1)
        wanted[seen, range(5)] += p
    np.testing.assert_allclose(marginal(ORDERS.index(order), np.array(before, float), 5), wanted, atol=1e-12)


SHORT = (Stretch(1, (1, 2)), Stretch(3, None), Stretch(5, ()))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("phases", [(), SHORT, (*SHORT, Stretch(6, None))])
def test_present_field_is_worth_what_enumeration_says(order, phases):
    """sum_f max_d P(f at t | d) / 4 over all histories of every drive, through phases."""
    last, c = 7, course(order, phases=phases)
    likely = np.zeros((4, 5, last))  # the fifth is no field
    for d, own in enumerate(OWN):
        known = {(): 1.0}
        for start, stop, fields in c.stretches(last):
            numbers, longer = own if fields is None else tuple(fields), {}
            for h, p in known.items():
                for more in product(numbers or (-1,), repeat=stop - start):
                    chance = likelihood(order, numbers, more, h[-1] if h else -1) if numbers else 1.0
                    if chance:
                        longer[h + more] = p * chance
            known = longer
        assert sum(known.values()) == pytest.approx(1.0)
        for h, p in known.items():
            likely[d, h, range(last)] += p
    np.testing.assert_allclose(present(c, MEMBER, last), likely.max(axis=0).sum(axis=0) / 4, rtol=1e-12)


@pytest.mark.parametrize("order", ["random", "random-with-repeats", "shuffled-cycles"])
def test_present_field_of_zhongs_drives(order):
    """1/4 for five 4-of-5 drives; in a foreign drive of all five chance, 1/5, but for the first switch: without
    repeats it is one of four fields that are the drive's own with (1/4) 3 / 4 each, or its missing field with 1/4."""
    member = np.array([[k - (k > d) if k != d else -1 for k in range(5)] for d in range(5)])
    found = present(Course(order, (), (Stretch(6, (0, 1, 2, 3, 4)),)), member, 8)
    np.testing.assert_allclose(found[:6], 1 / 4, rtol=1e-12)
    assert found[6] == pytest.approx(1 / 5 if order == "random-with-repeats" else 1 / 4)


def test_present_field_of_a_periodic_drive():
    """At the first switch the drives have fields 0, 3, 2, 3; at the second 1, 1, 0, 3: three told apart of four."""
    assert (present(course("periodic", phases=()), MEMBER, 2) == 3 / 4).all()
