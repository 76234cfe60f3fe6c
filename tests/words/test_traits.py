"""What a result says of its kinds and of its swept dimensions, and that the page needs nothing else of them."""

import json
import re
import sys
import tomllib
from pathlib import Path

import pytest
import tomlkit
import xarray as xr

from spindsl import report
from spindsl.experiment import loads
from spindsl.report.kinds import traits as known
from spindsl.report.questions import asked
from spindsl.report.slices import parameters
from spindsl.run import opened
from spindsl.sweeping import axes
from spindsl.traits import common, marks, meaning, traits

EXAMPLES = Path(__file__).parent / "examples"
FOREIGN = (
    "evil",
    "evil.worse",
    "../../evil",
    "os",
    "asked",
    "series",
    "spindsl.report.page",
    "novelty.evil",
    "",
    3,
    ["evil"],
)
FAST = {"relax": 10.0, "trials": 12}


def changed(small: str, **tables: dict) -> str:
    """The small experiment without its network, which is slow, and with further tables."""
    table = tomllib.loads(small)
    table["protocol"] |= FAST
    for noun, named in tables.items():
        table[noun] = table.get(noun, {}) | named if isinstance(named, dict) else named
    return tomlkit.dumps(table)


def plain(small: str, **tables: dict) -> str:
    table = tomllib.loads(changed(small, **tables))
    table["bottleneck"].pop("vae")
    table["analysis"].pop("drive")
    return tomlkit.dumps(table)


def result(text: str, folder: Path) -> Path:
    """The run directory of an experiment."""
    (folder / "it.toml").write_text(text)
    return opened(folder / "it.toml", folder / "runs").run(2).path


@pytest.fixture(scope="module")
def swept(small, tmp_path_factory):
    """The run directory of a sweep over an inverse temperature."""
    text = plain(small, sweep=[{"product": {"dynamics.beta": [1.0, 2.0]}}])
    return result(text, tmp_path_factory.mktemp("swept"))


def tree(path: Path) -> xr.DataTree:
    with xr.open_datatree(path / "result.nc", engine="netcdf4") as found:
        return found.load()


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", re.sub(r"<(svg|style).*?</\1>", " ", page, flags=re.S)))


@pytest.fixture(scope="module")
def page(swept):
    """What its page says."""
    return words(report.write(tree(swept), swept).read_text())


def test_an_analysis_is_neural_supervised_or_plain_as_what_it_reads(small):
    vib = {"kind": "vib", "hidden": [8], "latent": 2, "epochs": 2, "batch": 16, "beta": 0.1}
    reads = {"kind": "classification", "of": "seen", "by": {"kind": "kde"}}
    found = traits(
        loads(changed(small, bottleneck={"seen": vib}, analysis={"label": reads, "few": reads | {"of": "pca"}}))
    )
    three = {path: tuple(t[n] for n in ("neural", "supervised", "plain")) for path, t in found.items() if "neural" in t}
    assert three == {
        "bottleneck.vae": (1, 0, 0), "bottleneck.pca": (0, 0, 1), "bottleneck.seen": (1, 1, 0),
        "analysis.drive": (1, 0, 0), "analysis.power": (0, 0, 1), "analysis.spins": (0, 0, 1),
        "analysis.label": (1, 1, 0), "analysis.few": (0, 0, 1),
    }  # fmt: skip
    assert found["system"] == {"kind": "spin-glass", "title": "spin glass"}


def test_where_points_read_another_bottleneck_nothing_is_said_of_it(small):
    found = traits(loads(changed(small, sweep=[{"product": {"analysis.drive.of": ["vae", "pca"]}}])))
    assert found["analysis.drive"] == {"kind": "classification", "title": "classification", "supervised": 0}
    assert common([{"kind": "pca", "plain": 1}, {"kind": "vae", "plain": 0}]) == {"kind": "pca, vae"}


@pytest.mark.parametrize(
    ("description", "parts"),
    [
        ("inverse temperature, 1/K (k_B = 1)", ("inverse temperature", "1/K")),
        (
            "inverse temperature, 1/K (k_B = 1), under a drive; at equilibrium in the protocol",
            ("inverse temperature", "1/K"),
        ),
        ("height B of the barrier, K: of all, or drawn for each", ("height B of the barrier", "K")),
        ("time, s; absent for `time`", ("time", "s")),
        ("inverse temperatures to predict, ascending, 1/J", ("inverse temperatures to predict, ascending", "1/J")),
        ("how strongly, J > 0 is ferromagnetic", ("how strongly, J > 0 is ferromagnetic", "")),
        ("of a bottleneck: means, or its evidence", ("of a bottleneck: means, or its evidence", "")),
    ],
)
def test_a_description_says_the_unit(description, parts):
    assert meaning(description) == parts


