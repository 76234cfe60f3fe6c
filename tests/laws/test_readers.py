"""One recording is one recording, whatever the format of its files; a bad file is named, with the place."""

import gzip
import json

import numpy as np
import pytest
import xarray as xr

from spindsl.engine import Runner
from spindsl.errors import DataError, SpecError
from spindsl.experiment import loads
from spindsl.identity import closure
from spindsl.lower import lower
from spindsl.run import opened
from spindsl.store import Store, keys

HEAD = 'spindsl = 1\ntitle = "watched"\nseed = 1\n[system]\nkind = "recorded"\n'
SPINS = {
    "netcdf": """
        reader = { kind = "netcdf", file = "recording.nc" }
        variables = { spins = "sigma", group = "specimen" }
        observables = { power = "absorbed" }""",
    "npz": """
        reader = { kind = "npz", file = "recording.npz", dims = ["time", "trial", "spin"] }
        variables = { spins = "sigma", group = "specimen" }
        observables = { power = "absorbed" }""",
    "csv": """
        reader = { kind = "csv", file = "recording.csv", separator = ";" }
        variables = { spins = "s*", trial = "run", group = "specimen" }
        observables = { power = "absorbed" }
        values = { down = 0, up = 1 }""",
    "text": """
        reader = { kind = "text", file = "recording.txt", labels = "labels.txt.gz" }
        variables = { drive = 1, trial = 2, switch = 3, group = 5 }
        observables = { power = 4 }
        values = { down = 0, up = 1 }""",
}
REAL = {
    "netcdf": SPINS["netcdf"].replace('spins = "sigma"', 'features = "shape"'),
    "npz": SPINS["npz"].replace('spins = "sigma"', 'features = "shape"').replace('"spin"', '"feature"'),
    "csv": SPINS["csv"].replace('spins = "s*"', 'features = "x*"').partition("values")[0],
    "text": SPINS["text"].replace("recording.txt", "features.txt").replace("{ drive", '{ features = "*", drive')
    .partition("values")[0],
}  # fmt: skip


def text(system: str) -> str:
    return HEAD + "\n".join(line.strip() for line in system.splitlines()) + "\n"


def trajectory(system: str, folder) -> xr.Dataset:
    graph = lower(loads(text(system)), folder)
    return Runner(graph, Store(folder / "store"), 1).run()["trajectory"]


@pytest.mark.parametrize("all_", [SPINS, REAL], ids=["spins", "features"])
def test_four_formats_are_one_recording(recording, tmp_path, all_):
    """The same bits, labels and dtypes of spins, features, observables, drives and specimens."""
    recording(tmp_path)
    first, *others = (trajectory(system, tmp_path) for system in all_.values())
    assert first["power"].dtype == np.float32
    assert np.isnan(first["power"].values[:, 3]).all()
    assert first["switch"].values.tolist() == first["time"].values.tolist() == [1, 2, 5, 9]
    for other in others:
        xr.testing.assert_identical(first.drop_attrs(), other.drop_attrs())
        for name in first.data_vars:
            assert first[name].values.tobytes() == other[name].values.tobytes()


def test_a_trajectory_from_the_store_has_its_groups(recording, tmp_path):
    recording(tmp_path)
    fresh, stored = (trajectory(SPINS["npz"], tmp_path) for _ in range(2))
    assert fresh["group"].values.tolist() == [f"r{a // 2}" for a in range(40)]
    xr.testing.assert_identical(fresh, stored)


@pytest.mark.parametrize("kind", SPINS)
def test_the_key_follows_the_content_and_not_the_name(recording, tmp_path, kind):
    """Another file name with the same content is the same trajectory; every file that is read counts."""
    recording(tmp_path)
    graph = lower(loads(text(SPINS[kind])), tmp_path)
    stage = graph.stages["trajectory"]
    reached = closure(stage.run, (stage.params, stage.parts)).code
    assert any(name.startswith(f"spindsl.readers.{kind}:") for name in reached)
    for path in stage.files.values():
        (tmp_path / f"other-{path.name}").write_bytes(path.read_bytes())
        renamed = text(SPINS[kind]).replace(f'"{path.name}"', f'"other-{path.name}"')
        again = lower(loads(renamed), tmp_path)
        assert keys(again)["trajectory"] == keys(graph)["trajectory"]
        with (tmp_path / f"other-{path.name}").open("ab") as file:
            file.write(b" ")
        assert keys(again)["trajectory"] != keys(graph)["trajectory"]


