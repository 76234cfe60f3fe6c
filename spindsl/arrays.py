"""One array of a netCDF file, by the name of its variable: couplings and configurations that somebody has stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .errors import DataError
from .netcdf import ALONE


def array(path: Path, variable: str) -> np.ndarray:
    """The values of `variable`, or of "group/variable" in a file with groups; DataError where there is none."""
    import xarray as xr

    group, _, name = variable.strip("/").rpartition("/")
    if not path.exists():
        raise DataError(f"{path} is absent; give its folder with --data DIR")
    try:
        with ALONE, xr.open_dataset(path, engine="netcdf4", group=group or None, decode_times=False) as file:
            if name in file.variables:
                return file[name].values
            held = ", ".join(map(str, file.variables)) or "no variable there, perhaps in a group: group/variable"
    except OSError as error:
        if group and "group not found" in str(error):
            raise DataError(f"{path}: no group {group!r}") from error
        raise DataError(f"{path} is no netCDF file that can be read: {error}") from error
    except (RuntimeError, ValueError) as error:
        raise DataError(f"{path} is no netCDF file that can be read: {error}") from error
    raise DataError(f"{path}: no variable {variable!r}; it holds {held}")
