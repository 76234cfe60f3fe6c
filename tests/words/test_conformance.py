"""Every word of the language, enrolled by being there: it needs an example, and obeys the same rules.

With --examples FOLDER the same of the words of other packages, see `enrolment`.
"""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import enrolment
import numpy as np
import pytest
import tomlkit
import xarray as xr

from spindsl.engine import Runner
from spindsl.experiment import load, loads
from spindsl.lower import lower
from spindsl.spec import NOUNS, PARTS, words
from spindsl.store import Store

ENROLLED = enrolment.every()
LEARNED_OF_OTHERS = ("topology", "couplings")  # their matter is learned in the examples of systems; not again here
ours = pytest.mark.skipif(bool(enrolment.given), reason="of the project's own tree: words of others are examined")


@pytest.fixture
def example(small, still, recording, tmp_path):
    """A small experiment, driven or at equilibrium as the example says (`base`), with a word's example in the place of
    what it had; recorded files beside it."""

    def read(noun: str, kind: str) -> str:
        path = enrolment.folder() / noun / f"{kind}.toml"
        assert path.exists(), f"the {noun} {kind!r} needs an example in {path}"
        given = tomllib.loads(path.read_text())
        table = tomllib.loads(still if given.pop("base", "") == "equilibrium" else small)
        if noun in LEARNED_OF_OTHERS and not {"bottleneck", "analysis"} & given.keys():
            del table["bottleneck"], table["analysis"]["drive"]
        for key, value in given.items():
            named = key in ("reference", "bottleneck", "analysis") and value
            table[key] = table.get(key, {}) | value if named else value
        if table["system"]["kind"] == "recorded":
            del table["dynamics"], table["protocol"]
            recording(tmp_path)
        for file in path.parent.iterdir():
            if file.suffix != ".toml":
                shutil.copy(file, tmp_path)
        if kind == "learned":
            offsets = np.array([[[0, 0], [0, 1], [-128, -128]], [[0, 0], [0, 1], [1, 0]]], dtype=np.int16)
            found = {
                "offsets": (("template", "body", "axis"), offsets),
                "coupling": (("beta", "template"), [[1.0, 0.2]]),
            }
            file = tmp_path / "result.nc"
            xr.Dataset(found, {"beta": [0.4]}).to_netcdf(file, group="/bottleneck/direct", engine="netcdf4")
        if kind == "file":
            J = np.triu(np.random.default_rng(0).normal(size=(16, 16)), 1)
            xr.Dataset({"J": (("i", "j"), J + J.T)}).to_netcdf(tmp_path / "couplings.nc", engine="netcdf4")
        return tomlkit.dumps(table)

    return read


@pytest.mark.parametrize(("noun", "kind"), ENROLLED)
def test_spec_to_toml_to_spec_is_the_identity(example, noun, kind):
    experiment = loads(example(noun, kind))
    assert loads(experiment.resolved()) == experiment
    assert loads(experiment.resolved()).identity == experiment.identity


@pytest.mark.parametrize(("noun", "kind"), ENROLLED)
def test_a_word_keeps_its_promises_whatever_the_blocks(example, tmp_path, noun, kind):
    """The engine holds every piece against its promise; the whole does not depend on the cut."""
    graph = lower(loads(example(noun, kind)), tmp_path)
    whole = Runner(graph, Store(tmp_path / "whole"), 2).run()
    pieces = Runner(graph, Store(tmp_path / "pieces"), 1, block=3).run()
    for node, stage in graph.stages.items():
        for name, promise in stage.gives.items():
            found = whole[node][name]
            assert found.dims == promise.dims
            assert found.attrs["units"] == promise.units
            assert found.attrs["long_name"]
            assert found.values.tobytes() == pieces[node][name].values.tobytes(), (node, name)


@pytest.mark.parametrize(("noun", "kind"), ENROLLED)
def test_a_word_is_documented(noun, kind):
    """A docstring of its own, and a description or a default for every key."""
    word = {n.__name__.lower(): n for n in (*NOUNS, *PARTS)}[noun]
    word = words(word)[kind]
    assert word.__doc__
    assert word.model_config["frozen"]
    assert word.model_config["strict"]
    assert word.model_config["extra"] == "forbid"


def test_reading_loads_nothing_heavy():
    """Neither `import spindsl` nor reading and lowering an experiment; each is a process of its own."""
    file = Path(__file__).parents[2] / "experiments/zhong2020/classification.toml"
    heavy = "{'torch', 'numba', 'sklearn', 'scipy', 'xarray', 'pandas', 'matplotlib', 'netCDF4'}"
    for code in (
        "import spindsl",
        "from spindsl.cli import app; from typer.testing import CliRunner; CliRunner().invoke(app, ['--help'])",
        f"from typer.testing import CliRunner; from spindsl.cli import app; "
        f"r = CliRunner().invoke(app, ['check', {str(file)!r}]); assert r.exit_code == 0, r.output",
    ):
        check = f"import sys; {code}; loaded = {heavy} & set(sys.modules); assert not loaded, loaded"
        done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@ours
def test_a_file_loads_the_words_that_it_uses():
    """`check` of a valid file loads no word beside, and each kind of ours lies in the file of its name."""
    file = Path(__file__).parents[2] / "experiments/zhong2020/classification.toml"
    code = (
        f"import sys; from spindsl.spec import NOUNS, PARTS, loaded; from spindsl.experiment import load; "
        f"kinds = {{*load({str(file)!r}).resolved().split('\"')}}; "
        f"extra = {{k for n in (*NOUNS, *PARTS) for k in loaded(n)}} - kinds; assert not extra, extra"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for noun in (*NOUNS, *PARTS):
        for kind, word in words(noun).items():
            if word.__module__.startswith("spindsl."):
                assert word.__module__ == f"spindsl.{noun.home}.{kind.replace('-', '_')}"


@ours
@pytest.mark.parametrize("file", sorted(Path(__file__).parents[2].glob("experiments/**/*.toml")), ids=lambda p: p.stem)
def test_every_experiment_of_the_project_reads(file):
    assert load(file).expect


@ours
@pytest.mark.parametrize(("name", "kind"), [("spin-glass",) * 2, ("recorded",) * 2, ("equilibrium", "ising")])
def test_every_template_reads(name, kind):
    folder = Path(__file__).parents[2] / "spindsl/templates"
    assert load(folder / f"{name}.toml").system.kind == kind


@ours
def test_the_schema_in_the_tree_is_the_language():
    from spindsl.experiment import schema

    assert (Path(__file__).parents[2] / "schemas/experiment.schema.json").read_text() == schema()


@ours
@pytest.mark.parametrize("file", sorted(Path(__file__).parents[2].glob("experiments/**/*.toml")), ids=lambda p: p.stem)
def test_the_schema_accepts_what_the_language_accepts(file):
    import json

    import jsonschema

    from spindsl.experiment import schema

    jsonschema.validate(tomllib.loads(file.read_text()), json.loads(schema()))
