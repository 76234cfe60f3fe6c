"""Five words in a package outside the tree, each written by CONTRIBUTING's recipe: they run, draw and obey our rules.

The package is installed in a folder of its own. Nothing of ours knows it. Beside it lies the word that
CONTRIBUTING shows.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy import stats

FALSE_ALARM = 1e-6
PACKAGE, TESTS = Path(__file__).parent / "package", Path(__file__).parents[1]
WORDS = ["capped-arrhenius", "familiarity", "json-lines", "p-spin", "paramagnet"]

DRIVEN = """\
spindsl = 1
title = "triples under fields"
seed = 3
[system]
kind = "p-spin"
spins = 20
order = 3
tuples = 30
couplings = { kind = "plus-minus", J = 1.0 }
[dynamics]
kind = "capped-arrhenius"
beta = 2.0
barrier = 4.0
cap = 0.001
[protocol]
kind = "field-drive"
initial = "annealed"
relax = 1e5
dwell = 1e5
switches = 6
trials = 20
fields = { names = ["A", "B", "C"], kind = "normal", std = 3.0 }
drives = { kind = "subsets", size = 2 }
[analysis.known]
kind = "familiarity"
of = "spins"
drive = "AB"
"""

STILL = """\
spindsl = 1
title = "triples left alone"
seed = 3
[system]
kind = "p-spin"
spins = 8
order = 3
density = 1.0
couplings = { kind = "normal", std = 1.0 }
[dynamics]
kind = "metropolis"
order = "random"
[protocol]
kind = "equilibrium"
betas = [0.3, 0.6]
chains = 20
initial = "random"
burn_in = 50
samples = 200
every = 5
[reference.exact]
kind = "enumeration"
[analysis.thermo]
kind = "thermodynamics"
against = "exact"
"""

FREE = STILL.replace("order = 3", "order = 1").replace("enumeration", "paramagnet")

RECORDED = """\
spindsl = 1
title = "a recording"
seed = 3
[system]
kind = "recorded"
reader = { kind = "json-lines", file = "recording.jsonl" }
variables = { spins = "s", trial = "run" }
observables = { power = "absorbed" }
values = { down = 0, up = 1 }
[split]
test = 0.4
[analysis.known]
kind = "familiarity"
of = "spins"
drive = "AB"
"""

IMPORTS = """\
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from spindsl.ensemble import sample_dims
from spindsl.graph import Promise, Split, Stage, Task
from spindsl.spec import Bottleneck, Positive

if TYPE_CHECKING:
    import xarray as xr

    from spindsl.report.markup import Html
    from spindsl.report.questions import Asked, Part
"""
MEAN = """
[bottleneck.mean]
kind = "mean"
scale = 2.0
[analysis.averaged]
kind = "classification"
of = "mean"
by = { kind = "kde" }
"""

EXPERIMENTS = {"driven": DRIVEN + MEAN, "still": STILL, "free": FREE, "recorded": RECORDED}

COMMANDS = """
import json, sys
from pathlib import Path
from typer.testing import CliRunner
from spindsl.cli import app

def call(*arguments):
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    assert done.exit_code == 0, (arguments, done.output, done.exception)

for name in sys.argv[1:]:
    for verb in ("check", "plan", "run", "cite"):
        call(verb, name + ".toml", *(["--quiet"] if verb == "run" else []))
        heavy = {"numba", "torch", "xarray"} & set(sys.modules)
        assert verb != "check" or name != sys.argv[1] or not heavy, heavy
    (path,) = Path("runs").glob(name + "/*")
    call("report", path)
    call("show", path)