DEPOSITED = """
    variables = {{ drive = 12 }}
    observables = {{ last_field = 11 }}
    [system.reader]
    kind = "text"
    file = "{0}-t{{switch}}-config.txt.gz"
    labels = "{0}-t{{switch}}-stat.txt.gz"
    switches = [20]"""


@pytest.mark.parametrize("name", ["classification", "memory-40-of-50"])
def test_the_authors_text_files_are_their_netcdf(deposit, tmp_path, name):
    """Spins, drives and the last field of 5,000 trials at switch 20."""
    graph = lower(loads(text(DEPOSITED.format(name))), deposit)
    found = Runner(graph, Store(tmp_path), 1).run()["trajectory"]
    with xr.open_dataset(deposit / f"{name}.nc") as known:
        known = known.sel(switch=20)
        assert np.array_equal(found["spins"].values[:, 0], known["spins"].values)
        assert found["drive"].values.tolist() == [str(d) for d in known["drive"].values]
        assert np.array_equal(found["last_field"].values[:, 0], known["field"].values)
    assert found["switch"].values.tolist() == [20]


# plain text and tables, small enough to spoil by hand

CSV = """
    reader = { kind = "csv", file = "a.csv" }
    variables = { spins = "s*" }"""
TEXT = """
    reader = { kind = "text", file = "a.txt" }
    variables = { drive = 1, trial = 2, switch = 3 }"""
ROWS = [
    "A 1 1 -1 1 1", "A 1 2 1 1 -1", "B 2 1 -1 -1 1", "B 2 2 1 -1 1",
    "A 3 2 -1 -1 -1", "A 3 1 1 1 1",
]  # fmt: skip
TABLE = ["drive,trial,switch,s0,s1,s2", *(row.replace(" ", ",") for row in ROWS)]
EXPECTED = [[[-1, 1, 1], [1, 1, -1]], [[-1, -1, 1], [1, -1, 1]], [[1, 1, 1], [-1, -1, -1]]]


def small(folder, lines: list[str], name: str) -> None:
    whole = "\n".join(lines) + "\n"
    if name.endswith(".gz"):
        with gzip.open(folder / name, "wt") as file:
            file.write(whole)
    else:
        (folder / name).write_text(whole)


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize(("system", "lines", "name"), [(CSV, TABLE, "a.csv"), (TEXT, ROWS, "a.txt")])
def test_rows_in_any_order(tmp_path, system, lines, name, packed):
    """Trials in the order in which they appear, times in theirs."""
    small(tmp_path, lines, name + packed)
    found = trajectory(system.replace(name, name + packed), tmp_path)
    assert found["spins"].values.tolist() == EXPECTED
    assert found["drive"].values.tolist() == ["A", "B", "A"]


def spoiled(lines: list[str], row: int, cut: str, old: str, new: str) -> list[str]:
    cells = lines[row].split(cut)
    cells[int(old)] = new
    return [*lines[:row], cut.join(c for c in cells if c != "DROP"), *lines[row + 1 :]]


