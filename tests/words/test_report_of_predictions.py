"""The page of what learned energies predict: numbers are those of the result, agreement is said only where it is."""

import re
import tomllib
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
import tomlkit
import xarray as xr

from spindsl.report.markup import joined
from spindsl.report.page import write
from spindsl.report.questions.agreement import bracketed, farthest
from spindsl.report.questions.asked import asked
from spindsl.report.questions.asked import told as sentences
from spindsl.run import opened

RUN = {"dynamics": {"kind": "swendsen-wang"}, "chains": 3, "initial": "random", "burn_in": 5, "samples": 40, "every": 1}
SEQUENCE = {"kind": "made", "unwrapping": "raster", "depth": 1, "width": 1, "batch": 50, "learning_rate": 0.01,
            "drawn": 100}  # fmt: skip
ASKED = {
    "bottleneck": {
        "direct": {"kind": "cluster-expansion", "order": 2, "reach": 1, "blocks": 20},
        "van": SEQUENCE | {"train": {"by": "free-energy", "steps": 5, "annealing": 0.3}},
        "made": SEQUENCE | {"train": "observations", "epochs": 2, "test": 2},
        "windows": {"kind": "ednn", "focus": 2, "context": 1, "hidden": [4], "skip": 0, "train": "pseudolikelihood",
                    "steps": 3, "batch": 50, "learning_rate": 0.002},
    },
    "analysis": {
        "larger": RUN | {"kind": "extrapolation", "of": "direct", "betas": [0.1, 0.2, 0.3, 0.4], "sides": [6, 4]},
        "free": RUN | {"kind": "free-energy", "of": "direct", "constant": "mean-zero", "betas": [0.2, 0.4],
                       "integral": {"nodes": 2, "samples": 30}, "against": "exact"},
        "nis": {"kind": "importance", "of": "van", "count": 200, "against": "exact"},
        "apart": {"kind": "divergence", "of": "made", "against": "exact"},
        "cover": {"kind": "coverage", "of": "windows", "each": 4},
    },
}  # fmt: skip
NUMBER = re.compile(r"^(-?\d+)(?:\.(\d+))?\(([\d.]+)\)")


@pytest.fixture(scope="module")
def tree(still, tmp_path_factory):
    """A small experiment, run."""
    folder = tmp_path_factory.mktemp("asked")
    (folder / "asked.toml").write_text(tomlkit.dumps(tomllib.loads(still) | ASKED))
    path = opened(folder / "asked.toml", folder / "runs", None, ()).run(2).path / "result.nc"
    with xr.open_datatree(path, engine="netcdf4") as found:
        return found.load()


@pytest.fixture(scope="module")
def page(tree, tmp_path_factory):
    return write(tree, tmp_path_factory.mktemp("page"))


def words(page: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", re.sub(r"<svg.*?</svg>", " ", page, flags=re.S))))


def table(path, title: str) -> list[list[list[str]]]:
    """Rows of cells of lines of the table below a heading."""
    section = path.read_text().partition(f"<h2>{title}</h2>")[2].partition("</section>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", section.partition("<tbody>")[2], flags=re.S)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, flags=re.S) for row in rows]
    return [[[w for w in re.split(r"<[^>]+>", cell) if w] for cell in row] for row in cells]


def near(said: str, value: float, se: float) -> None:
    """-1.4532(12) is value ± se: the first to half a digit of the last, the second to 5 %."""
    found = NUMBER.match(said)
    assert found, said
    digits = len(found[2] or "")
    assert abs(float(said.partition("(")[0]) - value) <= 0.51 * 10.0**-digits
    assert float(found[3]) * (1 if "." in found[3] else 10.0**-digits) == pytest.approx(se, rel=0.06)


@pytest.mark.parametrize(
    ("value", "se", "said"),
    [
        (-1.45316, 0.00123, "-1.4532(12)"), (0.5, 0.0996, "0.50(10)"), (12.34, 1.26, "12.3(1.3)"),
        (251.2, 34.4, "251(34)"), (0.25, 0.0, "0.25"), (np.nan, 0.1, "–"), (1.0, np.nan, "1"),
    ],
)  # fmt: skip
def test_brackets_hold_two_digits_of_the_error(value, se, said):
    assert bracketed(value, se) == said


def test_the_farthest_is_so_by_its_size_and_nan_is_no_number():
    z = {"energy": xr.DataArray([1.0, -7.0], {"target": [0.1, 0.3]}, "target"),
         "entropy": xr.DataArray([np.nan, 2.0], dims="target"), "none": xr.DataArray([np.nan])}  # fmt: skip
    found = farthest(z)
    assert found is not None
    assert (found.name, found.place, found.size, found.numbers) == ("energy", {"target": "0.3"}, 7.0, 3)
    assert not found.agrees
    assert farthest({"none": z["none"]}) is None


