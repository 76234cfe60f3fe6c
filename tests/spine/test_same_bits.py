"""The numbers depend on the experiment alone: not on threads, blocks, interruptions, or what was asked before."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from spindsl.engine import Runner
from spindsl.errors import StoreError
from spindsl.experiment import loads
from spindsl.lower import lower
from spindsl.planning import plan
from spindsl.run import opened
from spindsl.store import Store, keys

MORE_TRIALS, MORE_SWITCHES = "protocol.trials=30", "protocol.switches=9"


def test_one_thread_or_two(run, same, small):
    same(run(small, "one", workers=1), run(small, "two", workers=2))


@pytest.mark.parametrize("block", [1, 7, 64])
def test_any_block_size(tmp_path, small, block):
    """Every stage, cut into other pieces."""
    graph = lower(loads(small), tmp_path)
    whole = Runner(graph, Store(tmp_path / "whole"), 2).run()
    pieces = Runner(graph, Store(tmp_path / "pieces"), 2, block=block).run()
    for stage, dataset in whole.items():
        for name, variable in dataset.variables.items():
            assert np.array_equal(variable.values, pieces[stage][name].values, equal_nan=variable.dtype.kind == "f")


@pytest.mark.parametrize("changes", [(MORE_TRIALS,), (MORE_SWITCHES,), (MORE_TRIALS, MORE_SWITCHES)])
def test_extending_equals_straight_through(run, same, small, changes):
    """1,000 -> 1,500 trials and 300 -> 350 switches in small: only the difference is simulated."""
    run(small, "grown")
    same(run(small, "grown", changes), run(small, "straight", changes))


def test_extending_computes_only_the_difference(tmp_path, small):
    store = Store(tmp_path / "store")
    Runner(lower(loads(small), tmp_path), store, 2).run()
    rows = {r.stage.name: r for r in plan(lower(loads(small, changes=(MORE_TRIALS, MORE_SWITCHES)), tmp_path), store)}
    lacking = [p for p in rows["trajectory"].pieces if not p.stored]
    assert {(p.labels, p.grown) for p in lacking} == {(tuple(range(20)), (7, 9)), (tuple(range(20, 30)), (1, 9))}
    rows = {r.stage.name: r for r in plan(lower(loads(small, changes=(MORE_SWITCHES,)), tmp_path), store)}
    assert [p.labels for p in rows["bottleneck.vae"].pieces if not p.stored] == [(7, 8), (9,)]
    assert rows["split"].lacking == 0


def test_asking_for_less_computes_nothing_of_the_simulation(tmp_path, small, run, same):
    less = ("protocol.trials=11", "protocol.switches=4")
    run(small, "more")
    store = Store(tmp_path / "more" / ".store")
    rows = {r.stage.name: r for r in plan(lower(loads(small, changes=less), tmp_path), store)}
    assert rows["trajectory"].lacking == 0
    same(run(small, "more", less), run(small, "straight", less))


def test_another_drive_changes_none_that_exists(tmp_path, small):
    """Streams are keyed by the drive's name, fields by their own."""
    store = Store(tmp_path / "store")
    few = Runner(lower(loads(small), tmp_path), store, 2).run()["trajectory"]
    more = lower(loads(small, changes=('protocol.fields.names=["A", "B", "C", "D"]',)), tmp_path)
    row = next(r for r in plan(more, store) if r.stage.name == "trajectory")
    assert {p.part for p in row.pieces if not p.stored} == {"AD", "BD", "CD"}
    many = Runner(more, store, 2).run()["trajectory"]
    assert np.array_equal(few["spins"].values, many["spins"].sel(drive=few["drive"].values).values)


def test_editing_an_analysis_reuses_everything_else(tmp_path, small):
    store = Store(tmp_path / "store")
    Runner(lower(loads(small), tmp_path), store, 2).run()
    edited = lower(loads(small, changes=('analysis.drive.by.kind="gaussian"', 'title="other words"')), tmp_path)
    lacking = {r.stage.name for r in plan(edited, store) if r.lacking}
    assert lacking == {"analysis.drive.guess", "analysis.drive"}


@pytest.mark.parametrize(
    "change", ["dynamics.beta=3.0000000000000004", "seed=8", "protocol.dwell=101.0", 'protocol.order="periodic"']
)
def test_a_change_of_physics_reuses_no_trajectory(tmp_path, small, change):
    before = keys(lower(loads(small), tmp_path))["trajectory"]
    after = keys(lower(loads(small, changes=(change,)), tmp_path))["trajectory"]
    assert not set(before.values()) & set(after.values())


