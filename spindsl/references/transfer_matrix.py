"""Nearest neighbours on a strip, row after row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from .. import truth
from ..errors import MeaningError
from ..factors import model, read, rows_and_columns
from ..graph import Stage, Task
from ..hamiltonian import energy_of
from ..spec import Reference

if TYPE_CHECKING:
    import xarray as xr

MOST = {True: 10, False: 16}  # bits of a row: on a torus, on a strip with open ends


class TransferMatrix(Reference):
    """ln Z, U and C of any couplings and fields of nearest neighbours on a chain or a square lattice.

    A row holds Q^W <= 2^10 states on a torus, 2^16 on a lattice with open ends: 10 and 16 spins, W the shorter side.
    Kramers and Wannier, Phys. Rev. 60, 252 (1941).
    """

    cites: ClassVar = ("kramers1941",)

    kind: Literal["transfer-matrix"]

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        energy = energy_of(sources["system"])
        sides, periodic = truth.nearest_lattice(energy, (1, 2))
        Q, width, most = energy.states, min(sides) if len(sides) == 2 else 1, MOST[periodic]
        if width * np.log2(Q) > most:
            hint = f"at most {int(most / np.log2(Q))} spins across, {'periodic' if periodic else 'open'}"
            message = f"a row of {width} spins has {Q}^{width} states, more than 2^{most}"
            raise MeaningError(message, "kind", code="E203", hint=hint)
        return (truth.stage(name, self, sources, multiply, seconds=seconds(sides, Q, periodic)),)


def seconds(sides: tuple[int, ...], Q: int, periodic: bool) -> float:
    """About how long a temperature takes."""
    width = min(sides) if len(sides) == 2 else 1
    return 1e-8 * float(np.prod(sides)) * Q * float(Q) ** (width * (2 if periodic else 1))


def multiply(task: Task[truth.Asked], system: xr.Dataset) -> xr.Dataset:
    """At all temperatures."""
    from ..kernels.exact.strip import strip
    from ..kernels.exact.transfer import log_z

    betas, graph = np.array(task.params.betas), read(system)
    laid = strip(model(graph), rows_and_columns(graph))
    z, energy, variance = np.array([log_z(laid, beta) for beta in betas]).T
    return truth.thermo(betas, graph.sites, z, energy, variance)
