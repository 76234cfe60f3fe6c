"""Hashes of every variable of a result: one sha256 a variable, of its name, dimensions, type, shape and bytes."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

CHUNK = 1 << 26  # bytes that are read at once
SIMULATION = ("system", "dynamics", "protocol", "initial", "trajectory", "reference")


@dataclass(frozen=True)
class Hash:
    """A variable as it was stored; the mean of its finite values only tells how far two of them are apart."""

    dims: tuple[str, ...]
    dtype: str
    shape: tuple[int, ...]
    sha256: str
    mean: float | None  # None without numbers


def kind_of(path: str) -> str:
    """Class of a variable by its path, "simulation" or "learned"; a mean over realizations like what it averages."""
    parts = [p for p in path.strip("/").split("/")[:-1] if p != "quenched"]
    return "simulation" if not parts or parts[0] in SIMULATION else "learned"


def canonical_bytes(values: np.ndarray) -> bytes:
    """Bytes of an array: every NaN alike, texts as UTF-8 that end with a zero byte."""
    if values.dtype.kind in "OUS":
        return b"".join(str(v).encode() + b"\0" for v in values.ravel())
    if values.dtype.kind in "fc":
        values = np.where(np.isnan(values), values.dtype.type(np.nan), values)
    return np.ascontiguousarray(values).tobytes()


def hash_variable(name: str, variable: xr.Variable) -> Hash:
    """Hash of one variable, read a part at a time."""
    dtype = "str" if variable.dtype.kind in "OUS" else variable.dtype.str
    dims, shape = tuple(map(str, variable.dims)), tuple(variable.shape)
    digest = hashlib.sha256(repr((name, dims, dtype, shape)).encode())
    total, count = 0.0, 0
    for values in chunks(variable):
        digest.update(canonical_bytes(values))
        if values.dtype.kind in "biuf":
            finite = values[np.isfinite(values)]
            total, count = total + float(finite.sum(dtype=float)), count + finite.size
    return Hash(dims, dtype, shape, digest.hexdigest(), total / count if count else None)


def chunks(variable: xr.Variable) -> Iterator[np.ndarray]:
    """The values along the first dimension, `CHUNK` bytes at a time."""
    if variable.ndim == 0 or variable.size == 0:
        yield np.asarray(variable.values)
        return
    rows = max(1, CHUNK * variable.shape[0] // max(1, variable.nbytes))
    for first in range(0, variable.shape[0], rows):
        yield np.asarray(variable[first : first + rows].values)


def hash_result(path: Path) -> dict[str, Hash]:
    """Hashes of all variables of a netCDF file, by path as in /analysis/drive/score; nothing is decoded."""
    hashes: dict[str, Hash] = {}
    for group in groups(path):
        with xr.open_dataset(path, group=group, engine="netcdf4", decode_cf=False) as data:
            for name, variable in data.variables.items():
                hashes[f"{group.rstrip('/')}/{name}"] = hash_variable(str(name), variable)
    return dict(sorted(hashes.items()))


def groups(path: Path) -> list[str]:
    """Paths of all groups of a netCDF file, the root first."""
    import netCDF4

    with netCDF4.Dataset(path) as file:
        paths, rest = ["/"], list(file.groups.values())
        while rest:
            group = rest.pop(0)
            paths.append(group.path)
            rest.extend(group.groups.values())
    return paths
