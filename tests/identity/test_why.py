"""What made pieces stale is said; unlike environments are told apart."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import spindsl.store
from spindsl.cli import app
from spindsl.engine import Runner
from spindsl.experiment import loads
from spindsl.graph import Graph, Promise, Stage
from spindsl.identity import environment
from spindsl.lower import lower
from spindsl.planning import mixed, plan
from spindsl.store import Store
from spindsl.why import reasons


def run(task, **inputs):
    """One number."""
    import xarray as xr

    return xr.Dataset({"x": ((), float(task.params["a"]))})


@pytest.fixture
def graph(tmp_path: Path):
    """Two stages, of a parameter and a file."""

    def make(a: float = 1.0, text: str = "one") -> Graph:
        file = tmp_path / "data.txt"
        file.write_text(text)
        gives = {"x": Promise((), "1", "a number")}
        first = Stage("first", run, {"a": a, "nested": {"b": [1, 2]}}, gives)
        second = Stage("second", run, {"a": 0.0}, gives, ("first",), files={"data": file})
        return Graph.of({"first": first, "second": second})

    return make


def test_a_parameter_a_file_and_a_need_are_named(graph, tmp_path):
    store = Store(tmp_path / "store")
    assert "nothing of this stage is stored" in reasons(graph(), store)["first"][0]
    Runner(graph(), store, 1).run()
    assert reasons(graph(), store) == {}
    found = reasons(graph(a=2.0, text="two"), store)
    assert found["first"] == ["parameter a: 1.0 → 2.0"]
    assert set(found["second"]) == {"data file data has changed", "it needs first, which is another"}


def test_the_most_similar_is_compared(graph, tmp_path):
    store = Store(tmp_path / "store")
    for a in (1.0, 2.0):
        Runner(graph(a=a), store, 1).run()
    assert reasons(graph(a=1.0, text="two"), store) == {"second": ["data file data has changed"]}


def test_a_function_is_named(graph, tmp_path, monkeypatch):
    store = Store(tmp_path / "store")
    Runner(graph(), store, 1).run()
    true = spindsl.store.closure

    def edited(run, params):
        found = true(run, params)
        return replace(found, key="another", code=dict.fromkeys(found.code, "another"))

    monkeypatch.setattr(spindsl.store, "closure", edited)
    assert reasons(graph(), store)["first"] == [f"code {__name__}:run has changed"]


def test_plan_says_why(small, tmp_path):
    file, store = tmp_path / "small.toml", Store(tmp_path / "runs" / ".store")
    text = small[: small.index("[bottleneck.vae]")]
    file.write_text(text)
    graph = lower(loads(text), tmp_path)
    Runner(Graph.of({n: graph.stages[n] for n in ("system", "dynamics")}), store, 1).run()
    command = ["plan", str(file), "--runs", str(tmp_path / "runs"), "--why", "--set", "system.couplings.std=2.0"]
    told = CliRunner().invoke(app, command)
    assert told.exit_code == 0, told.output
    assert "parameter couplings.std: 1.0 → 2.0" in told.output.partition("\nsystem\n")[2].partition("\n\n")[0]


def test_unlike_environments_are_said(graph, tmp_path, monkeypatch):
    store = Store(tmp_path / "store")
    Runner(graph(), store, 1).run()
    assert mixed(plan(graph(), store), store) == []
    other = environment.environment() | {"numpy": "1.0"}
    monkeypatch.setattr(spindsl.store, "environment", lambda: other)
    Runner(graph(text="two"), store, 1).run()
    (line,) = mixed(plan(graph(text="two"), store), store)
    assert line.startswith("stored pieces are of unlike numpy: 1.0; ")


def test_a_result_of_unlike_pieces_says_so(small, tmp_path, monkeypatch):
    from spindsl.report.tables import recorded
    from spindsl.run import opened

    file = tmp_path / "small.toml"
    file.write_text(small[: small.index("[bottleneck.vae]")])
    first = json.loads((opened(file, tmp_path / "runs").run(1).path / "provenance.json").read_text())
    assert first["pieces"] == environment.environment()
    assert "unlike" not in first
    monkeypatch.setattr(spindsl.store, "environment", lambda: environment.environment() | {"numpy": "1.0"})
    more = opened(file, tmp_path / "runs", None, ("protocol.trials=24",)).run(1).path
    second = json.loads((more / "provenance.json").read_text())
    assert "1.0" in second["unlike"]["numpy"]
    assert "pieces of unlike numpy" in recorded(second, "")
