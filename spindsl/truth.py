"""What exact references share: thermodynamics of the matter at the temperatures at which it is watched.

    ln Z,   F = -ln Z / beta,   U = <E>,   C = beta^2 (<E^2> - <E>^2),   S = ln Z + beta U           (k_B = 1)

All but ln Z are per spin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .errors import MeaningError
from .graph import Promise, Stage
from .hamiltonian import in_units
from .outline import Outline
from .spec import Reference
from .thermo import QUANTITIES

if TYPE_CHECKING:
    import xarray as xr

ALONG = ("beta",)
THERMO = {
    "log_z": Promise(ALONG, "1", "ln Z"),
    **{n: QUANTITIES[n].promise(ALONG) for n in ("free_energy", "energy", "heat_capacity", "entropy")},
}


@dataclass(frozen=True)
class Asked:
    """A reference and the temperatures at which it is asked."""

    word: Reference
    betas: tuple[float, ...]


def stage(
    name: str,
    word: Reference,
    sources: Mapping[str, Stage],
    run: Callable[..., xr.Dataset],
    gives: Mapping[str, Promise] = THERMO,
    seconds: float = 0.0,
) -> Stage:
    """The stage `reference.NAME` at the temperatures of the trajectory; MeaningError where it has none."""
    betas = sources["trajectory"].coords.get("beta")
    if betas is None:
        raise MeaningError("exact references are of matter at equilibrium", "kind", hint="[protocol] equilibrium")
    energy = sources["system"].energy
    gives = {n: in_units(p, energy.unit if energy else "J") for n, p in gives.items()}
    return Stage(
        f"reference.{name}", run, Asked(word, tuple(betas)), gives, ("system",), group=f"/reference/{name}",
        coords={"beta": betas}, seconds=seconds,
    )  # fmt: skip


def nearest_lattice(energy: Outline, dims: tuple[int, ...], hint: str = "enumeration") -> tuple[tuple[int, ...], bool]:
    """Sides and whether periodic of a lattice of nearest neighbours in so many dimensions; MeaningError for others."""
    from . import properties

    lattice, near = energy.lattice, energy.ask(properties.nearest)
    if lattice is None or len(lattice.sides) not in dims:
        where = "chains" if dims == (1,) else "square lattices" if dims == (2,) else "chains and square lattices"
        raise MeaningError(f"this solves {where}", "kind", hint=hint)
    if not near.yes:
        message = f"this takes nearest neighbours and fields; {near.why}"
        raise MeaningError(message, "kind", hint=hint)
    return lattice.sides, lattice.periodic


def thermo(betas: np.ndarray, spins: int, log_z: np.ndarray, energy: np.ndarray, heat: np.ndarray) -> xr.Dataset:
    """From ln Z, <E> and var E of the whole system, (beta)."""
    import xarray as xr

    found = {
        "log_z": log_z, "free_energy": -log_z / (betas * spins), "energy": energy / spins,
        "heat_capacity": betas**2 * heat / spins, "entropy": (log_z + betas * energy) / spins,
    }  # fmt: skip
    return xr.Dataset({n: ("beta", v) for n, v in found.items()}, {"beta": betas})


def against(
    name: str, sources: Mapping[str, Stage], measured: Mapping[str, Promise]
) -> tuple[Stage, dict[str, Promise]]:
    """A reference of the file, and for all that it says of what is measured the distance in standard errors.

    MeaningError where there is no such reference.
    """
    found = sources.get(f"reference.{name}")
    if found is None:
        known = [n.partition(".")[2] for n in sources if n.startswith("reference.")]
        hint = f"there are {', '.join(known)}" if known else f"[reference.{name}]"
        raise MeaningError(f"no reference {name!r}", "against", code="E204", hint=hint)
    gives = {}
    for variable in sorted(set(found.gives) & set(measured)):
        says = f"(measured - exact) / standard error of {measured[variable].long_name.split(',')[0]}"
        gives[f"{variable}_z"] = Promise(measured[variable].dims, "1", says)
    return found, gives
