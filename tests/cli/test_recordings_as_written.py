"""Recordings as other programs write them: characters, packed numbers, names in bytes, columns without a name."""

from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr

from spindsl.errors import DataError
from spindsl.experiment import loads
from spindsl.lower import lower
from spindsl.run import opened
from spindsl.systems.recorded import loaded as read

CASES = Path(__file__).parents[2] / "../shared/cases"
TEXT = """\
spindsl = 1
title = "t"
seed = 1
[system]
kind = "recorded"
reader = {{ kind = "{kind}", file = "{file}" }}
variables = {{ {what} = "{name}", drive = "drive" {more} }}
[analysis.c]
kind = "classification"
of = "{what}"
by = {{ kind = "gaussian" }}
"""


def loaded(folder: Path, file: str, what: str = "spins", name: str = "", more: str = "") -> xr.Dataset:
    """The trajectory as it is read."""
    kind = {"nc": "netcdf"}.get(file[-2:], file[-3:])
    name = name or ("s*" if kind == "csv" else what)
    text = TEXT.format(kind=kind, file=file, what=what, name=name, more=more)
    stage = lower(loads(text), folder).stages["trajectory"]
    return read(stage.said, stage.files)


def lines(folder: Path, *rows: str, encoding: str = "utf-8") -> str:
    (folder / "a.csv").write_text("".join(r + "\n" for r in rows), encoding=encoding)
    return "a.csv"


ROWS = ["1,1,A", "1,-1,A", "-1,1,B", "-1,-1,B"]
SPINS = [[1, 1], [1, -1], [-1, 1], [-1, -1]]


# --- columns without a name


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("s0,s1,drive,", lambda k, r: f"{r},"),
        ("s0,s1,drive, ", lambda k, r: f"{r}, "),
        ("s0,s1,drive,,", lambda k, r: f"{r},,"),
        (",s0,s1,drive", lambda k, r: f"{k},{r}"),  # as pandas numbers rows
        (",s0,s1,drive,", lambda k, r: f"{k + 1},{r},"),
        ("s0,s1,drive", lambda k, r: r),
    ],
)
def test_delimiters_that_end_lines_and_numbers_of_rows(tmp_path, head, row):
    file = lines(tmp_path, head, *(row(k, r) for k, r in enumerate(ROWS)))
    found = loaded(tmp_path, file)
    assert found["spins"].values[:, 0].tolist() == SPINS
    assert found["drive"].values.tolist() == list("AABB")


@pytest.mark.parametrize(
    ("head", "row"), [("s0,s1,drive,", lambda k, r: f"{r},{k * k}"), ("s0,,drive", lambda k, r: r)]
)
def test_cells_without_a_name_are_refused(tmp_path, head, row):
    file = lines(tmp_path, head, *(row(k, r) for k, r in enumerate(ROWS)))
    with pytest.raises(DataError, match="has no name, and holds") as caught:
        loaded(tmp_path, file)
    assert (caught.value.code, bool(caught.value.hint)) == ("E302", True)


# --- names in bytes


def test_names_in_bytes(tmp_path):
    spins, labels = np.repeat([[1, -1]], 8, axis=0).astype(np.int8), ["Müller", "Özil"] * 4
    np.savez(tmp_path / "a.npz", spins=spins, drive=np.array([n.encode() for n in labels]))
    assert loaded(tmp_path, "a.npz")["drive"].values.tolist() == labels
    np.savez(tmp_path / "a.npz", spins=spins, drive=np.array([n.encode("latin-1") for n in labels]))
    with pytest.raises(DataError, match=r"drive is .*xfc.* at trial 0, which is not UTF-8") as caught:
        loaded(tmp_path, "a.npz")
    assert (caught.value.code, "latin-1" in caught.value.hint) == ("E304", True)
    np.savez(tmp_path / "a.npz", spins=spins, drive=np.array([b"", b"B"] * 4))
    with pytest.raises(DataError, match="drive is missing at trial 0"):
        loaded(tmp_path, "a.npz")


def test_text_in_another_encoding(tmp_path):
    file = lines(tmp_path, "s0,s1,drive", *(r.replace("A", "ü") for r in ROWS), encoding="latin-1")
    with pytest.raises(DataError, match="not UTF-8 text"):
        loaded(tmp_path, file)


# --- text of characters


def characters(path: Path, labels: list[str], format: str, encoding: str = "utf-8", declared: bool = True) -> None:
    raw = [n.encode(encoding) for n in labels]
    width = max(map(len, raw))
    with netCDF4.Dataset(path, "w", format=format) as file:
        for name, size in (("trial", len(raw)), ("spin", 2), ("letters", width)):
            file.createDimension(name, size)
        file.createVariable("spins", "i1", ("trial", "spin"))[:] = np.tile([1, -1], (len(raw), 1))
        drive = file.createVariable("drive", "S1", ("trial", "letters"))
        drive[:] = np.frombuffer(b"".join(n.ljust(width, b"\0") for n in raw), "S1").reshape(-1, width)
        if declared:
            drive._Encoding = encoding


