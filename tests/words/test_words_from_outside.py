"""Words of another package, in one file: they run, their traits are stored, and they draw their part of the page."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import tomlkit
import xarray as xr

PACKAGE = '''\
"""An analysis, and a bottleneck, with their parts of the page."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from spindsl.graph import Promise, Split, Stage
from spindsl.spec import Analysis, Bottleneck, Label, Positive


class Familiarity(Analysis):
    """Mean of what is read: one number a time."""

    title: ClassVar = "Familiarity of everything"

    kind: Literal["familiarity"]
    of: Label

    @classmethod
    def page(cls):
        from spindsl.report.questions import Part

        return Part(sentences, figures, table)

    def refers(self):
        return self.of

    def stages(self, name, sources):
        trajectory = sources["trajectory"]
        coords = {k: trajectory.coords[k] for k in ("switch", "time")}
        gives = {"familiarity": Promise(("time",), "K", "mean of what is read")}
        return (
            Stage(f"analysis.{name}", mean, {"of": self.of}, gives, ("trajectory",), coords=coords,
                  group=f"/analysis/{name}"),
        )


def mean(task, trajectory):
    import xarray as xr

    value = trajectory["power"].mean(["drive", "trial"]).astype(float)
    return xr.Dataset({"familiarity": ("time", value.values)}, {c: trajectory[c] for c in ("switch", "time")})


def sentences(asked):
    from spindsl.report.markup import joined, tag

    for name, data in asked.found.items():
        yield joined([tag("b", name), f" ends at a familiarity of {float(data['familiarity'][-1]):.3f}."])


def figures(asked):
    from functools import partial

    from spindsl.report.canvas import Plate
    from spindsl.report.markup import tag
    from spindsl.report.questions.drawing import lines
    from spindsl.report.questions.series import series

    shown = [s for n, d in asked.found.items() for s in series(n, d, "familiarity", "time")]
    yield Plate("familiarity", tag("b", "How familiar."), partial(lines, shown, [], ("switch", "familiarity")))


def table(asked):
    from spindsl.report.markup import table

    return table(("familiarity", "times"), [(n, d.sizes["time"]) for n, d in asked.found.items()])


class Sum(Bottleneck):
    """A network in name, which has seen the drives in name."""

    title: ClassVar = "weighted sum"
    neural: ClassVar = True
    supervised: ClassVar = True

    kind: Literal["sum"]
    scale: Positive

    @classmethod
    def page(cls):
        from spindsl.report.markup import Html
        from spindsl.report.questions import Part

        return Part(lambda asked: [Html("Sums are "), Html(", ".join(asked.found))])

    def stages(self, name, sources):
        trajectory = sources["trajectory"]
        gives = {"latent_mean": Promise(("drive", "trial", "time", "latent"), "1", "mean spin", "float32")}
        coords = {k: trajectory.coords[k] for k in ("drive", "trial", "switch", "time")}
        return (
            Stage(f"bottleneck.{name}", squeeze, self.said(), gives, ("trajectory", "split"), coords=coords,
                  split=Split("switch", coords["switch"], 100), sizes={"latent": 1}, group=f"/bottleneck/{name}"),
        )


def squeeze(task, trajectory, split):
    import xarray as xr

    value = trajectory["spins"].mean("spin", dtype="float32") * np.float32(task.params["scale"])
    return xr.Dataset({"latent_mean": value.expand_dims("latent", -1)})
'''
WORDS = {
    "analysis": {
        "deja": {"kind": "familiarity", "of": "power"},
        "sums": {"kind": "classification", "of": "all", "by": {"kind": "kde"}},
        "power": {"kind": "classification", "of": "power", "by": {"kind": "histogram", "bins": 5}},
    },
    "bottleneck": {"all": {"kind": "sum", "scale": 2.0}},
}  # fmt: skip


@pytest.fixture(scope="module")
def outside(small, tmp_path_factory):
    """The folder of a package with an entry point, an experiment, and the runs."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "outsider.py").write_text(PACKAGE)
    (folder / "outsider-1.0.dist-info").mkdir()
    (folder / "outsider-1.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: outsider\nVersion: 1.0\n")
    (folder / "outsider-1.0.dist-info/entry_points.txt").write_text("[spindsl.words]\noutsider = outsider\n")
    table = tomllib.loads(small) | WORDS
    table["protocol"] |= {"relax": 10.0}
    (folder / "it.toml").write_text(tomlkit.dumps(table))
    spindsl(folder, "run", str(folder / "it.toml"), "--runs", str(folder / "runs"))
    return folder


def spindsl(folder: Path, *arguments: str, known: bool = True) -> str:
    """The command, with the package installed or not."""
    start = f"import sys; sys.path.insert(0, {str(folder)!r}); " if known else "import sys; "
    code = f"{start}sys.argv = {['spindsl', *arguments]!r}; from spindsl.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", re.sub(r"<(svg|style).*?</\1>", " ", page, flags=re.S)))


def test_words_from_outside_are_stored_and_drawn(outside):
    (path,) = outside.glob("runs/it/*")
    with xr.open_datatree(path / "result.nc", engine="netcdf4") as tree:
        model, reads = tree["/bottleneck/all"].attrs, tree["/analysis/sums"].attrs
        assert (model["kind"], model["title"], model["neural"], model["supervised"]) == ("sum", "weighted sum", 1, 1)
        assert (reads["neural"], reads["supervised"], reads["plain"]) == (1, 1, 0)
        end = float(tree["/analysis/deja/familiarity"][-1])
    spindsl(outside, "report", str(path))
    page = (path / "report.html").read_text()
    assert "<h2>Familiarity of everything</h2>" in page and "<h2>Weighted sum</h2>" in page
    assert f"deja ends at a familiarity of {end:.3f}." in words(page) and "Sums are" in words(page)
    assert 'id="familiarity"' in page and (path / "figures/familiarity.svg").exists()
    assert "Latent space of all (sum): its one variable" in words(page)
    assert "the bottleneck was fitted with the names" in words(page)
    assert "The best plain statistic, power, against the best trained network, sums" in words(page)


def test_where_the_package_is_absent_the_page_has_general_tables(outside):
    """The same result: the traits are those of the file, the numbers are there, nothing is imported by name."""
    (path,) = outside.glob("runs/it/*")
    spindsl(outside, "report", str(path), known=False)
    page = (path / "report.html").read_text()
    assert "Familiarity of everything" not in page
    assert "deja" in page.partition("<h2>Other analyses</h2>")[2].partition("<h2>")[0]
    assert "the bottleneck was fitted with the names" in words(page)
    assert "The best plain statistic, power, against the best trained network, sums" in words(page)
