"""Can the drive be told from the configuration it left behind?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from ..errors import MeaningError
from ..graph import Stage
from ..readout import PlainReadout, drive, drive_scores


class Classification(PlainReadout):
    """Maximum-likelihood guess of the drive; the score is the fraction of trials guessed right.

    argmax_d p(feature | d) with the density fitted to the trials of drive d, equal priors.
    Zhong et al. 2020, "classification", Fig. 3.
    """

    cites: ClassVar = ("zhong2020", "pedregosa2011", "wilson1927", "korn1998", "phipson2010")

    kind: Literal["classification"]

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        if len(sources["trajectory"].coords.get("drive", ("", ""))) < 2:
            raise MeaningError("one drive alone cannot be told from others", "of", hint="two drives or more")
        guess = self.guesses(name, sources, drive)
        return guess, self.conclusion(name, guess, sources, drive_scores, "drive")