BAD = {
    "ragged": ((3, 5, "DROP"), r"row 3 has 5 (cells|columns)"),
    "too long": ((3, 5, "1{cut}1"), r"row 3 has 7 columns|Expected 6 fields in line 4, saw 7"),
    "no number": ((3, 5, "up"), r"row 3, column 6 is 'up'|s2 is 'up' in row 3; needed is a number"),
    "nan": ((3, 5, "nan"), r"spins is nan at row 3, column (6|'s2'): no spin"),
    "another state": ((3, 5, "2"), r"spins is 2 at row 3, column (6|'s2'): no spin \(-1 or 1\); 1 such"),
    "no number in time": ((3, 2, "late"), r"is 'late'"),
    "time is nan": ((3, 2, "nan"), "switch"),
    "time is no whole number": ((3, 2, "1.5"), "switch must rise|no row at switch 1"),
    "twice": ((3, 2, "2"), r"trial 2 stands twice at switch 2, row 3 and row 4"),
    "trial lacks a time": ((3, 2, "3"), r"trial 1 has no row at switch 3 \(2 of 3 times; 3 such"),
    "drive changes": ((4, 0, "A"), r"changes within a trial: 'B' in row 3 and 'A' in row 4"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("format", ["csv", "text"])
def test_a_bad_table_is_named_with_its_place(tmp_path, case, format):
    (row, column, value), words = BAD[case]
    system, lines, name, cut, head = (CSV, TABLE, "a.csv", ",", 1) if format == "csv" else (TEXT, ROWS, "a.txt", " ", 0)
    small(tmp_path, spoiled(lines, row - 1 + head, cut, column, value.format(cut=cut)), name)
    with pytest.raises(DataError, match=words) as error:
        trajectory(system, tmp_path)
    assert name in str(error.value)


def test_a_row_without_its_last_is_unequal_length(tmp_path):
    for system, lines, name in ((CSV, TABLE, "a.csv"), (TEXT, ROWS, "a.txt")):
        small(tmp_path, lines[:-1], name)
        with pytest.raises(DataError, match=r"trial 3 has no row at switch 1 \(1 of 2 times; 1 such"):
            trajectory(system, tmp_path)


@pytest.mark.parametrize(
    ("system", "lines", "name", "words"),
    [
        (CSV, [""], "a.csv", "is empty"),
        (CSV, TABLE[:1], "a.csv", "header but no rows"),
        (CSV, ["drive,trial,switch,s0,s0", *TABLE[1:]], "a.csv", "two columns are called 's0'"),
        (CSV, ["drive,trial,switch,a,b,c", *TABLE[1:]], "a.csv", r"no column fits spins = 's\*'; it has drive, trial"),
        (CSV, ["d,trial,switch,s0,s1,s2", *TABLE[1:]], "a.csv", "no column 'drive'; it has d, trial"),
        (CSV, ["drive,run,switch,s0,s1,s2", *TABLE[1:]], "a.csv", "rows have a time but no trial"),
        (CSV, [TABLE[0], *(f"{r},1" for r in TABLE[1:])], "a.csv", "rows have more cells than the header"),
        (CSV.replace('"s*"', '["s0", "s7"]'), TABLE, "a.csv", "no column 's7'"),
        (CSV, [TABLE[0], *(r.replace("-1", "0") for r in TABLE[1:])], "a.csv", r"values = \{ down = 0, up = 1 \}"),
        (CSV.replace("a.csv", "b.csv"), TABLE, "a.csv", "b.csv is absent; give its folder with --data"),
        (TEXT, [""], "a.txt", "is empty"),
        (TEXT.replace("trial = 2", "trial = 9"), ROWS, "a.txt", "no column 9; it has 6"),
        (TEXT.replace("{ drive", '{ spins = "4-9", drive'), ROWS, "a.txt", "has 6 columns, spins = '4-9' names others"),
        (TEXT.replace("a.txt\"", "a.txt\", labels = \"b.txt\""), ROWS, "a.txt", "b.txt is absent"),
        (TEXT, [r.replace("-1", "0") for r in ROWS], "a.txt", r"values = \{ down = 0, up = 1 \}"),
        (TEXT + "\nvalues = { down = 0, up = 1 }", ROWS, "a.txt", "the file has -1 and 1: drop `values`"),
        (TEXT.replace("switch = 3", "spins = [4]"), ROWS, "a.txt", "name the column of their"),
    ],
)  # fmt: skip
def test_a_table_that_is_not_as_promised(tmp_path, system, lines, name, words):
    small(tmp_path, lines, name)
    with pytest.raises(DataError, match=words):
        trajectory(system, tmp_path)


@pytest.mark.parametrize(("system", "lines", "name"), [(CSV, TABLE, "a.csv"), (TEXT, ROWS, "a.txt")])
def test_a_truncated_gz(tmp_path, system, lines, name):
    small(tmp_path, lines, f"{name}.gz")
    whole = (tmp_path / f"{name}.gz").read_bytes()
    for spoilt in (whole[: len(whole) // 2], b"no gzip at all"):
        (tmp_path / f"{name}.gz").write_bytes(spoilt)
        with pytest.raises(DataError, match=rf"{name}\.gz cannot be read, or is truncated"):
            trajectory(system.replace(name, f"{name}.gz"), tmp_path)


def test_labels_beside_of_another_length(tmp_path):
    small(tmp_path, ["1 -1"] * 3, "a.txt")
    small(tmp_path, ["A"] * 2, "b.txt")
    system = 'reader = { kind = "text", file = "a.txt", labels = "b.txt" }\nvariables = { drive = 1 }'
    with pytest.raises(DataError, match=r"b\.txt has 2 lines, .*a\.txt has 3"):
        trajectory(system, tmp_path)


def test_columns_come_in_the_order_of_the_list(tmp_path):
    small(tmp_path, ["1 1 -1", "1 -1 -1"], "a.txt")
    small(tmp_path, ["A", "B"], "b.txt")
    system = (
        'reader = { kind = "text", file = "a.txt", labels = "b.txt" }\nvariables = { drive = 1, spins = [3, 1, 2] }'
    )
    assert trajectory(system, tmp_path)["spins"].values[:, 0].tolist() == [[-1, 1, 1], [-1, 1, -1]]
    small(tmp_path, ["drive;a;b", "A;1;-1", "B;-1;-1"], "a.csv")
    system = 'reader = { kind = "csv", file = "a.csv", separator = ";" }\nvariables = { spins = ["b", "a"] }'
    assert trajectory(system, tmp_path)["spins"].values[:, 0].tolist() == [[-1, 1], [-1, -1]]


def test_a_file_a_switch(tmp_path):
    """Lines are trials; a drive that differs between files is found."""
    for n, rows in ((3, ["1 1 -1", "2 -1 -1"]), (10, ["1 -1 1", "2 1 1"])):
        small(tmp_path, rows, f"c{n}.txt")
    system = 'reader = { kind = "text", file = "c{switch}.txt", switches = [10, 3] }\nvariables = { drive = 1 }'
    found = trajectory(system, tmp_path)
    assert found["switch"].values.tolist() == [3, 10]
    assert found["spins"].values.tolist() == [[[1, -1], [-1, 1]], [[-1, -1], [1, 1]]]
    small(tmp_path, ["2 -1 1", "2 1 1"], "c10.txt")
    with pytest.raises(DataError, match=r"'1' in row 1 of c3\.txt and '2' in row 1 of c10\.txt"):
        trajectory(system, tmp_path)


ARRAYS = {
    "spins": np.ones((4, 2, 3), np.int8),
    "drive": np.array([1, 1, 2, 2]),
    "work": np.zeros((4, 2)),
    "time": np.array([0.5, 1.5]),
}
NPZ = 'reader = { kind = "npz", file = "a.npz" }\nobservables = { power = "work" }'


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"spins": None}, "no array 'spins'; it holds drive, work, time"),
        ({"drive": np.array([1, 2])}, r"drive has shape \(2,\), needed is one a trial, \(4,\)"),
        ({"drive": np.array([1.0, np.nan, 2, 2])}, "drive is missing at trial 1"),
        ({"work": np.zeros((2, 4))}, r"work has shape \(2, 4\), needed is \(trial, time\) = \(4, 2\)"),
        ({"work": np.full((4, 2), "a")}, "power \\(the file's work\\) is of type <U1, needed are numbers"),
        ({"time": np.array([1.5, 0.5])}, "time must rise"),
        ({"time": np.array([1.5])}, "time must rise, one number a time"),
        ({"switch": np.array([1, 1])}, "switch must rise"),
        ({"time": np.array(["a", "b"])}, "time is of type <U1, needed are numbers"),
        ({"spins": np.ones((4, 0, 3)), "time": None}, "holds no time"),
        ({"spins": np.ones((4, 2, 0))}, "is empty: 4 trials of 0 values"),
        ({"spins": np.ones(4)}, r"spins has shape \(4,\), needed is \(trial, time, spin\) or \(trial, spin\)"),
        ({"spins": np.zeros((4, 2, 3))}, r"values = \{ down = 0, up = 1 \}"),
        ({"spins": np.full((4, 2, 3), np.nan)}, "spins is nan at trial 0, time number 1, spin 0"),
        ({"work": np.array([[None, 1]] * 4)}, "not of objects"),
    ],
)
def test_arrays_that_are_not_as_promised(tmp_path, change, words):
    np.savez(tmp_path / "a.npz", **{k: v for k, v in (ARRAYS | change).items() if v is not None})
    with pytest.raises(DataError, match=words):
        trajectory(NPZ, tmp_path)


