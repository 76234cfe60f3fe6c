"""An experiment changed by --set is run whatever its file expects; what it expected is shown and not judged."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spindsl.cli import app

EXPECT = """
[[expect]]
of = "analysis.spins.score"
where = { switch = { last = 2 } }
min = 2.0
source = "nobody"

[[expect]]
of = "analysis.spins.score"
where = { switch = [5, 6] }
min = 2.0
source = "nobody"
"""


@pytest.fixture
def call(tmp_path, monkeypatch, small):
    """Run a command in a folder that holds small.toml, whose expectations nothing meets."""
    monkeypatch.chdir(tmp_path)
    text = small[: small.index("[bottleneck.vae]")] + small[small.index("[analysis.spins]") :] + EXPECT
    (tmp_path / "small.toml").write_text(text)
    return lambda *words: CliRunner().invoke(app, list(words))


@pytest.mark.parametrize("change", ["protocol.switches=4", "protocol.switches=3", "sweep=[{product={seed=[1, 2]}}]"])
def test_a_changed_experiment_is_checked_and_run(call, change):
    assert call("check", "small.toml", "--set", change).exit_code == 0
    assert call("plan", "small.toml", "--set", change).exit_code == 0


def test_expectations_of_a_changed_experiment_are_not_judged(call):
    done = call("run", "small.toml", "-q", "--set", "protocol.switches=4")
    assert done.exit_code == 0, done.output
    folder = Path(done.stdout.split("\n")[0])
    first, second = done.stdout.split("\n")[1:3]
    assert first.strip().startswith("not judged (experiment changed)")
    assert second.strip().startswith("nothing selected")
    rows = json.loads((folder / "status.json").read_text())["expectations"]
    assert [(r["ok"], r["verdict"]) for r in rows] == [(None, "not judged"), (None, "nothing selected")]
    assert rows[0]["measured"] is not None
    assert rows[1]["measured"] is None
    assert "not judged (experiment changed)" in call("show", str(folder)).stdout
    again = call("run", "small.toml", "-q", "--set", "protocol.switches=4")
    assert again.exit_code == 0
    assert "was there already" in again.stdout
    assert call("report", str(folder)).exit_code == 0
    page = (folder / "report.html").read_text()
    assert "not judged (experiment changed)" in page
    assert "nothing selected" in page
    assert "missed" not in page.partition("<body")[2]


def test_expectations_are_judged_where_no_number_is_changed(call):
    for change in ('title="another"', "protocol.switches=6", "expect.1.min=0.0"):
        done = call("run", "small.toml", "-q", "--set", change)
        assert done.exit_code == 6, change
        assert "NOT MET" in done.stdout


def test_what_set_itself_expects_is_judged(call):
    change = ("--set", 'expect=[{of="analysis.spins.scor", min=0.5, source="x"}]', "--set", "seed=8")
    assert "E205" in call("check", "small.toml", *change).stderr