def test_predictions_of_the_page_are_those_of_the_result(tree, page):
    data, rows = tree["analysis/larger"], table(page, "Other temperatures and sizes")
    assert len(rows) == 2 * 4
    for (_, seen, target, *cells), (b, t) in zip(rows, np.ndindex(2, 4), strict=True):
        assert (float(seen[0]), float(target[0])) == (data["beta"][b], data["target"][t])
        names = ("energy", "energy_change", "abs_magnetization", "heat_capacity", "susceptibility")
        for name, cell in zip(names, cells, strict=True):
            if name == "energy_change" and t == 0:
                assert cell == ["0", "0"]
                continue
            near(cell[0], float(data[name][b, t]), float(data[f"{name}_se"][b, t]))
            near(cell[1], float(data[f"true_{name}"][b, t]), float(data[f"true_{name}_se"][b, t]))
            assert float(cell[2]) == pytest.approx(float(data[f"{name}_z"][b, t]), abs=0.051)


def test_the_page_says_of_how_many_numbers_the_farthest_is_one(tree, page):
    """Of every sentence the number is a number; of predictions as many as have a distance."""
    said = re.findall(r"the farthest of (.*?) numbers is", words(page.read_text()))
    assert len(said) >= 2
    assert all(n.isdigit() and int(n) > 0 for n in said), said


def test_a_figure_stands_where_targets_are_many(tree, page):
    assert (page.parent / "figures" / "extrapolation-larger.svg").exists()
    (one,) = (one for one in asked(tree) if one.kind == "extrapolation")
    few = replace(one, found={n: d.isel(target=slice(3)) for n, d in one.found.items()})
    assert not list(few.part.figures(few))


def test_free_energies_of_all_kinds_stand_in_one_table(tree, page):
    rows, quantities = table(page, "Free energy and entropy"), ("energy", "abs_magnetization", "entropy", "free_energy")
    exact, free = tree["reference/exact"], tree["analysis/free"]
    kinds = [("van", tree["bottleneck/van"]), ("nis", tree["analysis/nis"])]
    each = [
        line
        for t in range(2)
        for line in (
            *((n, t, d.isel(beta=t).to_dataset(), "") for n, d in kinds),
            *(("free", t, free.isel(beta=b, target=t).to_dataset(), "") for b in range(2)),
            ("free", t, free.isel(target=t).to_dataset(), "true_"),
            ("exact", t, None, ""),
        )
    ]
    assert [r[0][0] for r in rows] == [n for n, *_ in each]
    assert f"n_eff {float(tree['analysis/nis/ess'][0]):.0%}" in rows[1][0][1]
    for (*_, U, m, S, F), (_, t, one, prefix) in zip(rows, each, strict=True):
        for q, cell in zip(quantities, (U, m, S, F), strict=True):
            if one is None:
                assert cell == [f"{float(exact[q][t]):.7g}" if q in exact else "–"]
                continue
            value, se = float(one[prefix + q]), float(one[f"{prefix}{q}_se"])
            near(cell[0], value, se)
            if q in exact:
                off, z = map(float, cell[1].split(","))
                assert off == pytest.approx(value - float(exact[q][t]), rel=0.06)
                assert z == pytest.approx((value - float(exact[q][t])) / se, rel=0.01, abs=0.051)


@pytest.mark.parametrize(
    ("where", "names", "told"),
    [
        ("larger", "energy_z", "larger {} the true energy's own run"),
        ("free", "entropy_z", "free {} exact truth"),
        ("free", "energy_control_z", "free {} the true energy's own run"),
        ("free", "true_free_energy_z", "free, the true energy itself, {} exact truth"),
    ],
)
def test_an_agreement_is_said_to_be_one_only_where_it_is(tree, where, names, told):
    for size, says in ((5.9, "agrees with"), (-6.1, "is away from")):
        other = xr.DataTree.from_dict({p.path: p.to_dataset().copy(deep=True) for p in tree.subtree})
        other.attrs, data = tree.attrs, other[f"analysis/{where}"]
        for z in [v for v in data.data_vars if str(v).endswith("_z")]:
            data[z][:] = 0.0
        data[names][..., 0] = size
        page = words(joined(sentences(one) for one in asked(other)))
        assert told.format(says) in page
        assert f"{abs(size)} " in page.partition(told.format(says))[2][:120]


def test_divergence_and_coverage_are_those_of_the_result(tree, page):
    for k, (_, beta, kl, cost) in enumerate(table(page, "Divergence from the truth")):
        one = tree["analysis/apart"].isel(beta=k)
        assert float(beta[0]) == one["beta"]
        near(kl[0], float(one["divergence"]), float(one["divergence_se"]))
        near(cost[0], float(one["cross_entropy"]), float(one["cross_entropy_se"]))
    for k, (_, _, patterns, low, high, seen, _) in enumerate(table(page, "Patterns never observed")):
        one = tree["analysis/cover"].isel(beta=k)
        assert patterns[0] == f"{float(one['patterns_unseen']):.2%}"
        assert (low[0], high[0]) == tuple(f"{float(one['unseen'][n]):.2%}" for n in (0, -1))
        assert seen[0] == (f"{float(one['rmse_seen']):.3g}" if np.isfinite(one["rmse_seen"]) else "–")


def test_no_number_of_the_page_is_nan(page):
    assert not re.search(r"\bnan\b", words(page.read_text()).partition("Experiment")[0])
