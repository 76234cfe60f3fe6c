"""Scores that need no memory in matter: what anyone could say of the drive from its fields alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .driving import Course
from .graph import Promise, Stage, Task

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Histories:
    """Histories of fields: so many trials of each course, looked at after some switches."""

    courses: Mapping[str, Course]
    fields: tuple[str, ...]
    trials: int
    switches: tuple[int, ...]


def nulls(courses: Mapping[str, Course], fields: tuple[str, ...], trials: int, switches: tuple[int, ...]) -> Stage:
    """The stage `nulls`: scores that need no memory in matter, for `trials` histories of each drive.

    `ceiling`, of the best guess from all fields so far, and `memoryless`, from the present field alone;
    expectations at equal priors. For 4-of-5 drives 1/(5 - D_t) on average, D_t distinct fields, and 1/4.
    """
    gives = {
        "ceiling": Promise(("time",), "1", "Bayes ceiling: best score from all fields so far"),
        "ceiling_se": Promise(("time",), "1", "standard error of the ceiling, over histories"),
        "memoryless": Promise(("time",), "1", "best score from the present field alone"),
    }
    return Stage(
        "nulls", expect, Histories(dict(courses), fields, trials, switches), gives,
        group="/protocol", coords={"switch": switches},
    )  # fmt: skip


def expect(task: Task[Histories]) -> xr.Dataset:
    """Null scores from the histories of fields of all trials, the very ones the simulation uses."""
    import xarray as xr

    from .kernels.orders import bayes_score

    params, courses, last = task.params, task.params.courses, max(task.params.switches)
    at = np.array(params.switches) - 1
    trials = np.arange(params.trials, dtype=np.uint64)
    count = len(params.fields)
    member = np.array([[c.own.index(f) if f in c.own else -1 for f in range(count)] for c in courses.values()])
    ceiling = []
    for name, course in courses.items():
        history = course.history(task.seed, name, trials, last)
        ceiling.append(bayes_score(weighed(course, history, member))[:, at])
    ceiling = np.concatenate(ceiling)
    return xr.Dataset({
        "ceiling": ("time", ceiling.mean(axis=0)),
        "ceiling_se": ("time", ceiling.std(axis=0) / np.sqrt(len(ceiling))),
        "memoryless": ("time", present(next(iter(courses.values())), member, last)[at]),
    })  # fmt: skip


def weighed(course: Course, history: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Evidence for each drive, (trial, drive, switch). A phase that is common to all drives adds nothing."""
    from .kernels.orders import ORDERS, evidence

    trials, last = history.shape
    told = np.zeros((trials, len(member), last))
    for start, stop, fields in course.stretches(last):
        told[:, :, start:stop] = told[:, :, start - 1 : start] if start else 0.0
        if fields is None:
            before = history[:, start - 1] if start else np.full(trials, -1)
            told[:, :, start:stop] += evidence(ORDERS.index(course.order), history[:, start:stop], member, before)
    return told


def present(course: Course, member: np.ndarray, last: int) -> np.ndarray:
    """Expected score of the best guess from the present field alone, sum_f max_d P(f | d) / drives, (switch).

    Fields of a phase that is common to all drives tell something at first, where none may be applied twice in
    succession: what comes next is seldom a field of the drive's own.
    """
    from .kernels.orders import ORDERS, marginal

    score = np.full(last, 1.0 / len(member))  # without a field
    before = np.zeros(member.shape)  # P(field applied last | drive)
    for start, stop, fields in course.stretches(last):
        likely = np.zeros((*member.shape, stop - start))  # P(field | drive)
        for d, row in enumerate(member):
            own = np.argsort(row)[np.count_nonzero(row < 0) :]
            if len(numbers := own if fields is None else np.array(fields, dtype=np.int64)):
                likely[d, numbers] = marginal(ORDERS.index(course.order), before[d, numbers], stop - start)
        before = likely[:, :, -1]
        if likely.any():
            score[start:stop] = likely.max(axis=0).sum(axis=0) / len(member)
    return score