"""


def installed(site: Path) -> Path:
    """The package as pip would lay it: modules, and the entry points of its pyproject."""
    about = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    shutil.copytree(PACKAGE / "extras", site / "extras", ignore=shutil.ignore_patterns("__pycache__"))
    info = site / f"{about['name'].replace('-', '_')}-{about['version']}.dist-info"
    info.mkdir()
    head = f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n"
    (info / "METADATA").write_text(head)
    lines = [f"{k} = {v}" for k, v in about["entry-points"]["spindsl.words"].items()]
    (info / "entry_points.txt").write_text("\n".join(["[spindsl.words]", *lines, "mean = mine.mean", ""]))
    (site / "mine").mkdir()
    (site / "mine/__init__.py").write_text("")
    code = (TESTS.parent / "CONTRIBUTING.md").read_text().partition("```python\n")[2].partition("```")[0]
    (site / "mine/mean.py").write_text(f"{IMPORTS}\n\n{code}")
    shutil.copytree(PACKAGE / "examples", site / "examples")
    (site / "examples/bottleneck").mkdir()
    (site / "examples/bottleneck/mean.toml").write_text(MEAN)
    return site


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    return installed(tmp_path_factory.mktemp("site"))


def python(site: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Python where the package is installed."""
    path = os.pathsep.join([str(site), str(TESTS.parent), *sys.path])
    environment = os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def runs(site, tmp_path_factory) -> Path:
    """Each experiment checked, planned, run, reported, shown and cited; `check` has loaded nothing heavy."""
    folder = tmp_path_factory.mktemp("runs")
    for name, text in EXPERIMENTS.items():
        (folder / f"{name}.toml").write_text(text)
    shutil.copy(PACKAGE / "examples/reader/recording.jsonl", folder)
    done = python(site, folder, "-c", COMMANDS, *EXPERIMENTS)
    assert done.returncode == 0, done.stderr
    return folder / "runs"


def result(runs: Path, name: str) -> Path:
    (path,) = runs.glob(f"{name}/*")
    return path


def group(runs: Path, name: str, path: str) -> xr.Dataset:
    with xr.open_datatree(result(runs, name) / "result.nc", engine="netcdf4") as tree:
        return tree[path].to_dataset().load()


def page(runs: Path, name: str) -> str:
    """What the page says, without its tags."""
    html = (result(runs, name) / "report.html").read_text()
    text = re.sub(r"<[^>]+>", "", re.sub(r"<(svg|style).*?</\1>", " ", html, flags=re.S))
    return re.sub(r"\s+", " ", text)


def test_the_package_is_one_file_a_word_a_dynamics_two_and_nothing_of_ours_names_it():
    files = {p.name for p in (PACKAGE / "extras").glob("*.py")} - {"__init__.py"}
    assert files == {f"{w.replace('-', '_')}.py" for w in WORDS} | {"capped_rule.py"}
    ours = (TESTS.parent / "spindsl").rglob("*.py")
    named = re.compile("|".join(f"[\"']{w}[\"']" for w in WORDS))
    assert not [p for p in ours if named.search(p.read_text())]


def test_a_driven_glass_of_triples_has_the_energy_that_it_states(runs):
    """E = -sum_t J_t s s s of every recorded configuration, stored as float32."""
    system, found = group(runs, "driven", "/system"), group(runs, "driven", "/trajectory")
    product = found["spins"].values.astype(float)[..., system["sites"].values].prod(axis=-1)
    energy = -(product * system["coupling"].values).sum(axis=-1)
    np.testing.assert_allclose(found["interaction_energy"].values, energy, rtol=1e-6)
    assert np.ptp(energy) > 4


def test_a_glass_of_triples_at_equilibrium_agrees_with_the_sum_over_its_states(runs):
    """U, C and <|m|> at two temperatures, in standard errors over twenty chains: t of 19, false alarm 1e-6 for all."""
    thermo = group(runs, "still", "/analysis/thermo")
    for name in ("energy_z", "heat_capacity_z", "abs_magnetization_z"):
        assert np.abs(thermo[name].values).max() < stats.t.isf(FALSE_ALARM / 12, 19), name


