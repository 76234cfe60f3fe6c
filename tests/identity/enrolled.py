"""The examples of all words as graphs, as the conformance suite runs them."""

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tomlkit

from spindsl.experiment import loads
from spindsl.graph import Graph
from spindsl.lower import lower
from spindsl.spec import NOUNS, PARTS, words

EXAMPLES = Path(__file__).parents[1] / "words" / "examples"
sys.path.append(str(Path(__file__).parents[1]))  # what conftest imports, for the scripts beside this file
ENROLLED = [(noun.__name__.lower(), kind) for noun in (*NOUNS, *PARTS) for kind in words(noun)]


def lowered(noun: str, kind: str, small: str, still: str, folder: Path, recording: Callable[[Path], None]) -> Graph:
    """The graph of a small experiment with a word's example in the place of what it had."""
    given = tomllib.loads((EXAMPLES / noun / f"{kind}.toml").read_text())
    table = tomllib.loads(still if given.pop("base", "") == "equilibrium" else small)
    for key, value in given.items():
        named = key in ("reference", "bottleneck", "analysis") and value
        table[key] = table.get(key, {}) | value if named else value
    if table["system"]["kind"] == "recorded":
        del table["dynamics"], table["protocol"]
        recording(folder)
    beside(kind, folder)
    return lower(loads(tomlkit.dumps(table)), folder)


def beside(kind: str, folder: Path) -> None:
    """The data files that an example reads."""
    import xarray as xr

    if kind == "learned":
        offsets = np.array([[[0, 0], [0, 1], [-128, -128]], [[0, 0], [0, 1], [1, 0]]], dtype=np.int16)
        found = {
            "offsets": (("template", "body", "axis"), offsets),
            "coupling": (("beta", "template"), [[1.0, 0.2]]),
        }
        file = folder / "result.nc"
        xr.Dataset(found, {"beta": [0.4]}).to_netcdf(file, group="/bottleneck/direct", engine="netcdf4")
    if kind == "file":
        J = np.triu(np.random.default_rng(0).normal(size=(16, 16)), 1)
        xr.Dataset({"J": (("i", "j"), J + J.T)}).to_netcdf(folder / "couplings.nc", engine="netcdf4")
