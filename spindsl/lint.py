"""Experiment -> doubts: what is allowed and still likely to be a mistake of physics."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .errors import Finding
from .experiment import Experiment
from .lower import lowered
from .points import surveyed


def doubts(experiment: Experiment, data: Path) -> list[Finding]:
    """Warnings of all the words at all points of a sweep, each once, of an experiment that is right."""
    return list(dict.fromkeys(doubted(experiment, data)))


def doubted(experiment: Experiment, data: Path) -> Iterator[Finding]:
    """Warnings, point by point."""
    for point in surveyed(experiment)[0]:
        stages, _ = lowered(point, data)
        system = point.experiment.system
        if "trajectory" in stages and not system.simulated and system.recorded(stages["trajectory"]) is None:
            hint = "files of more than 100 MB are read when they are needed"
            yield Finding("W302", "the recording is large and was not checked", ("system", "reader"), hint=hint)
        for path, word in point.experiment.words().items():
            for doubt in word.doubts(stages):
                yield from doubt.findings(*path.split(".", 1))
