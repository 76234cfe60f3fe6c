"""What the command line answers, and with which exit code."""

import fcntl
import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from spindsl.cli import app, main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def call(tmp_path, monkeypatch, small):
    """Run a command in a folder of its own that holds small.toml."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(small)

    def go(*words: str):
        return CliRunner().invoke(app, list(words))

    return go


@pytest.fixture
def exits(monkeypatch, capsys, call):
    """Run through the entry point, for errors that become exit codes there: (code, stderr)."""

    def go(*words: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["spindsl", *words])
        with pytest.raises(SystemExit) as stop:
            main()
        return int(stop.value.code or 0), capsys.readouterr().err

    return go


def test_check_says_valid(call):
    done = call("check", "small.toml")
    assert (done.exit_code, done.output) == (0, "small.toml: valid\n")


def test_check_reports_every_mistake_and_writes_nothing(call, tmp_path):
    text = Path("small.toml").read_text().replace("beta = 3.0", "beta = -3.0").replace("spins = 24", "spin = 24")
    Path("bad.toml").write_text(text)
    for command in ("check", "run", "plan"):
        done = call(command, "bad.toml")
        assert done.exit_code == 3
        assert "bad.toml:7:1" in done.stderr
        assert "bad.toml:13:8" in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.toml", "small.toml"]


def test_check_as_json(call):
    done = call("check", "small.toml", "--set", "dynamics.beta=-1.0", "--format", "json")
    assert done.exit_code == 3
    (finding,) = json.loads(done.stdout)
    assert finding["path"] == ["dynamics", "beta"] or finding["path"] == "dynamics.beta"


def test_meaning_is_checked_after_the_words(call):
    done = call("check", "small.toml", "--set", 'analysis.drive.of="nothing"')
    assert done.exit_code == 3
    assert "E204" in done.stderr
    assert "nothing" in done.stderr


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ('expect=[{of="analysis.drive.scor", min=0.5, source="x"}]', "E205"),
        ('expect=[{of="analysis.drive.score", where={spin=3}, min=0.5, source="x"}]', "E205"),
        ('analysis.power.use="samples"', "E201"),
        ("analysis.power.switches=[7]", "E203"),
        ("realizations=0", "E105"),
        ('sweep=[{product={"dynamics.beta"=[1.0, -2.0]}}]', "E105"),
    ],
)
def test_words_that_do_not_fit_together(call, change, code):
    done = call("check", "small.toml", "--set", change)
    assert done.exit_code == 3, done.output
    assert code in done.stderr


def test_plan_run_show_report(call):
    plan = call("plan", "small.toml")
    assert plan.exit_code == 0
    assert re.search(r"trajectory +1 +0 of 3 +trial", plan.output)
    assert all(len(line) <= 80 for line in plan.output.splitlines())
    done = call("run", "small.toml", "-q")
    assert done.exit_code == 0
    directory = done.stdout.split("\n")[0]
    assert re.fullmatch(r"runs/small/\d{8}T\d{6}Z-[0-9a-f]{8}", directory)
    assert re.search(r"trajectory +1 +3 of 3", call("plan", "small.toml").output)
    assert "/analysis/drive/score" in call("show", directory).output
    assert call("resume", directory, "-q").stdout.startswith(directory)
    report = call("report", directory)
    assert Path(report.stdout.strip()).read_text().startswith("<!doctype html>") or report.exit_code == 0
    kept = {"spec.toml", "spec.resolved.toml", "provenance.json", "plan.json", "status.json", "result.nc", "blocks"}
    assert kept <= {p.name for p in Path(directory).iterdir()}
    assert json.loads(Path(directory, "status.json").read_text())["state"] == "done"


def test_run_on_a_changed_spec_starts_anew_and_overwrites_nothing(call):
    first = call("run", "small.toml", "-q").stdout.split("\n")[0]
    second = call("run", "small.toml", "-q", "--set", "seed=8").stdout.split("\n")[0]
    assert first != second
    assert Path(first, "result.nc").exists()
    assert json.loads(Path(second, "provenance.json").read_text())["set"] == ["seed=8"]


def test_an_expectation_that_is_not_met_gives_6_and_keeps_the_result(call):
    change = 'expect=[{of="analysis.drive.score", min=2.0, source="nobody"}]'
    done = call("run", "small.toml", "-q", "--set", change)
    assert done.exit_code == 6
    assert "NOT MET" in done.stdout
    assert Path(done.stdout.split("\n")[0], "result.nc").exists()


def test_rates_beyond_float64_are_refused(exits):
    code, err = exits("run", "small.toml", "-q", "--set", "dynamics.beta=100.0")
    assert code == 4
    assert "largest local energy" in err


def test_a_run_that_would_not_fit_is_refused(exits, monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    code, err = exits("run", "small.toml", "-q")
    assert code == 3
    assert "free" in err
    assert not (tmp_path / "runs").exists()


def test_a_directory_in_use_is_a_conflict(exits, call):
    change = ("--set", "bottleneck.vae.epochs=3")
    directory = Path(call("run", "small.toml", "-q", *change).stdout.split("\n")[0])
    (directory / "result.nc").unlink()
    with (directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, err = exits("run", "small.toml", "-q", *change)
    assert code == 5
    assert "another process" in err


def test_usage_is_2(call):
    assert call("run", "absent.toml").exit_code == 2
    assert call("frobnicate").exit_code == 2
    assert call("explain", "E999").exit_code == 2


def test_resume_of_something_else_is_5(exits, tmp_path):
    (tmp_path / "folder").mkdir()
    code, err = exits("resume", "folder")
    assert code == 5
    assert "no run directory" in err


def test_explain_schema_cite(call):
    assert "unknown key" in call("explain", "E101").output.lower()
    assert call("schema").output == (ROOT / "schemas/experiment.schema.json").read_text()
    assert "arXiv" in call("cite", "small.toml").output


def test_new_overwrites_nothing(call):
    assert call("new", "mine.toml").exit_code == 0
    before = Path("mine.toml").read_text()
    assert call("new", "mine.toml").exit_code == 5
    assert Path("mine.toml").read_text() == before
    assert call("new", "other.toml", "--kind", "nothing").exit_code == 2


def test_no_pickle_anywhere():
    for source in (ROOT / "spindsl").rglob("*.py"):
        assert not re.search(r"pickle|joblib|torch\.(load|save)|np\.load\b|allow_pickle", source.read_text()), source
