"""The netCDF library, for one thread at a time: two within it crash the process.

What a stage reads, it reads with `opened`, or through xarray with `ALONE` held: xarray's own lock does not keep apart
threads that open and close files.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import netCDF4

ALONE = threading.RLock()


@contextmanager
def opened(path: Path, mode: Literal["r", "w", "a"] = "r") -> Iterator[netCDF4.Dataset]:
    """A file, with the library to itself as long as it is open; OSError if it is no netCDF."""
    import netCDF4

    with ALONE, netCDF4.Dataset(path, mode) as file:
        yield file
