"""What fits neither into memory nor on the disk of a machine is refused by check and plan, at its line."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from spindsl.cli import app
from spindsl.room import Limits, available, contained, limits


@pytest.fixture
def call(tmp_path, monkeypatch, small):
    """Run a command on a machine with so many bytes of memory and disk."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(small)

    def go(command: str, *changes: str, memory: float = 16e9, disk: float = 100e9):
        have = Limits(memory, disk, Path("here"))
        for module in ("room", "run", "planning"):
            monkeypatch.setattr(f"spindsl.{module}.limits", lambda folder: have)
        words = [w for change in changes for w in ("--set", change)]
        return CliRunner().invoke(app, [command, "small.toml", *words])

    return go


COMPLETE = 'system.graph={kind="complete"}'


@pytest.mark.parametrize("command", ["check", "plan", "run"])
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ((COMPLETE, "system.spins=10_000_000"), ["system.spins", "49,999,995,000,000 edge", "16.0 GB left"]),
        ((COMPLETE, "system.spins=40_000"), ["system.spins", "799,980,000 edge"]),
        (("protocol.trials=1_000_000_000",), ["protocol.trials", "1,000,000,000 trials × 6 switches of 24 spins"]),
        (("protocol.switches=100_000_000_000",), ["protocol.switches", "fewer switches"]),
        (("protocol.switches=100_000_000_000", "protocol.record={switches=[1]}"), ["protocol.switches"]),
        (("system.spins=10_000_000_000",), ["system.spins", "fewer edges"]),
    ],
)
def test_what_memory_does_not_hold(call, command, changes, words):
    done = call(command, *changes)
    assert done.exit_code == 3, done.output
    assert "error[E206]" in done.stderr
    flat = " ".join(done.stderr.split())
    assert all(w in flat for w in [*words, "memory", "this machine has"]), flat
    assert not Path("runs").exists()


def test_the_limit_is_that_of_the_machine(call):
    """The same experiment is refused by a small machine and not by a large one."""
    changes = (COMPLETE, "system.spins=2000")  # 2 million edges of 16 and 24 bytes
    assert call("check", *changes, memory=1e9).exit_code == 0
    done = call("check", *changes, memory=5e7)
    assert done.exit_code == 3
    assert "50 MB left" in " ".join(done.stderr.split())


@pytest.mark.parametrize("command", ["check", "plan", "run"])
def test_what_the_disk_does_not_hold(call, command):
    done = call(command, disk=1000.0)
    assert done.exit_code == 3, done.output
    flat = " ".join(done.stderr.split())
    assert "error[E206]" in done.stderr
    assert "of disk, here has 1 kB free" in flat
    assert not Path("runs").exists()


def test_a_sweep_is_refused_where_it_is_too_large(call):
    sweep = 'sweep=[{product={"system.spins"=[24, 10_000_000]}}]'
    done = call("check", COMPLETE, sweep)
    assert done.exit_code == 3, done.output
    assert "E206" in done.stderr
    assert "10,000,000" in done.stderr or "10_000_000" in done.stderr


def test_too_many_points_drives_and_values(call):
    many = "{from=1, to=10000, points=10000}"
    done = call("check", f'sweep=[{{product={{seed={many}, "system.spins"={many}}}}}]')
    assert "E206" in done.stderr
    assert "100,000,000 points" in " ".join(done.stderr.split())
    done = call("check", "realizations=1_000_000_000")
    assert "E105" in done.stderr
    names = [f"f{k}" for k in range(40)]
    done = call("check", f"protocol.fields.names={names}".replace("'", '"'), "protocol.drives.size=20")
    assert "137,846,528,820 drives" in " ".join(done.stderr.split())


def test_equilibrium_and_cycles(call, still):
    Path("small.toml").write_text(still)
    done = call("check", "protocol.samples=100_000_000_000")
    assert "E206" in done.stderr
    assert "protocol.samples" in done.stderr
    done = call("check", "protocol.chains=10_000_000_000")
    assert "protocol.chains" in done.stderr


def test_estimates_of_time_grow_with_the_edges(call):
    """A flip changes the rates of all neighbours."""
    from spindsl.experiment import loads
    from spindsl.lower import lower

    text = Path("small.toml").read_text()
    few, many = (lower(loads(text, changes=(f"system.spins={n}", COMPLETE)), Path()).stages for n in (20, 2000))
    assert many["trajectory"].seconds > 1000 * few["trajectory"].seconds
    assert many["system"].seconds > 5000 * few["system"].seconds > 0


def test_what_a_machine_says(tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal:  2000 kB\nMemAvailable:   1000 kB\n")
    assert available(tmp_path / "meminfo") == 1_024_000
    assert available(tmp_path / "absent") == float("inf")
    assert contained(tmp_path) == float("inf")
    (tmp_path / "memory.max").write_text("3000\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert contained(tmp_path) == 2000
    (tmp_path / "memory.max").write_text("max\n")
    assert contained(tmp_path) == float("inf")
    have = limits(tmp_path / "not" / "there")
    assert have.memory > 0
    assert have.folder == tmp_path
