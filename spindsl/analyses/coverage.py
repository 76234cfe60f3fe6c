"""How much of what a table of patterns is tested on it has never seen, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import levels, observations
from ..errors import MeaningError
from ..factors import Lattice, energy
from ..forms import Patterns
from ..graph import Promise, Stage, Task
from ..hamiltonian import energy_of
from ..observations import Learner, Seen
from ..sampling import Ensemble, Temperature
from ..spec import Analysis, Count, Name

if TYPE_CHECKING:
    import xarray as xr

    from ..report.questions import Part


@dataclass(frozen=True)
class Covered:
    """Where the patterns are, and the observations that they were learned from."""

    lattice: Lattice
    seen: Seen


class Coverage(Analysis):
    """Share of the windows whose pattern was never observed, level by level, and the error of the energy with and
    without such windows.

    Observations at one temperature hold the patterns that are likely there. Configurations of high energy are made of
    others, of which a network says what it happens to say: no observation holds it to anything. Configurations are
    those of `inversion`, equal numbers at every level of energy; the constant is the mean over those that hold no
    unseen window.
    """

    title: ClassVar = "Patterns never observed"
    watches: ClassVar = ("beta", "chain", "sample")
    cites: ClassVar = ("mills2019", "sprague2021")

    kind: Literal["coverage"]
    of: Name = Field(description="the bottleneck that learned energies of patterns: ednn, from observations")
    each: Count = Field(description="test configurations at each level")

    @classmethod
    def page(cls) -> Part:
        from ..report.questions.coverage import PART

        return PART

    def refers(self) -> str:
        return self.of

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        bottleneck, trajectory = sources[f"bottleneck.{self.of}"], sources["trajectory"]
        learner = bottleneck.params
        seen = learner.seen if isinstance(learner, Learner) and "trajectory" in bottleneck.needs else None
        if not isinstance(bottleneck.form, Patterns) or seen is None:
            message = f"{self.of!r} has no energies of patterns that were learned from observations"
            raise MeaningError(message, "of", code="E204", hint='an ednn with train = "pseudolikelihood"')
        test, lattice = levels.stage(sources, self.each, None), observations.lattice(sources["system"])
        unit = energy_of(sources["system"]).unit
        one, each = ("beta",), ("beta", "level")
        gives = {
            "unseen": Promise(each, "1", "share of the windows whose pattern was never observed"),
            "energy": Promise(each, unit, "true energy of the level"),
            "patterns_unseen": Promise(one, "1", "share of all patterns that were never observed"),
            "rmse_seen": Promise(one, unit, "root mean square error of configurations without an unseen window"),
            "rmse_unseen": Promise(
                one, unit, "of those with one or more, constant as of the others; NaN: there are none"
            ),
        }
        return test, Stage(
            f"analysis.{name}", look, Covered(lattice, seen), gives, (test.name, bottleneck.name, "trajectory"),
            group=f"/analysis/{name}", 
            coords={"beta": trajectory.coords["beta"]}, sizes={"level": test.size("level")}, seconds=10.0,
            **Ensemble.of(trajectory).how,
        )  # fmt: skip


def look(task: Task[Covered, Temperature], trajectory: xr.Dataset, **inputs: xr.Dataset) -> xr.Dataset:
    """One temperature."""
    import xarray as xr

    from ..kernels.ednn import seen

    (test,) = (d for n, d in inputs.items() if n.startswith("levels"))
    (model,) = (d for n, d in inputs.items() if n.startswith("bottleneck"))
    true, spins = test["energy"].values, test["spins"].values
    form, lattice, some = Patterns(), task.params.lattice, task.params.seen
    window = form.windows(model, lattice)
    known = np.zeros(1 << window.shape[1], dtype=bool)
    known[seen(window, observations.observed(trajectory, some.observations, some.test))] = True
    fresh = ~known[seen(window, spins.reshape(-1, spins.shape[-1]))].reshape(*true.shape, len(window))
    off = energy(form.factor_graph(model, lattice.sites, lattice), spins) - true
    return xr.Dataset(
        {
            "unseen": ("level", fresh.mean(axis=(1, 2))), "energy": ("level", true.mean(axis=1)),
            "patterns_unseen": ((), float((~known).mean())), **costs(off, np.asarray(fresh.any(axis=2))),
        }
    )  # fmt: skip


def costs(off: np.ndarray, fresh: np.ndarray) -> dict[str, tuple[tuple[()], float]]:
    """Errors of energies off (level, draw) by so much, without and with unseen windows, after the constant of those
    without."""
    off = off - (off[~fresh].mean() if not fresh.all() else np.nan)

    def rms(some: np.ndarray) -> float:
        return float(np.sqrt((off[some] ** 2).mean())) if some.any() else float("nan")

    return {"rmse_seen": ((), rms(~fresh)), "rmse_unseen": ((), rms(fresh))}
