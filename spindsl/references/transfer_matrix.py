"""Nearest neighbours on a strip, row after row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from .. import truth
from ..errors import MeaningError
from ..graph import Stage, Task
from ..hamiltonian import model
from ..spec import Reference

if TYPE_CHECKING:
    import xarray as xr

MOST = {True: 10, False: 16}  # bits of a row: on a torus, on a strip with open ends
CODE = tuple(f"spindsl.kernels.{k}" for k in ("exact.jets", "exact.strip", "exact.transfer", "energies"))


class TransferMatrix(Reference):
    """ln Z, U and C of any couplings and fields of nearest neighbours on a chain or a square lattice.

    A row holds Q^W <= 2^10 states on a torus, 2^16 on a lattice with open ends: 10 and 16 spins, W the shorter side.
    Kramers and Wannier, Phys. Rev. 60, 252 (1941).
    """

    cites: ClassVar = ("kramers1941",)

    kind: Literal["transfer-matrix"]

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        system = sources["system"].said
        about, Q = system.get("attrs", {}), system.get("colours", 2)
        sides = about.get("sides", ())
        if len(sides) not in (1, 2) or system["kind"] == "learned":
            raise MeaningError("this goes along chains and square lattices", "kind", hint="enumeration")
        if system.get("terms"):
            raise MeaningError("this takes nearest neighbours and fields, no further terms", "kind", hint="enumeration")
        width, most = (min(sides) if len(sides) == 2 else 1), MOST[bool(about["periodic"])]
        if width * np.log2(Q) > most:
            hint = f"at most {int(most / np.log2(Q))} spins across, {'periodic' if about['periodic'] else 'open'}"
            message = f"a row of {width} spins has {Q}^{width} states, more than 2^{most}"
            raise MeaningError(message, "kind", code="E203", hint=hint)
        return (truth.stage(name, sources, multiply, self.said(), CODE, seconds=seconds(sides, Q, about["periodic"])),)


def seconds(sides: Any, Q: int, periodic: int) -> float:
    """About how long a temperature takes."""
    width = min(sides) if len(sides) == 2 else 1
    return 1e-8 * float(np.prod(sides)) * Q * float(Q) ** (width * (2 if periodic else 1))


def multiply(task: Task, system: xr.Dataset) -> xr.Dataset:
    """At all temperatures."""
    from ..kernels.exact.strip import strip
    from ..kernels.exact.transfer import log_z

    sides = np.atleast_1d(system.attrs["sides"])
    laid = strip(model(system), (int(sides[0]), int(sides[1]) if len(sides) > 1 else 1))
    betas = np.array(task.said["betas"])
    z, energy, variance = np.array([log_z(laid, beta) for beta in betas]).T
    return truth.thermo(betas, system.attrs["spins"], z, energy, variance)
