"""Couplings of single pairs on a graph that is not known: the inverse Ising problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import observations
from ..errors import DataError, MeaningError
from ..forms import FORMS, learned_outline
from ..graph import Promise, Stage, Task
from ..hamiltonian import energy_of
from ..sampling import Ensemble, Temperature
from ..seeds import philox_key
from ..spec import Bottleneck, Count, Positive

if TYPE_CHECKING:
    import xarray as xr


class Pairwise(Bottleneck):
    """E(s) = -sum_(i<j) J_ij s_i s_j - sum_i h_i s_i, each J_ij its own, on a graph of which nothing is known.

    Every site's conditional is a logistic regression on all others (Ravikumar et al. 2010); bonds are fitted anew with
    one J each, by symmetric pseudolikelihood, and by a Newton step of the likelihood with moments of chains. Share and
    width of the bonds are learned from the estimates of all pairs together (Efron et al. 2001): a pair that may be
    bonded has its mean given the data, P(bond) times what it would be as a bond.
    """

    watches: ClassVar = ("beta", "chain", "sample")
    plain: ClassVar = False
    cites: ClassVar = ("ravikumar2010", "besag1975", "nguyen2017", "efron2001", "mitchell1988")

    kind: Literal["pairwise"]
    fields: bool = Field(default=True, description="whether spins may have fields")
    alarm: Positive = Field(default=0.01, description="number of false bonds to expect among those selected")
    prior: Positive = Field(
        default=10.0, description="standard deviation of beta J of a wide normal, for what the data do not tell"
    )
    blocks: Annotated[int, Field(ge=20)] = Field(default=200, description="runs of samples that errors are taken from")
    estimator: Literal["likelihood", "pseudolikelihood"] = Field(
        default="likelihood", description="whether the likelihood's Newton step follows"
    )
    observations: Count | None = Field(default=None, description="look at so many only; absent for all")
    shuffled: bool = Field(
        default=False, description="whether each spin's values are put in an order of its own first: a control"
    )

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory, spins = sources["trajectory"], sources["system"].sizes["spin"]
        energy = energy_of(sources["system"])
        if energy.colours:
            raise MeaningError("pairs are of spins ±1; these have colours", "kind", hint="colour-expansion")
        edge, site, unit = ("beta", "edge"), ("beta", "spin"), energy.unit
        gives = {
            "i": Promise(("edge",), "1", "first spin of the pair", "int32", label=True),
            "j": Promise(("edge",), "1", "second spin of the pair", "int32", label=True),
            "coupling": Promise(
                edge,
                unit,
                "coupling of the pair given the data, E = - coupling s s; 0 where it is hardly a bond",
                attrs=FORMS["pairs"].mark,
            ),
            "coupling_sd": Promise(edge, unit, "standard deviation of the coupling given the data"),
            "as_bond": Promise(edge, unit, "coupling given the data and that the pair is bonded"),
            "as_bond_sd": Promise(edge, unit, "standard deviation given the same"),
            "probability": Promise(edge, "1", "probability that the pair is bonded, given the data"),
            "selected": Promise(edge, "1", "whether chance alone does not explain the pair", "int8", label=True),
            "h": Promise(site, unit, "field, E = - h s; 0 where there is none"),
            "h_se": Promise(site, unit, "standard error of the field"),
            "terms": Promise(("beta",), "1", "number of bonds that chance alone does not explain", "int32"),
        }
        count = observations.admitted(trajectory, self.observations)
        return (Stage(
            f"bottleneck.{name}", fit, Named(name, self), gives, ("trajectory",),
            group=f"/bottleneck/{name}", sizes={"edge": spins * (spins - 1) // 2, "spin": spins},
            
            coords={"beta": trajectory.coords["beta"]}, seconds=2e-9 * count * spins**3,
            energy=learned_outline(sources["system"], 2), form=FORMS["pairs"],
            **Ensemble.of(trajectory).how,
        ),)  # fmt: skip


@dataclass(frozen=True)
class Named(observations.Learner):
    """What decides the graph that is fitted."""

    name: str
    word: Pairwise

    @property
    def seen(self) -> observations.Seen:
        return observations.Seen(self.word.observations)


def fit(task: Task[Named, Temperature], trajectory: xr.Dataset) -> xr.Dataset:
    """The graph at one temperature."""
    import xarray as xr

    from ..kernels.inversion.pairs import fit_pairs

    word, name, beta = task.params.word, task.params.name, task.part_params.beta
    spins = observations.observed(trajectory, word.observations)
    if word.shuffled:
        spins = observations.shuffled(spins, task.seed, "bottleneck", name, task.part)
    key = philox_key(task.seed, "bottleneck", name, task.part) if word.estimator == "likelihood" else None
    try:
        found = fit_pairs(
            spins, beta, alarm=word.alarm, prior=word.prior, blocks=word.blocks, fields=word.fields, key=key
        )  # fmt: skip
    except (ValueError, np.linalg.LinAlgError) as error:
        raise DataError(f"at beta = {beta:g} no couplings can be fitted: {error}") from error
    i, j = np.triu_indices(spins.shape[1], 1)
    chosen = np.zeros(found.J.shape, dtype=np.int8)
    chosen[tuple(found.bonds.T)] = 1
    square = {"coupling": found.J, "coupling_sd": found.sd, "as_bond": found.estimate, "as_bond_sd": found.se}
    square |= {"probability": found.probability, "selected": chosen}
    result = xr.Dataset({n: ("edge", v[i, j]) for n, v in square.items()})
    result = result.assign(i=("edge", i.astype(np.int32)), j=("edge", j.astype(np.int32)))
    return result.assign(h=("spin", found.h), h_se=("spin", found.h_se), terms=((), np.int32(len(found.bonds))))
