"""Ising spins with quenched couplings on any graph."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from ..errors import MeaningError
from ..graph import Promise, Stage, Task
from ..seeds import generator
from ..spec import Couplings, System, Topology, word

if TYPE_CHECKING:
    import xarray as xr


class SpinGlass(System):
    """E(s) = sum_{i<j} J_ij s_i s_j + sum_i A_i s_i, with s_i = ±1 and J_ij = J_ji.

    A positive local energy is unhappy: spins anti-align with the field A, and J > 0 is
    antiferromagnetic. The field is not halved. Zhong et al. 2020, Eq. (1), whose literal
    H = (1/2) sum_j H_j would break detailed balance for the paper's own rate.
    """

    cites: ClassVar = ("zhong2020", "gold2019")

    kind: Literal["spin-glass"]
    spins: Annotated[int, Field(ge=2)] = Field(description="number of spins N")
    graph: Topology | None = Field(
        default=None, description="which spins are coupled; absent with couplings from a file"
    )
    couplings: Couplings = Field(description="how strongly, K")

    @model_validator(mode="after")
    def _fits(self):
        self.couplings.fits(self.graph)
        if self.graph is not None:
            try:
                self.graph.degree(self.spins)
            except MeaningError as error:
                raise MeaningError(str(error), "graph", *error.path, code=error.code, hint=error.hint) from error
        return self

    def files(self) -> dict[str, str]:
        return {f"couplings.{key}": name for key, name in self.couplings.files().items()}

    def stages(self, seed: int, data: Path) -> tuple[Stage, ...]:
        degree = self.graph.degree(self.spins) if self.graph else self.spins - 1
        gives = {
            "i": Promise(("edge",), "1", "first spin of the edge", "int32", label=True),
            "j": Promise(("edge",), "1", "second spin of the edge", "int32", label=True),
            "J": Promise(("edge",), "K", "coupling of the edge, positive is antiferromagnetic"),
        }
        files = {key: data / name for key, name in self.couplings.files().items()}
        sizes = {"edge": round(self.spins * degree / 2), "spin": self.spins}
        parts = (self.couplings, *([self.graph] if self.graph else []))
        return (Stage(
            "system", disorder, self.said(), gives, files=files, group="/system", sizes=sizes, quenched=True,
            code=tuple(type(p).__module__ for p in parts), seconds=1e-7 * sizes["edge"],
        ),)  # fmt: skip


def disorder(task: Task) -> xr.Dataset:
    """The quenched disorder: edges i < j with their couplings."""
    import xarray as xr

    said = task.said
    graph = word(Topology, said["graph"]) if "graph" in said else None
    couplings = word(Couplings, said["couplings"])
    i, j, J = couplings.bonds(said["spins"], graph, partial(generator, task.seed, "system"), task.files)
    edges = {"i": ("edge", i.astype(np.int32)), "j": ("edge", j.astype(np.int32)), "J": ("edge", J)}
    return xr.Dataset(edges, attrs={"spins": said["spins"]})
