"""The fields that may be on at a switch, as they follow from the order and the phases: those of many histories."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spindsl.driving import Course, Stretch

ORDERS = ("random", "random-with-repeats", "periodic", "shuffled-cycles")
fields = st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True).map(tuple)


@st.composite
def courses(draw):
    after = draw(st.lists(st.integers(1, 7), max_size=3, unique=True).map(sorted))
    phases = tuple(Stretch(a, draw(st.one_of(st.none(), st.just(()), fields))) for a in after)
    return Course(draw(st.sampled_from(ORDERS)), draw(fields), phases)


@settings(max_examples=60, deadline=None)
@given(courses())
def test_possible_fields_are_those_of_many_histories(course):
    """Of 3000 histories none misses a field of probability 1/6 or more: (5/6)^3000 is below 1e-237."""
    history = course.history(3, "drive", np.arange(3000, dtype=np.uint64), 8)
    assert course.possible(8) == [set(np.unique(column).tolist()) for column in history.T]


@pytest.mark.parametrize("order", ORDERS)
def test_one_field_after_a_phase(order):
    """After a phase of A a drive of A and B goes on with B, where nothing is applied twice in succession."""
    course = Course(order, (0, 1), (Stretch(2, (0,)), Stretch(4, None)))
    alone = order in ("random", "shuffled-cycles")
    assert course.possible(5)[2:] == [{0}, {0}, {1} if alone else {0} if order == "periodic" else {0, 1}]
