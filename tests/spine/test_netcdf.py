"""The netCDF library is used by one thread at a time: two within it crash the process."""

import re
import subprocess
import sys
from pathlib import Path

MANY = """
import sys, tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import numpy as np, xarray as xr
from spindsl import blocks
from spindsl.arrays import array
from spindsl.netcdf import opened

folder = Path(tempfile.mkdtemp())
data = xr.Dataset({f"v{k}": (("x",), np.arange(2000.0) + k) for k in range(6)})
data.to_netcdf(folder / "theirs.nc", engine="netcdf4")

def ours(k):
    blocks.write(folder / f"{k}.nc", data.variables, {})
    assert blocks.read(folder / f"{k}.nc")[0]["v3"][-1] == 2002.0

def theirs(k):
    assert array(folder / "theirs.nc", "v2")[1] == 3.0

def plain(k):
    with opened(folder / "theirs.nc") as file:
        assert float(file["v1"][1]) == 2.0

with ThreadPoolExecutor(6) as pool:
    list(pool.map(lambda k: (ours, theirs, plain)[k % 3](k), range(600)))
"""


def test_threads_that_read_and_write_files_take_turns():
    done = subprocess.run([sys.executable, "-c", MANY], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_files_are_opened_nowhere_else():
    """Whatever may run in a thread opens files under the lock; results are opened by commands alone."""
    root = Path(__file__).parents[2] / "spindsl"
    calls = re.compile(r"netCDF4\.Dataset\(|xr\.(open|load)_data|\.to_netcdf\(")
    for file in root.rglob("*.py"):
        for line in file.read_text().splitlines():
            if calls.search(line) and "ALONE, " not in line:
                assert file.name == "result.py"
                assert "open_datatree" in line