@pytest.mark.parametrize("format", ["NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF4"])
@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("labels", [["A", "B"] * 4, ["Müller", "Öl"] * 4, ["known 1", "novel"] * 4])
def test_text_of_characters(tmp_path, format, declared, labels):
    characters(tmp_path / "a.nc", labels, format, declared=declared)
    found = loaded(tmp_path, "a.nc")["drive"].values.tolist()
    assert found == labels
    with xr.open_dataset(tmp_path / "a.nc") as other:
        assert found == [v if isinstance(v, str) else v.decode() for v in other["drive"].values]


def test_text_of_characters_in_a_declared_encoding(tmp_path):
    characters(tmp_path / "a.nc", ["Müller", "Öl"] * 4, "NETCDF4", "latin-1")
    assert loaded(tmp_path, "a.nc")["drive"].values.tolist() == ["Müller", "Öl"] * 4
    characters(tmp_path / "a.nc", ["Müller", "Öl"] * 4, "NETCDF4", "latin-1", declared=False)
    with pytest.raises(DataError, match="which is not UTF-8"):
        loaded(tmp_path, "a.nc")


# --- packed numbers


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize(
    ("kind", "most"),
    [("i1", 127), ("i1", 100), ("i2", 32767), ("i2", 49), ("i4", 2147483647), ("i1", 1), ("i8", 2**53)],
)
def test_packed_spins_without_a_declared_fill_value(tmp_path, kind, most, single):
    spins = np.array(SPINS * 2)
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as file:
        file.createDimension("trial", 8)
        file.createDimension("spin", 2)
        found = file.createVariable("spins", kind, ("trial", "spin"))
        found.set_auto_maskandscale(False)
        found.scale_factor = np.float32(1 / most) if single else 1 / most
        found[:] = spins * most
        file.createVariable("drive", "i4", ("trial",))[:] = [0, 1] * 4
    assert loaded(tmp_path, "a.nc")["spins"].values[:, 0].tolist() == spins.tolist()


def test_offsets_and_declared_fill_values(tmp_path):
    """0, 1 stored with offset -1 and scale 2; what is declared missing is missing, and named."""
    spins = np.array(SPINS * 2)
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as file:
        file.createDimension("trial", 8)
        file.createDimension("spin", 2)
        found = file.createVariable("spins", "i1", ("trial", "spin"), fill_value=-127)
        found.set_auto_maskandscale(False)
        found.scale_factor, found.add_offset = 2.0, -1.0
        found[:] = (spins + 1) // 2
        file.createVariable("drive", "i4", ("trial",))[:] = [0, 1] * 4
    assert loaded(tmp_path, "a.nc")["spins"].values[:, 0].tolist() == spins.tolist()
    with netCDF4.Dataset(tmp_path / "a.nc", "a") as file:
        file["spins"].set_auto_maskandscale(False)
        file["spins"][3, 1] = -127
    with pytest.raises(DataError, match="spins is nan at trial 3"):
        loaded(tmp_path, "a.nc")


@pytest.mark.parametrize("attribute", [{"missing_value": 7.5}, {"valid_max": 5.0}, {"valid_range": [-5.0, 5.0]}])
def test_what_else_is_declared_missing(tmp_path, attribute):
    values = np.random.default_rng(0).normal(size=(8, 2))
    values[5, 1] = 7.5
    data = {"features": (("trial", "feature"), values, attribute), "drive": ("trial", [0, 1] * 4)}
    xr.Dataset(data).to_netcdf(tmp_path / "a.nc", engine="netcdf4", encoding={"features": {"_FillValue": None}})
    with pytest.raises(DataError, match="features is nan at trial 5"):
        loaded(tmp_path, "a.nc", "features")


def test_unwritten_real_numbers_are_missing(tmp_path):
    """Nothing is declared, and the library fills with 9.97e36: no number that anybody measured."""
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as file:
        file.createDimension("trial", 8)
        file.createDimension("feature", 2)
        file.createVariable("features", "f4", ("trial", "feature"))[:7] = 1.0
        file.createVariable("drive", "i4", ("trial",))[:] = [0, 1] * 4
    with pytest.raises(DataError, match="features is nan at trial 7"):
        loaded(tmp_path, "a.nc", "features")


@pytest.mark.parametrize("file", ["netcdf3-labels.nc", "scaled-127.nc"])
def test_the_cases(tmp_path, file):
    if not (CASES / file).exists():
        pytest.skip("../shared/cases is absent: the inputs are not part of the project")
    text = TEXT.format(kind="netcdf", file=file, what="spins", name="spins", more="")
    (tmp_path / "a.toml").write_text(text)
    run = opened(tmp_path / "a.toml", tmp_path / "runs", CASES).run(1)
    with xr.open_datatree(run.path / "result.nc") as result, xr.open_dataset(CASES / file) as other:
        mine = result["/trajectory"]
        labels = [v.decode() if isinstance(v, bytes) else str(v) for v in other["drive"].values]
        assert mine["drive"].values.tolist() == labels
        np.testing.assert_array_equal(
            mine["spins"].values.reshape(other["spins"].shape), np.rint(other["spins"].values)
        )
