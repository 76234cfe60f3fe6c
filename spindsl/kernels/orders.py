"""The order in which the fields of a drive are applied, and what a history of fields tells of the drive."""

import numpy as np
from numba import njit

from .philox import uniforms

ORDERS = ("random", "random-with-repeats", "periodic", "shuffled-cycles")


@njit(cache=True, nogil=True)
def schedule(
    order: int, fields: int, trials: np.ndarray, switches: int, key: np.ndarray, before: np.ndarray
) -> np.ndarray:
    """Rows 0..fields-1 applied at each switch, (trial, switch) int64.

    order 0: uniformly random among the fields other than the one just applied; 1: uniformly random;
    2: cyclic from the first; 3: every cycle a random permutation that does not begin with the field just
    applied. trials: the trial numbers, uint64; one draw a switch, keyed by both. before (trial): the row
    applied before the first switch, -1 for none of these.
    """
    row = np.empty((len(trials), switches), dtype=np.int64)
    left = np.empty(fields, dtype=np.int64)
    for a in range(len(trials)):
        now = before[a]
        for k in range(switches):
            u, _ = uniforms(np.uint64(0), np.uint64(k + 1), trials[a], key[0], key[1])
            if order == 2:
                now = k % fields
            elif order == 3:
                place = k % fields
                if place == 0:
                    for f in range(fields):
                        left[f] = f
                    if now >= 0 and fields > 1:  # the field just applied goes last, out of reach
                        left[now], left[fields - 1] = left[fields - 1], left[now]
                        pick = int(u * (fields - 1))
                    else:
                        pick = int(u * fields)
                else:
                    pick = place + int(u * (fields - place))
                left[place], left[pick] = left[pick], left[place]
                now = left[place]
            elif order == 1 or now < 0 or fields == 1:
                now = int(u * fields)
            else:
                next_ = int(u * (fields - 1))
                now = next_ + 1 if next_ >= now else next_
            row[a, k] = now
    return row


def evidence(order: int, history: np.ndarray, member: np.ndarray, before: np.ndarray) -> np.ndarray:
    """log P(fields 1..t | drive) for every trial, drive and t: (trial, drive, switch).

    history (trial, switch) numbers of fields, before (trial) the number applied before them, -1 for none;
    member (drive, field) the row of the field within the drive, -1 where it has none of it.
    """
    size = (member >= 0).sum(axis=1)[:, None]  # (drive, 1)
    row = member[:, history].swapaxes(0, 1)  # (trial, drive, switch)
    last = np.concatenate([before[:, None], history[:, :-1]], axis=1)  # (trial, switch)
    k = np.arange(history.shape[1])
    if order == 2:
        return np.cumsum(np.where(row == k % size, 0.0, -np.inf), axis=2)
    repeated = np.zeros(row.shape, dtype=bool)
    choices = np.broadcast_to(size, row.shape)
    if order != 1:
        barred = (last >= 0)[:, None] & (member[:, last].swapaxes(0, 1) >= 0) & (size > 1)
        choices = choices - barred
        repeated = barred & (last == history)[:, None]
    if order == 3:
        place = k % size  # (drive, switch)
        choices = np.where(place == 0, choices, size - place)
        for back in range(1, int(size.max())):
            same = np.zeros(history.shape, dtype=bool)
            same[:, back:] = history[:, back:] == history[:, :-back]
            repeated |= same[:, None] & (place >= back)
    step = np.where((row >= 0) & ~repeated, -np.log(choices), -np.inf)
    return np.cumsum(step, axis=2)


def marginal(order: int, before: np.ndarray, switches: int) -> np.ndarray:
    """P(row applied at each switch), (row, switch), from P(row applied before the first), (row).

    `before` sums to less than 1 where none of these may have been applied.
    """
    n, p = len(before), np.empty((len(before), switches))
    for k in range(switches):
        if order == 2:
            p[:, k] = np.arange(n) == k % n
        elif order == 1 or n == 1:
            p[:, k] = 1 / n
        elif order == 0 or k % n == 0:
            before = p[:, k - 1] if k else before
            p[:, k] = (1 - before.sum()) / n + (before.sum() - before) / (n - 1)
        else:  # later in a cycle: the row applied before it comes once, at any of n - 1 places
            others = (before.sum() - before) * (n - 2) / (n - 1)
            p[:, k] = (1 - before.sum()) / n + (before + others) / (n - 1)
    return p


def bayes_score(log_evidence: np.ndarray) -> np.ndarray:
    """Expected score of the best guess, max_d P(d | what was seen), at equal priors: (trial, switch).

    Zhong et al.'s five 4-of-5 drives without repeats give the mean E[1 / (5 - D_t)], D_t distinct fields.
    """
    top = log_evidence.max(axis=1, keepdims=True)
    return 1.0 / np.exp(log_evidence - top).sum(axis=1)