def started(file: Path, runs: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "spindsl.cli", "run", str(file), "--runs", str(runs), "-w", "2", "-q"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def blocks(runs: Path) -> int:
    return len(list(runs.glob(".store/*/*/*.nc")))


def long(small: str) -> str:
    """Long enough to be killed midway."""
    return small.replace("epochs = 2", "epochs = 60").replace("trials = 20", "trials = 60")


@pytest.fixture(scope="module")
def straight(tmp_path_factory, small) -> Path:
    """The long run without an interruption."""
    folder = tmp_path_factory.mktemp("straight")
    (folder / "small.toml").write_text(long(small))
    return opened(folder / "small.toml", folder / "runs").run(2).path


@pytest.mark.parametrize("seed", range(3))
def test_kill_9_then_resume(tmp_path, same, small, straight, seed):
    """Killed after a random number of stored blocks, resumed by `run`: the bits of an uninterrupted run."""
    text = long(small)
    file = tmp_path / "killed" / "small.toml"
    file.parent.mkdir()
    file.write_text(text)
    wanted = random.Random(seed).randrange(1, 20)
    process = started(file, file.parent / "runs")
    while blocks(file.parent / "runs") < wanted and process.poll() is None:
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = blocks(file.parent / "runs")
    assert not list((file.parent / "runs" / "small").glob("*/result.nc"))
    again = started(file, file.parent / "runs")
    out, err = again.communicate()
    assert again.returncode == 0, err
    assert blocks(file.parent / "runs") > done
    same(Path(out.split("\n")[0]), straight)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_a_run_that_resumes(tmp_path, run, same, small, number, code):
    text = small.replace("epochs = 2", "epochs = 2000")
    file = tmp_path / "stopped" / "small.toml"
    file.parent.mkdir()
    file.write_text(text)
    process = started(file, file.parent / "runs")
    while not list((file.parent / "runs").glob(".store/split/*/*.nc")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert "resume" in err
    (directory,) = (file.parent / "runs" / "small").iterdir()
    assert not (directory / "result.nc").exists()
    assert '"state": "stopped"' in (directory / "status.json").read_text()
    assert not list((file.parent / "runs").glob(".store/bottleneck.vae/*/*.part"))


def test_a_truncated_block_is_named_and_not_loaded(tmp_path, run, small):
    run(small)
    victim = next((tmp_path / "runs/.store/trajectory").glob("*/*.nc"))
    victim.unlink()  # the run directory keeps its own link
    other = next((tmp_path / "runs/.store/trajectory").glob("*/*.nc"))
    victim.write_bytes(other.read_bytes()[:-200])
    with pytest.raises(StoreError, match=victim.name):
        run(small, changes=('title="again"',))


def test_a_damaged_block_is_named_and_not_loaded(tmp_path, run, small):
    """Bytes lost in the middle of the file: caught by the checksum."""
    run(small)
    victim = next((tmp_path / "runs/.store/bottleneck.vae").glob("*/*.nc"))
    content = bytearray(victim.read_bytes())
    middle = slice(len(content) // 4, len(content) * 3 // 4)
    content[middle] = bytes(middle.stop - middle.start)
    victim.unlink()
    victim.write_bytes(bytes(content))
    with pytest.raises(StoreError, match=victim.name):
        run(small, changes=('title="again"',))


def test_a_foreign_block_is_named_and_not_loaded(tmp_path, run, small):
    """A whole, valid block of another place."""
    run(small)
    first, second = sorted((tmp_path / "runs/.store/trajectory").glob("*/*.nc"))[:2]
    first.unlink()
    first.write_bytes(second.read_bytes())
    with pytest.raises(StoreError, match=first.parent.name):
        run(small, changes=('title="again"',))


def test_the_result_alone_repeats_the_run(tmp_path, run, same, small):
    first = run(small, changes=("protocol.trials=12",))
    again = opened(first / "result.nc", tmp_path / "elsewhere").run(2).path
    same(first, again)


def test_a_finished_run_is_left_alone(run, small):
    first = run(small)
    stamp = (first / "result.nc").stat().st_mtime_ns
    assert run(small) == first
    assert (first / "result.nc").stat().st_mtime_ns == stamp


def test_no_two_streams_share_a_name():
    from spindsl.seeds import digest

    assert digest(1, "a", 1) != digest(1, "a1") != digest(1, "a", "1") != digest(11, "a")
