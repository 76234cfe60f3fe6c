"""Couplings that somebody has measured or drawn before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from ..arrays import array
from ..errors import DataError, MeaningError
from ..spec import Couplings, Topology


class FromFile(Couplings):
    """Couplings read from a netCDF file: a symmetric matrix (spin, spin) with zero diagonal, in the
    unit and with the sign of the system."""

    kind: Literal["file"]
    path: str = Field(min_length=1, description="netCDF file, looked for beside the experiment or in --data")
    variable: str = Field(min_length=1, description="name of the matrix in the file")

    def files(self) -> dict[str, str]:
        return {"path": self.path}

    def fits(self, graph: Topology | None) -> None:
        if graph is not None:
            raise MeaningError("couplings from a file bring their own graph", "graph", hint="drop `graph`")

    def bonds(
        self,
        spins: int,
        graph: Topology | None,
        stream: Callable[[str], np.random.Generator],
        files: Mapping[str, Path],
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The edges of the matrix; DataError unless square, finite, symmetric, zero diagonal."""
        path, name = files["path"], self.variable
        J = array(path, name)
        if J.dtype.kind not in "biuf":
            raise DataError(f"{path}: {name} is of type {J.dtype}, needed are numbers")
        J = J.astype(np.float64)
        if J.shape != (spins, spins):
            raise DataError(f"{path}: {name} has shape {J.shape}, the system has {spins} spins")
        if not np.isfinite(J).all():
            raise DataError(
                f"{path}: {name} holds NaN or infinity at {tuple(np.argwhere(~np.isfinite(J))[0].tolist())}"
            )
        if not np.array_equal(J, J.T) or np.diagonal(J).any():
            raise DataError(f"{path}: {name} must be symmetric with a zero diagonal")
        i, j = np.nonzero(np.triu(J))
        return i, j, J[i, j]
