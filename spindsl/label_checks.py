"""Whether the labels of trials suffice for a question: known before anything is computed.

A reader needs two classes or more to tell apart, and of each class trials to train on and one to score. The numbers
of trials of each drive follow from the text, or from the labels of a recording; the fields that may be on at a switch
follow from the order and the phases.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from . import estimators
from .driving import Driven
from .errors import MeaningError
from .estimators import Scored
from .graph import Stage

MOST = 1000  # trials of a drive that are counted: more are enough for any question
LATE = 100_000  # switches that are followed


@dataclass(frozen=True)
class Trials:
    """The drive of each trial, by number, and how the split has it; `file` names the recording, if it is one."""

    names: tuple[str, ...]
    label: np.ndarray  # (sample)
    held: np.ndarray  # (sample), whether it is held out
    rank: np.ndarray  # (sample), its place in the order of its drive
    file: str = ""

    def count(self, mask: np.ndarray) -> np.ndarray:
        """Trials of each drive among some, (drive)."""
        return np.bincount(self.label[mask], minlength=len(self.names))


def simulated(trajectory: Stage, test: float) -> Trials | None:
    """The trials of a protocol, in any order: as many of each drive. None where nothing is driven."""
    drives, trials = (trajectory.coords.get(k, ()) for k in ("drive", "trial"))
    if not drives or not trials:
        return None
    rank = np.arange(min(len(trials), MOST))
    held = rank < max(1, round(test * len(rank)))
    label = np.repeat(np.arange(len(drives)), len(rank))
    return Trials(tuple(map(str, drives)), label, np.tile(held, len(drives)), np.tile(rank, len(drives)))


def few(
    trials: Trials,
    score: Scored,
    least: int,
    inner: int = 0,
    alone: bool = False,
    control: bool = False,
) -> Iterator[MeaningError]:
    """The mistake of a question for the drive: one drive alone, or a drive with too few trials.

    `least` trials of each drive have to be trained on, even without one of `inner` folds, if there are any. With
    `alone` drives of no trial do not count, and one drive is enough; to a `control` it does not matter that no trial
    of a drive is left, which is never guessed then.
    """
    where = f"{trials.file}: " if trials.file else ""
    if trials.names[1:] == () and not alone:
        message = (
            f"{where}all {len(trials.label)} trials are of drive {trials.names[0]!r}; a guess is between two or more"
        )
        yield MeaningError(message, "of", code="E207", hint="a question for the drive needs two drives")
        return
    for train, scored in estimators.rounds(score, trials.held, trials.rank):
        left = trials.count(train)
        left = left - (-(-left // inner) if inner else 0)
        lacking = (left < least) | ((trials.count(scored) < 1) & (score == "held-out"))
        lacking = (left < least) & (left > 0) if control else lacking
        lacking = np.flatnonzero(lacking & (trials.count(np.ones_like(scored)) > 0) if alone else lacking)
        if len(lacking):
            d = lacking[0]
            count = int(np.count_nonzero(trials.label == d))
            message = f"{where}drive {trials.names[d]!r} has {count} {'trial' if count == 1 else 'trials'}, "
            message += f"{left[d]} left to train on, {least} or more are needed"
            hint = "record more trials of it, or leave it out" if trials.file else "more trials"
            yield MeaningError(message, "of", code="E305" if trials.file else "E203", hint=hint)
            return


def drives(trials: Trials, wanted: Sequence[str] | None, key: str) -> Iterator[MeaningError]:
    """Mistakes where a key names drives of which there is no trial."""
    for k, name in enumerate(wanted or ()):
        if name not in trials.names:
            where = f"{trials.file}: " if trials.file else ""
            have = f"there are {', '.join(trials.names)}"
            message, hint = f"{where}no trial of drive {name!r}; {have}", f"one of {', '.join(trials.names)}"
            yield MeaningError(message, key, k, code="E305" if trials.file else "E202", hint=hint)


def shuffled(trials: Trials, order: np.ndarray) -> Trials:
    """The trials of the control, whose labels are in another order."""
    return Trials(trials.names, trials.label[order], trials.held, trials.rank, trials.file)


def single(
    trajectory: Stage, switches: Sequence[int], lags: Sequence[int] = (0,), given: bool = True
) -> Iterator[MeaningError]:
    """The mistake of a question for the field that was on `lags` switches before, where it was the same in all trials.

    `switches` are `given` by the key of that name, or else all that are recorded.
    """
    courses = [part.course for part in trajectory.parts.values() if isinstance(part, Driven)]
    last = max(switches, default=0)
    if not courses or not last or last > LATE:
        return
    may = [course.possible(last) for course in courses]
    for k, switch in enumerate(switches):
        for lag in lags:
            fields = set().union(*(m[switch - lag - 1] for m in may)) - {-1} if switch > lag else set()
            if len(fields) == 1:
                name = trajectory.coords["field"][next(iter(fields))]
                ago = f", {lag} switch{'es' * (lag > 1)} before switch {switch}," if lag else f" at switch {switch}"
                message = f"the field{ago} is {name!r} in all trials; a guess is between two or more"
                hint = "leave such switches out: `switches` names those that are looked at"
                yield MeaningError(message, *(("switches", k) if given else ("kind",)), code="E207", hint=hint)
                return
