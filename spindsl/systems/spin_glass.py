"""Ising spins with quenched random couplings on a random graph."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from ..errors import DataError, MeaningError
from ..graph import Promise, Stage, Task
from ..seeds import generator
from ..spec import NonNegative, Positive, System, Words

if TYPE_CHECKING:
    import xarray as xr


class ErdosRenyi(Words):
    """Every pair of spins is coupled with probability p = mean_degree / (N - 1)."""

    kind: Literal["erdos-renyi"]
    mean_degree: Positive = Field(description="mean number of neighbours of a spin")


class Normal(Words):
    """Couplings drawn independently from a normal distribution."""

    kind: Literal["normal"]
    mean: float = Field(description="mean of J, K; positive is antiferromagnetic")
    std: NonNegative = Field(description="standard deviation of J, K")


class FromFile(Words):
    """Couplings read from a netCDF file: a symmetric matrix (spin, spin) with zero diagonal, K."""

    kind: Literal["file"]
    path: str = Field(min_length=1, description="netCDF file, looked for beside the experiment or in --data")
    variable: str = Field(min_length=1, description="name of the matrix in the file")


class SpinGlass(System):
    """E(s) = sum_{i<j} J_ij s_i s_j + sum_i A_i s_i, with s_i = ±1 and J_ij = J_ji.

    A positive local energy is unhappy: spins anti-align with the field A, and J > 0 is
    antiferromagnetic. The field is not halved. Zhong et al. 2020, Eq. (1), whose literal
    H = (1/2) sum_j H_j would break detailed balance for the paper's own rate.
    """

    cites: ClassVar = ("zhong2020", "gold2019")

    kind: Literal["spin-glass"]
    spins: Annotated[int, Field(ge=2)] = Field(description="number of spins N")
    graph: ErdosRenyi | None = Field(
        default=None, description="which spins are coupled; absent with couplings from a file"
    )
    couplings: Annotated[Normal | FromFile, Field(discriminator="kind")] = Field(description="how strongly, K")

    @model_validator(mode="after")
    def _fits(self):
        if isinstance(self.couplings, Normal) and self.graph is None:
            raise MeaningError("couplings of kind 'normal' need a graph", "graph", code="E102")
        if isinstance(self.couplings, FromFile) and self.graph is not None:
            raise MeaningError("couplings from a file bring their own graph; drop `graph`", "graph")
        if self.graph is not None and self.graph.mean_degree > self.spins - 1:
            raise MeaningError(
                f"{self.spins} spins have at most {self.spins - 1} neighbours, found {self.graph.mean_degree:g}",
                "graph", "mean_degree", code="E203", hint=f"at most {self.spins - 1}",
            )  # fmt: skip
        return self

    def files(self) -> dict[str, str]:
        return {"couplings.path": self.couplings.path} if isinstance(self.couplings, FromFile) else {}

    def stages(self, seed: int, data: Path) -> tuple[Stage, ...]:
        edges = int(self.spins * (self.graph.mean_degree if self.graph else self.spins) / 2)
        gives = {
            "i": Promise(("edge",), "1", "first spin of the edge", "int32"),
            "j": Promise(("edge",), "1", "second spin of the edge", "int32"),
            "J": Promise(("edge",), "K", "coupling of the edge, positive is antiferromagnetic"),
        }
        files = {key: data / name for key, name in self.files().items()}
        sizes = {"edge": edges, "spin": self.spins}
        return (Stage("system", disorder, self.said(), gives, files=files, group="/system", sizes=sizes),)


def disorder(task: Task) -> xr.Dataset:
    """The quenched disorder: edges i < j with their couplings."""
    import xarray as xr

    said = task.said
    i, j, J = read(said, task.files["couplings.path"]) if task.files else draw(task.seed, said)
    edges = {"i": ("edge", i.astype(np.int32)), "j": ("edge", j.astype(np.int32)), "J": ("edge", J)}
    return xr.Dataset(edges, attrs={"spins": said["spins"]})


def draw(seed: int, said: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Erdős–Rényi edges and normal couplings, each from a stream of its own."""
    N, normal = said["spins"], said["couplings"]
    i, j = erdos_renyi(N, said["graph"]["mean_degree"] / (N - 1), generator(seed, "system", "graph"))
    return i, j, generator(seed, "system", "couplings").normal(normal["mean"], normal["std"], len(i))


def erdos_renyi(N: int, p: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Edges i < j, each of the N(N-1)/2 pairs with probability p, in time linear in their number.

    Pairs are numbered t = j(j-1)/2 + i, and the gaps between kept numbers are geometric (Batagelj and
    Brandes 2005).
    """
    total, kept, last = N * (N - 1) // 2, [], -1
    while last < total:
        gaps = rng.geometric(p, size=int(total * p + 6 * np.sqrt(total * p) + 16))
        kept.append(last + np.cumsum(gaps))
        last = kept[-1][-1]
    t = np.concatenate(kept)
    t = t[t < total]
    j = ((1 + np.sqrt(1 + 8 * t.astype(np.float64))) / 2).astype(np.int64)
    j -= j * (j - 1) // 2 > t  # the root may be rounded either way
    j += j * (j + 1) // 2 <= t
    return t - j * (j - 1) // 2, j


def read(said: Mapping[str, Any], path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges of a coupling matrix in a file; DataError unless square, finite, symmetric, zero diagonal."""
    import xarray as xr

    name = said["couplings"]["variable"]
    with xr.open_dataset(path, engine="netcdf4") as file:
        if name not in file:
            raise DataError(f"{path}: no variable {name!r}; it holds {', '.join(map(str, file.data_vars))}")
        J = file[name].values.astype(np.float64)
    N = said["spins"]
    if J.shape != (N, N):
        raise DataError(f"{path}: {name} has shape {J.shape}, the system has {N} spins")
    if not np.isfinite(J).all():
        raise DataError(f"{path}: {name} holds NaN or infinity at {tuple(np.argwhere(~np.isfinite(J))[0])}")
    if not np.array_equal(J, J.T) or np.diagonal(J).any():
        raise DataError(f"{path}: {name} must be symmetric with a zero diagonal")
    i, j = np.nonzero(np.triu(J))
    return i, j, J[i, j]
