"""The page of analyses that ask more than the drive: every kind with a module has its section, and says who wins."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
import tomlkit
import xarray as xr

from spindsl import report
from spindsl.run import opened

pytestmark = pytest.mark.usefixtures("quick")

EXAMPLES = Path(__file__).parent / "examples/analysis"
MODULES = [p.stem for p in (Path(report.__file__).parent / "questions").glob("*.py")]
KINDS = [p.stem for p in EXAMPLES.glob("*.toml") if p.stem.replace("-", "_") in MODULES]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("realizations", [1, 2])
def test_every_kind_has_its_section(small, still, tmp_path, kind, realizations):
    from spindsl.report.questions.asked import asked

    given = tomllib.loads((EXAMPLES / f"{kind}.toml").read_text())
    table = tomllib.loads(still if given.pop("base", "") == "equilibrium" else small)
    for key, value in given.items():
        table[key] = table.get(key, {}) | value if key in ("bottleneck", "analysis") else value
    table["realizations"] = realizations
    file = tmp_path / "small.toml"
    file.write_text(tomlkit.dumps(table))
    path = opened(file, tmp_path / "runs", None, ()).run(2).path
    with xr.open_datatree(path / "result.nc") as tree:
        tree.load()
    one = next(a for a in asked(tree) if a.kind == kind)
    page = report.write(tree, path).read_text()
    assert f"<h2>{one.title}</h2>" in page
    for name in one.found:
        assert name in page


def said(kind: str, **by: str) -> str:
    """A resolved experiment of analyses that read `of`."""
    table = {name: {"kind": kind, "of": of, "by": {"kind": "value"}} for name, of in by.items()}
    return json.dumps({"analysis": table, "bottleneck": {"vae": {"kind": "vae"}, "seen": {"kind": "vib"}}})


def areas(value: float, half: float) -> xr.Dataset:
    at = (("time",), [0.5, value])
    low, high = (("time",), [0.4, value - half]), (("time",), [0.6, min(value + half, 1.0)])
    control = (("time",), [0.5, 0.5])
    return xr.Dataset(
        {"auc": at, "auc_low": low, "auc_high": high, "auc_control": control}, {"switch": ("time", [1, 2])}
    )


def test_novelty_says_who_wins(tmp_path):
    """The best and what cannot be told from it; the network against the plain; who has seen labels."""
    analyses = {
        "elbo": areas(0.99, 0.005),
        "density": areas(0.7, 0.03),
        "work": areas(0.95, 0.02),
        "label": areas(0.985, 0.01),
    }
    tree = xr.DataTree.from_dict({f"/analysis/{n}": d for n, d in analyses.items()})
    tree.attrs["resolved"] = said("novelty", elbo="vae", density="vae", work="work", label="seen")
    page = report.write(tree, tmp_path).read_text()
    assert "<b>elbo (0.990)</b> and <b>label (0.985)</b> tell novel fields best, alike within the error" in page
    assert "The best trained network score, <b>elbo</b>, beats the best plain statistic, <b>work</b>." in page
    assert "Not every score of a network does: <b>density</b> falls short of work." in page
    assert "sees labels" in page


def test_capacity_says_where_it_is_censored(tmp_path):
    """inf is more than all, 0 less than the least."""
    n, nan = [4, 8, 16], np.nan

    def data(capacity: float, score: list[float]) -> xr.Dataset:
        flat = {f"capacity{e}": ("time", [capacity]) for e in ("", "_low", "_high")} | {"detectable": ("time", [0.0])}
        lines = {
            k: (("fields", "time"), np.array([score]).T) for k in ("score", "score_low", "score_high", "score_control")
        }
        return xr.Dataset({**flat, **lines, "chance": 0.2}, {"fields": n, "switch": ("time", [5])})

    found = {"all": data(np.inf, [1, 0.9, 0.8]), "some": data(6.0, [0.9, 0.5, 0.3]), "none": data(0.0, [0.2, 0.2, nan])}
    tree = xr.DataTree.from_dict({f"/analysis/{k}": d for k, d in found.items()})
    tree.attrs["resolved"] = said("memory-capacity", all="spins", some="vae", none="power")
    page = report.write(tree, tmp_path).read_text()
    assert (
        "Most is remembered by <b>all</b> (more than all fields), against some (6.0) and none (less than the least)"
        in page
    )
    assert "The best trained network, <b>some</b>, is beaten by the best plain statistic, <b>all</b>." in page
    assert "<b>none</b> tells at no number of fields more than the present field alone would." in page