def test_swept_labels_say_their_key_and_its_unit(small):
    zipped = {"dynamics.barrier": [2.0, 2.0, 3.0], "dynamics.beta": [1.0, 2.0, 3.0], "bottleneck.pca.latent": [1, 2, 3]}
    drawn = {"bottleneck.vae.hidden": [[4], [8]], "protocol.dwell": [50.0, 100.0], "system.couplings.std": [1.0, 2.0]}
    one = loads(changed(small, sweep=[{"zip": zipped}, {"product": drawn}]))
    found = marks(one, axes(one.sweep, 3))
    paths = {"beta": "dynamics.beta", "barrier": "dynamics.barrier", "latent": "bottleneck.pca.latent"} | {
        p.rpartition(".")[2]: p for p in drawn
    }
    assert {name: m["sweep_path"] for name, m in found.items()} == {
        "pca_latent" if n == "latent" else n: p for n, p in paths.items()
    }
    units = {"beta": "1/K", "barrier": "K", "pca_latent": "1", "hidden": "", "dwell": "s", "std": "K"}
    assert {name: m["units"] for name, m in found.items()} == units
    assert found["beta"]["long_name"] == "inverse temperature"
    assert "realization" not in found


def test_marks_reach_the_file_and_the_page(swept, page):
    """B18: a sweep over dynamics.beta of driven matter."""
    found = tree(swept)
    attrs = {k: str(v) for k, v in found["/trajectory"]["beta"].attrs.items()}
    assert attrs == {"long_name": "inverse temperature", "units": "1/K", "sweep": "1", "sweep_path": "dynamics.beta"}
    assert found["/analysis/power"].attrs["plain"] == 1 and found["/dynamics"].attrs["kind"] == "arrhenius"
    (beta,) = parameters(found)
    assert (beta.name, beta.axis, beta.values.tolist()) == ("beta", "beta, 1/K", [1.0, 2.0])
    assert "2 points of beta" in page and "Scores over the sweep" in page


def test_a_sweep_over_beta_and_barrier_is_drawn(small, tmp_path):
    """B18, as in the README."""
    product = {"dynamics.beta": [1.0, 2.0], "dynamics.barrier": [3.0, 4.5]}
    path = result(plain(small, sweep=[{"product": product}], realizations=2), tmp_path)
    found = tree(path)
    assert [p.axis for p in parameters(found)] == ["beta, 1/K", "barrier, K"]
    assert "4 points (beta 2 × barrier 2)" in words(report.write(found, path).read_text()).replace("\xa0", " ")
    assert found["/quenched/trajectory"]["beta"].attrs["sweep_path"] == "dynamics.beta"


def test_a_result_without_marks_is_drawn_as_well(swept, page, tmp_path):
    """As results were before: the axis has the words of equilibrium, and groups say nothing."""
    found = tree(swept)
    for node in found.subtree:
        if node.path != "/":
            node.attrs.clear()
        for coord in node.coords.values():
            if "sweep_path" in coord.attrs:
                coord.attrs.clear()
                coord.attrs |= {"long_name": "inverse temperature", "units": "1/J"}
    assert [p.name for p in parameters(found)] == ["beta"]
    assert known(found, "bottleneck", "pca").plain and known(found, "analysis", "power").plain
    assert words(report.write(found, tmp_path).read_text()) == page


@pytest.mark.parametrize("kind", FOREIGN)
def test_nothing_that_a_result_names_is_imported(kind, tmp_path, monkeypatch):
    """Wherever the file says it: at a group, in the resolved experiment, or both."""
    (tmp_path / "evil").mkdir()
    for name in ("__init__", "worse"):
        (tmp_path / "evil" / f"{name}.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    report.write(crafted(None, "pca"), tmp_path)  # loads what any page needs
    before = set(sys.modules)
    for at_group, in_file in [(kind, "pca"), (None, kind), (kind, kind)]:
        page = report.write(crafted(at_group, in_file), tmp_path).read_text()
        assert "asked-of-it" in page and "unheard-of" in page
    assert set(sys.modules) == before
    assert not (tmp_path / "run").exists()


def crafted(at_group, in_file) -> xr.DataTree:
    """A result whose groups and whose experiment say such kinds."""
    attrs = {} if at_group is None else {"kind": at_group, "title": "unheard-of"}
    groups = ("/analysis/asked-of-it", "/bottleneck/b", "/reference/r", "/system", "/dynamics", "/protocol")
    number = ((), 0.5, {"long_name": "unheard-of"})
    found = xr.DataTree.from_dict({g: xr.Dataset({"auc": number}, attrs=attrs) for g in groups})
    said = {"analysis": {"asked-of-it": {"kind": in_file, "of": "b"}}, "bottleneck": {"b": {"kind": in_file}}}
    said |= {"reference": {"r": {"kind": in_file}}}
    said |= {noun: {"kind": in_file} for noun in ("system", "dynamics", "protocol")}
    found.attrs["resolved"] = json.dumps(said)
    return found


def test_a_group_that_says_another_kind_than_the_file_is_drawn_generally(swept):
    found = tree(swept)
    found["/analysis/power"].attrs["kind"] = "novelty"
    assert not asked(found)
