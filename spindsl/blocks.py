"""A block of the store as a netCDF file: its variables and attributes, spins in eighths of a byte, all with checksums.

The netCDF library is called as it is, since a block is small and there are many: what xarray does to a dataset on its
way to a file and back would take longer than writing and reading it.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .netcdf import opened

if TYPE_CHECKING:
    import netCDF4
    import xarray as xr

SAMPLE = 1 << 16  # values by which it is told whether a variable deflates
BOOL = "bool"  # the attribute `dtype` of truth values, which are stored as bytes, as xarray has it


def write(path: Path, variables: Mapping[Any, xr.Variable], attrs: Mapping[Any, Any]) -> None:
    """Write all variables and attributes to a new file."""
    with opened(path, "w") as file:
        file.set_fill_off()
        for name, variable in variables.items():
            put(file, str(name), pack(variable))
        file.setncatts(attrs)


def put(file: netCDF4.Dataset, name: str, variable: xr.Variable) -> None:
    """Add a variable, deflated if that pays, under checksums."""
    values, attrs = variable.values, variable.attrs
    for dim, size in variable.sizes.items():
        if dim not in file.dimensions:
            file.createDimension(str(dim), size)
    if values.dtype == bool:
        values, attrs = values.astype(np.int8), attrs | {"dtype": BOOL}
    text = values.dtype.kind in "OU"
    made = file.createVariable(
        name, str if text else values.dtype, tuple(map(str, variable.dims)), zlib=deflates(values),
        complevel=1, shuffle=False, fletcher32=values.ndim > 0,
    )  # fmt: skip
    made.set_auto_maskandscale(False)
    made.setncatts(attrs)
    made[...] = values.astype(object) if text else values


def deflates(values: np.ndarray) -> bool:
    """Whether a file is smaller by a third: of small integers a sample tells, since spins that flip at random take
    long to deflate for nothing; floats never.
    """
    if values.dtype.itemsize > 2 or not values.size:
        return False
    sample = np.ascontiguousarray(values).reshape(-1)[:SAMPLE].tobytes()
    return len(zlib.compress(sample, 1)) < len(sample) * 2 / 3


def read(path: Path) -> tuple[dict[str, xr.Variable], dict[str, Any]]:
    """All variables and attributes of a file; OSError, RuntimeError or ValueError if it is truncated or damaged."""
    with opened(path) as file:
        file.set_auto_maskandscale(False)
        variables = {name: unpack(get(found)) for name, found in file.variables.items()}
        return variables, attributes(file)


def get(found: netCDF4.Variable) -> xr.Variable:
    """A variable of a file."""
    import xarray as xr

    values, attrs = np.asarray(found[...], object if found.dtype is str else None), attributes(found)
    if attrs.get("dtype") == BOOL:
        values = values.astype(bool)
        del attrs["dtype"]
    return xr.Variable(found.dimensions, values, attrs)


def attributes(found: netCDF4.Dataset | netCDF4.Variable) -> dict[str, Any]:
    return {name: found.getncattr(name) for name in found.ncattrs()}


def pack(variable: xr.Variable) -> xr.Variable:
    """±1 in eighths of a byte along the last dimension; other variables as they are."""
    import xarray as xr

    if "down up" not in str(variable.attrs.get("flag_meanings")):
        return variable
    bits = np.packbits(variable.values > 0, axis=-1)
    attrs = variable.attrs | {"packed": variable.dims[-1], "length": variable.shape[-1]}
    return xr.Variable((*variable.dims[:-1], "byte"), bits, attrs)


def unpack(variable: xr.Variable) -> xr.Variable:
    """Undo `pack`."""
    import xarray as xr

    if "packed" not in variable.attrs:
        return variable
    attrs = dict(variable.attrs)
    dim, length = attrs.pop("packed"), int(attrs.pop("length"))
    spins = np.unpackbits(variable.values, axis=-1, count=length).view(np.int8)
    spins *= 2
    spins -= 1
    return xr.Variable((*variable.dims[:-1], dim), spins, attrs)
