"""What exact references share: thermodynamics of the matter at the temperatures at which it is watched.

    ln Z,   F = -ln Z / beta,   U = <E>,   C = beta^2 (<E^2> - <E>^2),   S = ln Z + beta U           (k_B = 1)

All but ln Z are per spin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import MeaningError
from .graph import Promise, Stage

if TYPE_CHECKING:
    import xarray as xr

ALONG = ("beta",)
THERMO = {
    "log_z": Promise(ALONG, "1", "ln Z"),
    "free_energy": Promise(ALONG, "J", "free energy per spin, F = -ln Z / (beta N)"),
    "energy": Promise(ALONG, "J", "energy per spin, U"),
    "heat_capacity": Promise(ALONG, "1", "heat capacity per spin, C = beta^2 var E / N"),
    "entropy": Promise(ALONG, "1", "entropy per spin, S = (ln Z + beta U) / N"),
}


def stage(
    name: str, sources: Mapping[str, Stage], run: Callable[..., Any], said: Mapping[str, Any], code: tuple[str, ...],
    gives: Mapping[str, Promise] = THERMO, **how: Any,
) -> Stage:  # fmt: skip
    """The stage `reference.NAME` at the temperatures of the trajectory; MeaningError where it has none."""
    betas = sources["trajectory"].coords.get("beta")
    if betas is None:
        raise MeaningError("exact references are of matter at equilibrium", "kind", hint="[protocol] equilibrium")
    said = dict(said) | {"betas": list(betas)}
    return Stage(f"reference.{name}", run, said, gives, ("system",), group=f"/reference/{name}",
                 coords={"beta": betas}, code=("spindsl.truth", "spindsl.hamiltonian", *code), **how)  # fmt: skip


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
