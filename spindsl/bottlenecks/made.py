"""A masked autoregressive network of configurations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import sequences
from ..autoregressive import Unwrapped, opposed
from ..errors import DataError, MeaningError
from ..graph import Stage, Task
from ..seeds import integer
from ..spec import Count

if TYPE_CHECKING:
    import xarray as xr


class Made(Unwrapped):
    """q(s) = prod_t q(s_t | s_<t) by one network whose layers are masked, so that site t sees sites before it only.

    `depth` layers of weights with `width` channels a site, and a linear skip from what was read to the logits.
    Germain et al., arXiv:1502.03509, as laid out by Wu, Wang and Zhang, arXiv:1809.10606. Trained by free energy it
    is their variational network, which knows the Hamiltonian.
    """

    shared: ClassVar = False
    cites: ClassVar = ("germain2015",)

    kind: Literal["made"]
    depth: Count = Field(description="layers of weights")
    width: Count = Field(description="channels a site between layers")
    skip: bool = Field(default=True, description="logits see what was read directly too")
    odd: bool = Field(
        default=False,
        description="tanh without biases, l(-s) = -l(s): true of every conditional of spins without field",
    )
    primed: Literal[True] | None = Field(
        default=None,
        description="the skip begins at 2 beta J of the true Hamiltonian, not at 0: right to first order in beta",
    )

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        fitted, *rest = super().stages(name, sources)
        return replace(fitted, run=prime) if self.primed else fitted, *rest

    def architecture(self, sites: int, sides: tuple[int, ...], colours: int) -> tuple[str, dict[str, Any]]:
        return "made:Made", {"sites": sites, "colours": colours} | {
            k: getattr(self, k) for k in ("depth", "width", "skip", "odd")
        }

    def weights(self, sites: int, colours: int) -> int:
        channels = [1 if colours == 2 else colours, *[self.width] * (self.depth - 1), colours - 1]
        own = 0 if self.odd else sites * (2 * sum(channels[1:-1]) + channels[-1])
        skip = sites**2 * channels[0] * channels[-1] if self.skip else 0
        return sites**2 * sum(a * b for a, b in pairwise(channels)) + own + skip

    def asymmetric(self, system: Stage) -> Iterator[MeaningError]:
        yield from super().asymmetric(system)
        if self.odd and (why := opposed(system)):
            yield MeaningError(why, "odd", hint="odd = false")
        if self.primed and (why := self.unprimed(system)):
            yield MeaningError(why, "primed", hint="no such key")

    def unprimed(self, system: Stage) -> str:
        """Why such a network of such matter cannot begin at the couplings; nothing where it can."""
        if not self.knows:
            return "what learns from observations is not told the Hamiltonian"
        if not self.skip:
            return "couplings go into the skip, which this network has not"
        others = [k for k in ("colours", "field", "terms") if system.said.get(k)]
        if others or not {"coupling", "J"} & set(system.gives):
            return "couplings of two spins ±1 go into the skip; this matter has more to it"
        return ""


def prime(task: Task, system: xr.Dataset) -> xr.Dataset:
    """As `sequences.fit` by free energy, from networks whose skip is 2 beta J."""
    from ..kernels.autoregressive import made, van

    said, beta, several = task.said, task.about["beta"], []
    how = {k: said[k] for k in ("batch", "learning_rate", "decay")}
    how |= {k: said["train"][k] for k in ("steps", "annealing", "clip")}
    for n in range(said["networks"]):
        names = ("bottleneck", said["name"], task.part, n)
        q = made.primed(sequences.untrained(said, integer(task.seed, *names, "start")), symmetric(system), beta)
        how["tick"] = lambda done, n=n: task.tick((n + done) / said["networks"])
        q, history = van.anneal(q, sequences.hamiltonian(system), beta, seed=integer(task.seed, *names, "fit"), **how)
        flat = sequences.flattened(q)
        if not np.isfinite(flat).all() or not np.isfinite(history).all():
            raise DataError(f"at beta = {beta:g} training diverges; a smaller learning rate, or a larger batch")
        several.append({"weights": ("weight", flat), "loss": ("step", history[:, 0] / said["sites"])})
    return sequences.beside(said, several)


def symmetric(system: xr.Dataset) -> np.ndarray:
    """J (site, site) of E = -sum_{i<j} J_ij s_i s_j; a pair named twice counts twice."""
    J = np.zeros((system.attrs["spins"],) * 2)
    own = -system["J"].values if "J" in system else system["coupling"].values
    np.add.at(J, (system["i"].values, system["j"].values), own)
    return J + J.T
