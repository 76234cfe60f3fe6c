"""The README is executed: its commands and its Python, on a smaller glass where the size does not matter."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import xarray as xr

from spindsl.experiment import loads
from spindsl.run import opened

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = [line.split("#")[0].split() for kind, text in BLOCKS if kind == "bash" for line in text.splitlines()]


def spindsl(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "spindsl.cli", *words], cwd=cwd, capture_output=True, text=True)


def test_the_commands_of_make_exist():
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = {w[1] for w in COMMANDS if w[:1] == ["make"]} | set(re.findall(r"`make (\w+)", README))
    assert {"quickstart", "test"} <= named <= targets


@pytest.mark.parametrize(
    "words", [w for w in COMMANDS if w[:2] in (["spindsl", "check"], ["spindsl", "plan"])], ids=" ".join
)
def test_check_and_plan(words):
    done = spindsl(*words[1:])
    assert done.returncode == 0, done.stderr


def test_a_first_experiment_of_ones_own(tmp_path):
    """`spindsl new`, then `run` and `report`, as the README says, with fewer trials."""
    lines = [w for w in COMMANDS if w[:1] == ["spindsl"] and any("mine.toml" in x for x in w)]
    assert [w[1] for w in lines] == ["new", "run", "run"]
    assert spindsl(*lines[0][1:], cwd=tmp_path).returncode == 0
    assert spindsl("check", "mine.toml", cwd=tmp_path).returncode == 0
    small = ["--set", "protocol.trials=20", "--set", "bottleneck.vae.epochs=1", "--set", "expect=[]", "-q"]
    done = spindsl("run", "mine.toml", *small, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    directory = done.stdout.splitlines()[0]
    report = spindsl("report", directory, cwd=tmp_path)
    assert report.returncode == 0, report.stderr
    assert Path(tmp_path, report.stdout.strip()).stat().st_size > 10_000
    assert spindsl("show", directory, cwd=tmp_path).returncode == 0
    assert "@article" in spindsl("cite", "mine.toml", cwd=tmp_path).stdout


def test_recordings_are_described_as_they_are_read():
    """The TOML of the README, which describes a recorded system, is valid."""
    (text,) = [text for kind, text in BLOCKS if kind == "toml" and "recorded" in text]
    experiment = loads(f'spindsl = 1\ntitle = "a README"\nseed = 1\n{text}')
    assert (experiment.system.kind, experiment.system.variables.kind) == ("recorded", "features")


def test_recorded_template_is_written(tmp_path):
    (words,) = [w for w in COMMANDS if "recorded" in w]
    assert spindsl(*words[1:], cwd=tmp_path).returncode == 0
    done = spindsl("check", "watched.toml", cwd=tmp_path)
    assert done.returncode == 0
    assert "W301" in done.stderr
    assert spindsl("run", "watched.toml", cwd=tmp_path).returncode == 3
    assert not (tmp_path / "runs").exists()


def test_a_sweep_is_described_as_it_is_run(tmp_path, small):
    """The sweep of the README on a small glass, and the Python beside it: the dimensions are those in its comments."""
    (text,) = [text for kind, text in BLOCKS if kind == "toml" and "sweep" in text]
    (code,) = [text for kind, text in BLOCKS if kind == "python" and "quenched" in text]
    top, sweep = text.split("\n\n")
    glass = small[: small.index("[bottleneck.vae]")] + small[small.index("[bottleneck.pca]") :]
    glass = glass.replace('of = "vae"', 'of = "pca"').replace("trials = 20", "trials = 10").replace("= 6", "= 3")
    file = tmp_path / "map.toml"
    file.write_text(f"{top}\n{glass}\n{sweep}\n")
    with xr.open_datatree(opened(file, tmp_path / "runs").run(2).path / "result.nc") as result:
        for line in code.splitlines():
            dims = re.search(r"# \(([^)]*)\)", line)
            assert dims
            assert eval(line, {"result": result}).dims == tuple(dims[1].split(", "))


def test_a_hamiltonian_of_ones_own(tmp_path):
    """`spindsl new --kind equilibrium`, then `run`, smaller; the Python beside it has the dimensions that it says."""
    (new, run) = [w for w in COMMANDS if w[:1] == ["spindsl"] and "magnet.toml" in w]
    (code,) = [text for kind, text in BLOCKS if kind == "python" and "energies" in text]
    assert spindsl(*new[1:], cwd=tmp_path).returncode == 0
    small = [f"protocol.{k}" for k in ("chains=16", "samples=200", "burn_in=100")] + ["bottleneck.direct.order=2"]
    small += ["analysis.larger.samples=50", "analysis.larger.sides=[10,10]", "expect=[]"]
    done = spindsl(*run[1:], "-q", *(x for change in small for x in ("--set", change)), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with xr.open_datatree(tmp_path / done.stdout.splitlines()[0] / "result.nc") as result:
        for line in code.splitlines():
            dims = re.search(r"# \(([^)]*)\)", line)
            assert dims
            assert eval(line, {"result": result}).dims == tuple(dims[1].split(", "))


def test_the_python_of_the_readme(tmp_path, small):
    (code,) = [text for kind, text in BLOCKS if kind == "python" and "open_datatree" in text]
    file = tmp_path / "quickstart.toml"
    file.write_text(small.replace('["A", "B", "C"]', '["A", "B", "C", "D", "E"]').replace("size = 2", "size = 4"))
    path = opened(file, tmp_path / "runs").run(2).path
    names: dict = {}
    exec(re.sub(r'"runs/quickstart/[^"]*"', repr(str(path / "result.nc")), code), names)
    assert names["result"]["/analysis/drive/score"].dims == ("time",)


def test_every_file_that_is_linked_exists():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
