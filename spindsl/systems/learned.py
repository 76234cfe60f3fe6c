"""A Hamiltonian that was learned: matter again, under any dynamics and at other sizes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ..errors import DataError, MeaningError
from ..graph import Promise, Stage, Task
from ..hamiltonian import FIELD, PAIRS, TERMS, Lattice, restated
from ..spec import Name, Positive

if TYPE_CHECKING:
    import xarray as xr

TABLE = {
    "table": Promise(("pattern",), "J", "energy of a window by its pattern, bit b is 1 where spin b is up"),
    "window": Promise(("place", "bit"), "1", "spins of each window", "int32", label=True),
}


class Learned(Lattice):
    """E as a bottleneck of another run has learned it: products of spins or a table of patterns, the same everywhere.

    What was learned on one lattice runs on any other that its terms or windows fit on. Sprague et al. 2021, Sec. 5.
    """

    cites: ClassVar = ("sprague2021",)

    kind: Literal["learned"]
    from_: str = Field(alias="from", min_length=1, description="result.nc of the run that learned it")
    bottleneck: Name = Field(description="name of the bottleneck in that run")
    learned_at: Positive = Field(description="inverse temperature at which it was learned, 1/J")
    place: dict[Name, int | float | str] = Field(
        default_factory=dict, description="which of several, such as { realization = 0, network = 2 }"
    )

    def files(self) -> dict[str, str]:
        return {"from": self.from_}

    def stages(self, seed: int, data: Path) -> tuple[Stage, ...]:
        path = data / self.from_
        if self.graph.extent is None:
            raise MeaningError("what was learned is the same everywhere: it needs a lattice", "graph", "kind")
        if not path.exists():
            raise MeaningError(f"{path} is absent", "from")
        patterned = "pattern_energy" in self.held(path)
        (stage,) = self.stage(read, dict(TABLE if patterned else PAIRS | FIELD | TERMS), data)
        return (stage,)

    def held(self, path: Path) -> set[str]:
        """Names of what the bottleneck of the result holds; MeaningError if there is none with such an energy."""
        import netCDF4

        with netCDF4.Dataset(path) as result:
            groups = result.groups["bottleneck"].groups if "bottleneck" in result.groups else {}
            found = set(groups[self.bottleneck].variables) if self.bottleneck in groups else set()
        if not {"offsets", "pattern_energy"} & found:
            hint = f"there are {', '.join(groups)}" if groups else "it has no bottleneck"
            message = f"{path.name} has no bottleneck {self.bottleneck!r} with an energy that is the same everywhere"
            raise MeaningError(message, "bottleneck", hint=hint)
        return found


def read(task: Task) -> xr.Dataset:
    """The energy on the lattice of this system; DataError where the result has not what is asked for."""
    import xarray as xr

    said = task.said
    with xr.open_dataset(task.files["from"], group=f"/bottleneck/{said['bottleneck']}", engine="netcdf4") as file:
        found = chosen(file, {"beta": said["learned_at"], **said["place"]}, said["bottleneck"]).load()
    return restated(found, said["attrs"])


def chosen(found: xr.Dataset, place: dict[str, int | float | str], name: str) -> xr.Dataset:
    """One of several, by the labels of its dimensions; DataError names what is lacking."""
    own = {"template", "body", "axis", "pattern", "cluster"}
    for dim in [d for d in found["coupling" if "coupling" in found else "pattern_energy"].dims if d not in own]:
        labels = found[dim].values.tolist() if dim in found.coords else list(range(found.sizes[dim]))
        if dim not in place:
            raise DataError(f"there are several {name}: say which, place = {{ {dim} = … }}, one of {labels}")
        near = [k for k, v in enumerate(labels) if v == place[dim]]
        if not near:
            raise DataError(f"no {dim} {place[dim]!r} of {name}: there are {labels}")
        found = found.isel({dim: near[0]})
    return found
