"""A block comes back from its file as it was, whatever it holds, and never when the file is damaged."""

import numpy as np
import pytest
import xarray as xr

from spindsl import blocks

RNG = np.random.default_rng(1)
SPINS = {"flag_values": np.array([-1, 1], np.int8), "flag_meanings": "down up", "units": "1"}
HELD = {
    "spins": (("trial", "time", "spin"), RNG.choice([-1, 1], (3, 5, 13)).astype(np.int8), SPINS),
    "still": (("spin",), RNG.choice([-1, 1], 13).astype(np.int8), SPINS),
    "energy": (("trial", "time"), np.array([[np.nan, np.inf, -0.0, 1e-300, 2.5]] * 3), {"units": "J"}),
    "work": (("trial",), np.arange(3, dtype=np.float32), {"long_name": "work ← heat", "bounds": [0.5, 2.0]}),
    "flips": (("time",), np.array([-1, 0, 2**31 - 1, 5, 7], np.int32), {}),
    "count": (("time",), np.array([0, 255, 3, 4, 5], np.uint8), {}),
    "large": (("time",), np.array([2**62, -1, 0, 1, 2], np.int64), {"names": ["a", "bc"]}),
    "known": (("trial",), np.array([True, False, True]), {"long_name": "whether"}),
    "drive": (("trial",), np.array(["A", "Bcd", "ä"], dtype=object), {"empty": ""}),
    "label": (("trial",), np.array(["A", "Bcd", ""]), {}),
    "none": (("nothing", "spin"), np.zeros((0, 13)), {}),
    "scalar": ((), np.array(0.25), {"number": 3}),
    "yes": ((), np.array(True), {}),
    "word": ((), np.array("glass", dtype=object), {}),
    "trial": (("trial",), np.array([4, 5, 6]), {}),
}


def same(a, b):
    assert a.dims == b.dims
    assert a.dtype == b.dtype or a.dtype.kind == "U"
    np.testing.assert_array_equal(a.values, b.values)
    assert a.attrs.keys() == b.attrs.keys()
    for name, value in a.attrs.items():
        np.testing.assert_array_equal(value, b.attrs[name])


@pytest.mark.parametrize("name", HELD)
def test_a_variable_comes_back(tmp_path, name):
    given = xr.Variable(*HELD[name])
    blocks.write(tmp_path / "block.nc", {name: given}, {})
    found, _ = blocks.read(tmp_path / "block.nc")
    same(given, found[name])


def test_a_dataset_comes_back_with_its_attributes(tmp_path):
    given = xr.Dataset(HELD, attrs={"kind": "glass", "levels": 3, "times": np.array([1.5, 2.0])})
    blocks.write(tmp_path / "block.nc", given.variables, given.attrs)
    found, attrs = blocks.read(tmp_path / "block.nc")
    assert list(found) == list(given.variables)
    for name in given.variables:
        same(given.variables[name], found[name])
    assert attrs.keys() == given.attrs.keys()


def test_other_programs_read_it(tmp_path):
    given = xr.Dataset({n: HELD[n] for n in ("energy", "known", "drive", "trial")}, attrs={"kind": "glass"})
    blocks.write(tmp_path / "block.nc", given.variables, given.attrs)
    xr.testing.assert_identical(xr.load_dataset(tmp_path / "block.nc"), given)


@pytest.mark.parametrize("name", ["spins", "energy", "flips", "known"])
def test_a_flipped_bit_is_found(tmp_path, name):
    """Every byte of the values is under a checksum: one bit flipped in the file is an error, not another number."""
    dims, values, attrs = HELD[name]
    given = np.resize(values, (400, *values.shape[1:]))
    path = tmp_path / "block.nc"
    blocks.write(path, {name: xr.Variable(dims, given, attrs)}, {})
    whole, refused = path.read_bytes(), 0
    for at in range(0, len(whole), 97):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        try:
            found, _ = blocks.read(path)
        except (OSError, RuntimeError, ValueError):
            refused += 1
        else:
            if name in found and found[name].shape == given.shape and found[name].dtype == given.dtype:
                np.testing.assert_array_equal(found[name].values, given)
    assert refused > 3
