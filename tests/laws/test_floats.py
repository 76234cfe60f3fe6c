"""exp and log: within 2 units in the last place, and the same bits compiled, vectorised and plain."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from numba import njit

from spindsl.kernels.floats import LARGEST, exp, log


@njit
def exp_all(x):
    out = np.empty_like(x)
    for k in range(len(x)):
        out[k] = exp(x[k])
    return out


@njit
def log_all(x):
    out = np.empty_like(x)
    for k in range(len(x)):
        out[k] = log(x[k])
    return out


def arguments(law):
    rng = np.random.default_rng(1)
    if law == "exp":
        edges = [0.0, LARGEST, -LARGEST, 0.5 * math.log(2), -0.5 * math.log(2), 1e-300, -1e-17]
        return np.concatenate([rng.uniform(-LARGEST, LARGEST, 1000), rng.normal(0, 2, 1000), edges])
    edges = [1.0, math.sqrt(2), math.sqrt(0.5), 2.0**-53, 1 - 2.0**-53, 1 + 2.0**-52, 2.0**-1022, 1.7e308]
    wide, near = np.exp(rng.uniform(-LARGEST, LARGEST, 1000)), 1 + rng.normal(0, 1e-3, 500)
    return np.concatenate([wide, near, rng.random(1000), edges])


@pytest.mark.parametrize("law, all_of", [("exp", exp_all), ("log", log_all)])
def test_within_two_units_in_the_last_place(law, all_of):
    x = arguments(law)
    with localcontext() as context:
        context.prec = 40
        for argument, found in zip(x.tolist(), all_of(x).tolist()):
            exact = Decimal(argument).exp() if law == "exp" else Decimal(argument).ln()
            assert abs(Decimal(found) - exact) <= 2 * Decimal(math.ulp(float(exact))), argument


@pytest.mark.parametrize("law, plain, all_of", [("exp", exp.py_func, exp_all), ("log", log.py_func, log_all)])
def test_compiled_equals_plain_bit_for_bit(law, plain, all_of):
    x = arguments(law)
    assert all_of(x).tobytes() == np.array([plain(v) for v in x]).tobytes()


def test_exact_values():
    assert exp(0.0) == 1.0
    assert log(1.0) == 0.0
    assert all(log(2.0**k) == k * math.log(2) for k in (-64, -1, 1, 2, 64))


def test_exp_is_clipped_where_it_would_leave_the_normal_doubles():
    assert exp(1e9) == exp(LARGEST) < math.inf
    assert exp(-1e9) == exp(-LARGEST) >= 2.0**-1022
