"""The frozen truth: its hashes, its small copies, and what a comparison calls bad."""

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from benchmarks import hashes
from benchmarks.differences import compare_records, report
from benchmarks.freeze import Freeze, freeze
from benchmarks.hashes import Hash, hash_result, hash_variable, kind_of
from benchmarks.records import Environment, Record, Truth, read_truth, write_truth
from benchmarks.small import shrink

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
ROW = {"of": "analysis.drive.score", "where": {}, "reduce": "median", "min": 0.8, "source": "x"}


def sha(values: np.ndarray, dims: tuple[str, ...] = ("x",), name: str = "a") -> str:
    return hash_variable(name, xr.Variable(dims, values)).sha256


def test_hash_sees_bytes_types_names_and_dimensions() -> None:
    values = np.array([1.0, 2.0])
    assert sha(values) == sha(values.copy())
    others = [sha(np.nextafter(values, 3)), sha(values.astype("f4")), sha(values, ("y",)), sha(values, name="b")]
    assert len({sha(values), *others, sha(np.array([0.0])), sha(np.array([-0.0]))}) == 7


def test_hash_takes_every_nan_for_the_same() -> None:
    quiet = np.array([1.0, np.nan])
    other = quiet.copy()
    other.view("u8")[1] |= 1
    assert quiet.tobytes() != other.tobytes()
    assert sha(quiet) == sha(other)


def test_hash_does_not_depend_on_the_parts_that_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for values in (np.arange(60.0).reshape(20, 3), np.array([["ab", "c"], ["a", "bc"]], dtype=object)):
        whole = sha(values, ("x", "y"))
        with monkeypatch.context() as patch:
            patch.setattr(hashes, "CHUNK", 8)
            assert sha(values, ("x", "y")) == whole


def test_every_group_of_a_result_is_hashed_once(tmp_path: Path) -> None:
    inner = xr.Dataset({"score": ("switch", [0.5, 1.0])}, {"switch": [1, 2], "name": ("switch", ["a", "b"])})
    tree = xr.DataTree.from_dict({"/": xr.Dataset({"beta": 3.0}), "/analysis/drive": inner})
    tree.to_netcdf(tmp_path / "result.nc", engine="netcdf4")
    found = hash_result(tmp_path / "result.nc")
    assert list(found) == ["/analysis/drive/name", "/analysis/drive/score", "/analysis/drive/switch", "/beta"]
    assert found["/analysis/drive/score"].mean == 0.75


def test_a_mean_over_realizations_counts_as_what_it_averages() -> None:
    assert kind_of("/quenched/trajectory/work") == kind_of("/system/J") == kind_of("/beta") == "simulation"
    assert kind_of("/quenched/analysis/drive/score") == kind_of("/bottleneck/vae/loss") == "learned"


def record(simulated: str = "1", learned: str = "1", ok: bool = True) -> Record:
    found = {
        "/system/J": Hash((), "<f8", (), simulated, 1.0),
        "/analysis/drive/score": Hash((), "<f8", (), learned, 0.9),
    }
    return Record("done", environment="e", variables=found, expect=({**ROW, "measured": 0.9, "ok": ok},))


@pytest.mark.parametrize(
    ("other", "bad"),
    [
        (record(), False),
        (record(learned="2"), False),
        (record(simulated="2"), True),
        (record(ok=False), True),
        (replace(record(), expect=()), True),
        (replace(record(), variables={}), True),
        (replace(record(), state="failed"), True),
    ],
)
def test_a_comparison_is_bad_if_the_simulation_or_an_expectation_is_lost(other: Record, bad: bool) -> None:
    assert compare_records("x", record(), other).bad == bad


def test_a_comparison_names_what_differs_and_warns_of_unlike_machines(tmp_path: Path) -> None:
    machine = Environment({"numpy": "2.1"}, {"revision": "0"})
    a = Truth("small", {"x": record(), "y": record()}, {"e": machine})
    b = Truth("small", {"x": record(simulated="2")}, {"e": Environment({"numpy": "2.2"}, {"revision": "1"})})
    for name, truth in (("a", a), ("b", b)):
        write_truth(tmp_path / name, truth)
    lines, kept = report(read_truth(tmp_path / "a"), read_truth(tmp_path / "b"))
    assert not kept
    assert lines[:2] == ["warning: only in A: y", "warning: numpy: 2.1 in A, 2.2 in B"]
    assert any("different /system/J" in line for line in lines)
    assert report(a, a)[1]


def test_small_copies_keep_the_matter_and_drop_the_expectations() -> None:
    for path in EXPERIMENTS.glob("*/*.toml"):
        text = path.read_text(encoding="utf-8")
        whole, small = tomllib.loads(text), tomllib.loads(shrink(text, f"{path.parent.name}/{path.stem}"))
        assert "expect" not in small
        kept = ("system", "dynamics", "seed", "title")
        assert {k: small.get(k) for k in kept} == {k: whole.get(k) for k in kept}


def test_a_freeze_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (tmp_path / f"experiments/a/{name}.toml").parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"experiments/a/{name}.toml").write_text("seed = 1")
    ran: list[str] = []

    def run(self: Freeze, name: str, running: Record) -> Record:
        ran.append(name)
        if len(ran) == 2:
            raise KeyboardInterrupt
        return replace(running, state="done")

    monkeypatch.setattr(Freeze, "run", run)
    monkeypatch.setattr("benchmarks.freeze.environment_of", lambda root: Environment({}, {}))
    job, out = Freeze(tmp_path, tmp_path / "runs", "small", None, 1), tmp_path / "out.json"
    with pytest.raises(KeyboardInterrupt):
        freeze(job, out, "*", retry=False)
    assert {n: r.state for n, r in read_truth(out).records.items()} == {"a/one": "done", "a/two": "running"}
    truth = freeze(job, out, "*", retry=False)
    assert ran == ["a/one", "a/two", "a/two"]
    assert truth.records["a/two"].tries == 2