def test_arrays_at_one_time_and_a_truncated_file(tmp_path):
    one = {"spins": ARRAYS["spins"][:, 0], "drive": ARRAYS["drive"], "work": np.arange(4.0)}
    np.savez(tmp_path / "a.npz", **one)
    found = trajectory(NPZ, tmp_path)
    assert dict(found.sizes) == {"trial": 4, "time": 1, "spin": 3}
    assert found["power"].values[:, 0].tolist() == [0, 1, 2, 3]
    whole = (tmp_path / "a.npz").read_bytes()
    for spoilt in (whole[: len(whole) // 2], b"", b"no zip"):
        (tmp_path / "a.npz").write_bytes(spoilt)
        with pytest.raises(DataError, match=r"a\.npz is no \.npz file, or is truncated"):
            trajectory(NPZ, tmp_path)


def test_what_is_masked_in_netcdf_is_missing(tmp_path):
    """A fill value is no spin, no drive and no time, and NaN of an observable."""
    import netCDF4

    variables = {"spins": ("trial", "time", "spin"), "drive": ("trial",), "time": ("time",), "work": ("trial", "time")}

    def go(gap: str) -> xr.Dataset:
        with netCDF4.Dataset(tmp_path / "a.nc", "w") as file:
            for name, size in (("trial", 3), ("time", 2), ("spin", 2)):
                file.createDimension(name, size)
            for name, dims in variables.items():
                values = np.ma.ones([file.dimensions[d].size for d in dims])
                values = np.ma.array([0.0, 1.0]) if name == "time" else values
                if name == gap:
                    values[(0,) * (len(dims) - 1) + (1,)] = np.ma.masked
                file.createVariable(name, "i4", dims, fill_value=-9)[:] = values
        return trajectory('reader = { kind = "netcdf", file = "a.nc" }\nobservables = { work = "work" }', tmp_path)

    assert np.isnan(go("work")["work"].values).sum() == 1
    for name, words in (
        ("spins", "spins is nan at trial 0, time number 1, spin 1"),
        ("drive", "drive is missing at trial 1"),
        ("time", "time must rise"),
    ):
        with pytest.raises(DataError, match=words):
            go(name)


def test_features_are_finite(recording, tmp_path):
    recording(tmp_path)
    lines = (tmp_path / "features.txt").read_text().splitlines()
    lines[6] = "\t".join(["1", "2", "inf", "4", "5"])
    (tmp_path / "features.txt").write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"features is inf at row 7, column 3; needed is a finite number"):
        trajectory(REAL["text"], tmp_path)


@pytest.mark.parametrize(
    ("system", "code", "words"),
    [
        ('reader = { kind = "csv", file = "a" }', "E102", "which columns are spins"),
        ('reader = { kind = "csv", file = "a" }\nvariables = { spins = [1, 2] }', "E103", "wanted names"),
        ('reader = { kind = "csv", file = "a" }\nvariables = { spins = "s*", drive = 3 }', "E103", "name of a column"),
        ('reader = { kind = "text", file = "a" }', "E102", "which column is the drive"),
        ('reader = { kind = "text", file = "a" }\nvariables = { drive = 1, spins = "s*" }', "E108", "no columns"),
        ('reader = { kind = "text", file = "a{switch}" }\nvariables = { drive = 1 }', "E102", "name the switches"),
        ('reader = { kind = "text", file = "a", switches = [1, 2] }\nvariables = { drive = 1 }', "E201", "where the"),
        ('reader = { kind = "npz", file = "a", dims = ["trial", "time"] }', "E201", "axes of spins"),
        ('reader = { kind = "npz", file = "a" }\nvariables = { trial = "t" }', "E201", "no named dimensions"),
        ('reader = { kind = "netcdf", file = "a" }\nvariables = { drive = 2 }', "E103", "name of a variable"),
        ('reader = { kind = "netcdf", file = "a" }\nvariables = { spins = "a", features = "b" }', "E201", "spins or"),
        ('reader = { kind = "netcdf", file = "a" }\nvalues = { down = 1 }', "E201", "both 1"),
        ('reader = { kind = "netcdf", file = "a" }\nvariables = { features = "x" }\nvalues.down = 0', "E201", "drop"),
        ('reader = { kind = "netcdf", file = "a" }\nobservables = { group = "x" }', "E107", "is taken"),
    ],
)  # fmt: skip
def test_names_that_a_format_does_not_have(system, code, words):
    with pytest.raises(SpecError, match=words) as error:
        loads(text(system))
    assert [f.code for f in error.value.findings] == [code]


def test_real_features_go_through_everything(recording, tmp_path):
    """PCA, a network and a logistic reader of the features, held-out specimens, and the report."""
    from spindsl.report import write

    recording(tmp_path)
    words = """
    [bottleneck.vae]\nkind = "vae"\nvisible = "gaussian"\nhidden = [6]\nlatent = 2\nepochs = 2\nbatch = 8
    [bottleneck.pca]\nkind = "pca"\nlatent = 2
    [bottleneck.all]\nkind = "pca"\nlatent = 2\nfit = "pooled"
    [bottleneck.one]\nkind = "vae"\nvisible = "gaussian"\nhidden = [6]\nlatent = 2\nepochs = 2\nbatch = 8
    fit = "pooled"\nnetworks = 2
    [analysis.features]\nkind = "classification"\nof = "features"\nby = { kind = "logistic", C = 0.1 }
    [analysis.vae]\nkind = "classification"\nof = "vae"\nby = { kind = "gaussian" }
    """
    (tmp_path / "f.toml").write_text(text(REAL["csv"] + words))
    path = opened(tmp_path / "f.toml", tmp_path / "runs").run(1).path
    with xr.open_datatree(path / "result.nc") as result:
        assert result["/trajectory/features"].dims == ("trial", "time", "feature")
        assert result["/bottleneck/pca/component"].dims == ("time", "latent", "feature")
        assert result["/bottleneck/all/component"].dims == ("latent", "feature")
        for name in ("vae", "one"):
            assert np.isfinite(result[f"/bottleneck/{name}/loss_test"].values).all()
        assert np.isfinite(result["/analysis/features/score"].values).all()
        assert result["/trajectory/group"].attrs["long_name"]
        held = {g for g, h in zip(result["/trajectory/group"].values, result["/protocol/split"].values) if h}
        kept = {g for g, h in zip(result["/trajectory/group"].values, result["/protocol/split"].values) if not h}
        assert held
        assert not held & kept
        page = write(result, tmp_path).read_text()
    assert "5 features" in page.replace("\N{NO-BREAK SPACE}", " ")
    assert json.loads((path / "status.json").read_text())["state"] == "done"


@pytest.mark.parametrize(
    ("all_", "visible", "words"),
    [(REAL, "", "features cannot be bernoulli"), (SPINS, 'visible = "gaussian"', "spins cannot be gaussian")],
)
def test_the_decoder_fits_what_it_decodes(recording, tmp_path, all_, visible, words):
    recording(tmp_path)
    word = f'\n[bottleneck.vae]\nkind = "vae"\n{visible}\nhidden = [6]\nlatent = 2\nepochs = 2\nbatch = 8\n'
    with pytest.raises(SpecError, match=words) as error:
        lower(loads(text(all_["npz"] + word)), tmp_path)
    assert error.value.findings[0].hint.startswith("write visible = ")


def test_a_density_of_many_features_is_refused(recording, tmp_path):
    recording(tmp_path)
    word = '\n[analysis.a]\nkind = "classification"\nof = "features"\nby = { kind = "kde" }\n'
    with pytest.raises(SpecError, match="out of reach"):
        lower(loads(text(REAL["npz"] + word)), tmp_path)


def stacked(path):
    """Two stages, two stimuli and six trials with a field each, as the authors of Zhong et al. had it."""
    s = np.random.default_rng(0).choice(np.array([-1, 1], np.int8), (2, 2, 6, 5))
    work = np.arange(24.0).reshape(2, 2, 6)
    data = {"spins": (("stage", "stimulus", "trial", "spin"), s), "field": ("trial", [1, 2, 3, 1, 2, 3])}
    data["work"] = (("stage", "stimulus", "trial"), work)
    coords = {"stage": ["before", "after"], "stimulus": ["known", "novel"], "trial": np.arange(6)}
    xr.Dataset(data, coords).to_netcdf(path, engine="netcdf4")
    return s, work


def test_dimensions_stack_into_trials_and_labels_join_into_a_drive(tmp_path):
    """Trials are counted with the last dimension fastest; names instead of times count 1, 2; three rows are a state."""
    from spindsl.recording import Variables
    from spindsl.spec import Reader, word

    s, work = stacked(tmp_path / "novelty.nc")
    reader = word(Reader, {"kind": "netcdf", "file": "novelty.nc"})
    said = {"switch": "stage", "trial": ["stimulus", "trial"], "drive": ["stimulus", "field"]}
    names = Variables.model_validate(said | {"group": {"of": "trial", "every": 3}})
    files = {"file": tmp_path / "novelty.nc"}
    size = reader.header(files, names, {"work": "work"})
    assert (size.trials, size.width, size.switch) == (12, 5, (1, 2))
    found = reader.read(files, names, {"work": "work"})
    np.testing.assert_array_equal(found.values, np.moveaxis(s, 0, 2).reshape(12, 2, 5))
    np.testing.assert_array_equal(found.observables["work"], np.moveaxis(work, 0, 2).reshape(12, 2))
    assert found.drive == [f"{a} {b}" for a in ("known", "novel") for b in (1, 2, 3, 1, 2, 3)]
    assert found.group == ["0", "0", "0", "1", "1", "1"] * 2


def test_what_numbers_states_is_a_number(tmp_path):
    from spindsl.recording import Variables
    from spindsl.spec import Reader, word

    stacked(tmp_path / "novelty.nc")
    reader = word(Reader, {"kind": "netcdf", "file": "novelty.nc"})
    said = {"switch": "stage", "trial": ["stimulus", "trial"], "drive": "stimulus"}
    names = Variables.model_validate(said | {"group": {"of": "stimulus", "every": 3}})
    with pytest.raises(DataError, match="whole numbers are needed to count 3 as one"):
        reader.read({"file": tmp_path / "novelty.nc"}, names, {})


def test_some_switches_of_a_recording(recording, tmp_path):
    """The taken times are those of the whole recording, spins and observables alike; another one is refused."""
    recording(tmp_path)
    whole, some = trajectory(SPINS["netcdf"], tmp_path), trajectory(SPINS["netcdf"] + "\nswitches = [2, 5]", tmp_path)
    at = np.flatnonzero(np.isin(whole["switch"].values, [2, 5]))
    for name in ("spins", *(n for n in whole if whole[n].ndim == 2)):
        np.testing.assert_array_equal(some[name].values, whole[name].values[:, at])
    np.testing.assert_array_equal(some["switch"].values, [2, 5])
    with pytest.raises(SpecError, match="switch 77 is not recorded"):
        trajectory(SPINS["netcdf"] + "\nswitches = [77]", tmp_path)