def test_the_paramagnet_is_exact_and_refuses_what_is_none(runs, site, tmp_path):
    """ln Z = sum_i ln 2 cosh(x_i), U = -sum_i h_i tanh(x_i) / N, C = sum_i (x_i / cosh(x_i))^2 / N with x = beta h."""
    system, exact = group(runs, "free", "/system"), group(runs, "free", "/reference/exact")
    h = np.zeros(8)
    np.add.at(h, system["sites"].values[:, 0], system["coupling"].values)
    x = exact["beta"].values[:, None] * h
    np.testing.assert_allclose(exact["log_z"], np.log(2 * np.cosh(x)).sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(exact["energy"], -(h * np.tanh(x)).mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(exact["heat_capacity"], ((x / np.cosh(x)) ** 2).mean(axis=1), rtol=1e-12)
    assert np.abs(group(runs, "free", "/analysis/thermo")["energy_z"].values).max() < stats.t.isf(FALSE_ALARM / 4, 19)
    (tmp_path / "it.toml").write_text(STILL.replace("enumeration", "paramagnet"))
    done = python(site, tmp_path, "-m", "spindsl.cli", "check", "it.toml", "--format", "json")
    assert done.returncode == 3, done.stderr
    (finding,) = json.loads(done.stdout)
    assert "a product of 3 spins" in finding["message"] and finding["hint"]


def test_the_recording_is_that_of_the_file(runs):
    rows = [json.loads(line) for line in (PACKAGE / "examples/reader/recording.jsonl").read_text().splitlines()]
    found = group(runs, "recorded", "/trajectory")
    assert found["switch"].values.tolist() == [1, 2]
    for row in rows:
        trial = found.isel(trial=int(row["run"][1:]), time=row["switch"] - 1)
        assert trial["spins"].values.tolist() == [2 * s - 1 for s in row["s"]]
        assert float(trial["power"]) == np.float32(row["absorbed"])
        assert str(trial["drive"].values) == row["drive"]


def test_familiar_drives_are_told_and_the_control_is_not(runs):
    """The recording has a pattern of its own for each drive, of which 15 % of the spins are turned: the area is 1, and
    three held-out trials of the drive exclude what is below 0.05^(1/3)."""
    found = group(runs, "recorded", "/analysis/known")
    assert (found["auc"] == 1.0).all() and (found["auc_high"] == 1.0).all() and float(found["chance"]) == 0.5
    np.testing.assert_allclose(found["auc_low"], 0.05 ** (1 / 3), rtol=1e-12)
    assert (found["auc_control"] < 1.0).all()
    spins = group(runs, "recorded", "/trajectory")["spins"].values.astype(float)
    split = group(runs, "recorded", "/protocol")["split"].values
    seen = spins[(split == 0) & (group(runs, "recorded", "/trajectory")["drive"].values == "AB")]
    np.testing.assert_allclose(found["overlap"].values, (spins * seen.mean(axis=0)).mean(axis=-1), rtol=1e-12)


def test_the_pages_show_the_parts_of_these_words(runs):
    driven, free = page(runs, "driven"), page(runs, "free")
    end = group(runs, "driven", "/analysis/known").isel(time=-1)
    assert f"known tells AB by its overlap with an area of {float(end['auc']):.3f}" in driven
    assert 'id="familiarity"' in (result(runs, "driven") / "report.html").read_text()
    assert "The glass has 30 products of 3 spins; their couplings spread by" in driven
    assert "No spin flips more often than 0.001 times a second." in driven
    mean = float(group(runs, "driven", "/bottleneck/mean")["latent_mean"].mean())
    assert f"mean has a mean of {mean:.3f}." in driven
    log_z = float(group(runs, "free", "/reference/exact")["log_z"][-1])
    assert f"exact has ln Z = {log_z:.6g} at beta = 0.6." in free
    assert "Random-energy model" in driven  # the word's own reference


@pytest.mark.parametrize(
    ("suite", "chosen"),
    [
        ("words/test_conformance.py", ""),
        ("laws/test_every_matter.py", "enrolled or annealing or steepness or occupation or system-spin-glass"),
    ],
)
def test_the_words_pass_the_suite_that_ours_pass(site, suite, chosen):
    done = python(
        site, TESTS.parent, "-m", "pytest", "-p", "no:cacheprovider", "-o", "addopts=", str(TESTS / suite),
        "--examples", str(site / "examples"), "-k", chosen,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert int(re.findall(r"(\d+) passed", done.stdout)[-1]) >= 15
