"""Can the drive be told from the configuration it left behind?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from ..ensemble import drives
from ..errors import MeaningError
from ..graph import Stage, Task
from ..readout import Asked, Readout, ask, conclude

if TYPE_CHECKING:
    import xarray as xr


class Classification(Readout):
    """Maximum-likelihood guess of the drive; the score is the fraction of trials guessed right.

    argmax_d p(feature | d) with the density fitted to the trials of drive d, equal priors.
    Zhong et al. 2020, "classification", Fig. 3.
    """

    cites: ClassVar = ("zhong2020", "pedregosa2011", "wilson1927")

    kind: Literal["classification"]

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        if len(sources["trajectory"].coords.get("drive", ("", ""))) < 2:
            raise MeaningError("one drive alone cannot be told from others", "of")
        guess = self.guesses(name, sources, guessed)
        return guess, self.conclusion(name, guess, sources, concluded, "drive")


def guessed(task: Task, **inputs: xr.Dataset) -> xr.Dataset:
    """The drive guessed for every scored trial."""
    label, names = drives(inputs["trajectory"])
    asked = Asked(np.repeat(label[None, :, None], len(task.labels), axis=2), names)
    return ask(task, asked, inputs).squeeze("question")


def concluded(task: Task, **inputs: xr.Dataset) -> xr.Dataset:
    """Scores of the drives."""
    return conclude(task, drives(inputs[task.said["guess"]])[1], inputs)
