"""The one split keeps the trials of a specimen together, and every drive on both sides."""

import numpy as np
import pytest
import xarray as xr

from spindsl.ensemble import ORDERS, Held, assign
from spindsl.errors import DataError
from spindsl.estimators import Folds, seen
from spindsl.graph import Task

FOLD = [6, 9, 5, 8, 11, 2, 0, 7, 10, 1, 3, 4, 4, 5, 7, 0, 1, 6, 3, 2, 8]
HELD = [6, 9, 15, 16]


def split(drive, group, test: float = 0.2, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    data = {"spins": (("trial", "time", "spin"), np.ones((len(drive), 1, 2), np.int8))}
    labels = {"drive": ("trial", list(map(str, drive)))} | ({} if group is None else {"group": ("trial", group)})
    found = assign(Task(seed, Held(test)), xr.Dataset(data, labels))
    return found["split"].values, found["fold"].values


def sides(values: np.ndarray, group: np.ndarray) -> dict:
    return {g: set(values[group == g].tolist()) for g in np.unique(group).tolist()}


def test_a_specimen_is_never_on_both_sides():
    """20 specimens of unequal size, each with trials of all three drives or of one."""
    rng = np.random.default_rng(0)
    for one in (True, False):
        group = np.repeat(np.arange(20), rng.integers(3, 12, 20))
        drive = group % 3 if one else rng.integers(0, 3, len(group))
        held, fold = split(drive, group)
        assert all(len(s) == 1 for s in sides(held, group).values())
        assert all(len(s) == 1 for s in sides(fold, group).values())
        shares = [held[drive == d].mean() for d in range(3)]
        assert all(0.1 < s < 0.3 for s in shares), shares  # as near to 0.2 as whole specimens allow


def test_equal_specimens_of_one_drive_are_stratified_exactly():
    """10 specimens a drive, 4 trials each: 2 specimens of each drive, and ranks 0 to 9 in each."""
    group = np.repeat(np.arange(30), 4)
    drive = group // 10
    held, fold = split(drive, group)
    assert [held[drive == d].sum() for d in range(3)] == [8, 8, 8]
    assert all(sorted(set(fold[drive == d].tolist())) == list(range(10)) for d in range(3))


def test_every_drive_of_the_same_two_specimens():
    """One specimen is trained on, the other tested, whatever `test` asks for."""
    held, _ = split([1, 1, 2, 2], ["a", "b", "a", "b"])
    assert sorted(held.tolist()) == [0, 0, 1, 1]
    assert held[0] == held[2]


def test_another_seed_is_another_split_and_the_same_the_same():
    group = np.repeat(np.arange(30), 4)
    first, again, other = (split(group // 10, group, seed=s)[0] for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert ORDERS > 1


def test_without_groups_the_split_is_as_ever():
    """Bits of a split of 12 and 9 trials, written down before there were groups."""
    held, fold = split([1] * 12 + [2] * 9, None)
    assert fold.tolist() == FOLD
    assert [k for k, h in enumerate(held) if h] == HELD


@pytest.mark.parametrize(
    ("drive", "group", "words"),
    [
        ([1, 1, 2, 2], ["a"] * 4, "all trials are of the group 'a'; a split needs 2 or more"),
        ([1, 1, 2, 2], ["a", "a", "b", "c"], "drive '1' are of the group 'a', so it cannot be both trained and tested"),
        ([1, 2, 2, 3, 3, 1], ["a", "a", "b", "b", "c", "c"], "no choice of whole groups"),
    ],
)
def test_groups_that_make_a_split_impossible(drive, group, words):
    """Of the triangle a-1-c-3-b-2-a any one group misses a drive, any two hold one whole."""
    with pytest.raises(DataError, match=words):
        split(drive, group)


def test_a_fold_that_holds_a_whole_drive():
    label, fold = np.array([0, 0, 1, 1]), np.array([0, 2, 1, 2])
    seen(Folds(folds=3), label, fold, ["A", "B"])
    seen("held-out", label, fold, ["A", "B"])
    with pytest.raises(DataError, match="fold 1 holds every trial of drive 'A'"):
        seen(Folds(folds=2), label, fold, ["A", "B"])
