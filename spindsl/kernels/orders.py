"""The order in which the fields of a drive are applied, and what a history of fields tells of the drive."""

import numpy as np
from numba import njit

from .philox import uniforms

ORDERS = ("random", "random-with-repeats", "periodic")


@njit(cache=True, nogil=True)
def schedule(order, fields, trials, switches, key):
    """Rows 0..fields-1 applied at each switch, (trial, switch) int64.

    order 0: uniformly random among the fields other than the one just applied; 1: uniformly random;
    2: cyclic from the first. trials: the trial numbers, uint64; one draw a switch, keyed by both.
    """
    row = np.empty((len(trials), switches), dtype=np.int64)
    for a in range(len(trials)):
        now = -1
        for k in range(switches):
            u, _ = uniforms(np.uint64(0), np.uint64(k + 1), trials[a], key[0], key[1])
            if order == 2:
                now = k % fields
            elif order == 1 or now < 0 or fields == 1:
                now = int(u * fields)
            else:
                next_ = int(u * (fields - 1))
                now = next_ + 1 if next_ >= now else next_
            row[a, k] = now
    return row


def evidence(order: int, history: np.ndarray, member: np.ndarray) -> np.ndarray:
    """log P(fields 1..t | drive) for every trial, drive and t: (trial, drive, switch).

    history (trial, switch) numbers of fields; member (drive, field) the row of the field within the
    drive, -1 where it has none of it.
    """
    size = (member >= 0).sum(axis=1)  # (drive)
    row = member[:, history].swapaxes(0, 1)  # (trial, drive, switch)
    switches = np.arange(history.shape[1])
    if order == 2:
        step = np.where(row == switches % size[:, None], 0.0, -np.inf)
    else:
        choices = np.where((switches[None] == 0) | (order == 1), size[:, None], np.maximum(size[:, None] - 1, 1))
        step = np.where(row >= 0, -np.log(choices), -np.inf)
        if order == 0:
            repeated = np.zeros(history.shape, dtype=bool)
            repeated[:, 1:] = history[:, 1:] == history[:, :-1]
            step = np.where(repeated[:, None] & (size[:, None] > 1), -np.inf, step)
    return np.cumsum(step, axis=2)


def bayes_score(log_evidence: np.ndarray) -> np.ndarray:
    """Expected score of the best guess, max_d P(d | what was seen), at equal priors: (trial, switch).

    Zhong et al.'s five 4-of-5 drives without repeats give the mean E[1 / (5 - D_t)], D_t distinct fields.
    """
    top = log_evidence.max(axis=1, keepdims=True)
    return 1.0 / np.exp(log_evidence - top).sum(axis=1)
