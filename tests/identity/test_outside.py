"""Words and rules of another package, edited: new numbers, and new keys."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

RULE = """
from typing import NamedTuple
from spindsl.kernels.rules import rate


class Constant(NamedTuple):
    beta: float

    @property
    def steepness(self) -> float:
        return self.beta


@rate.register(Constant)
def _(rule, j, e):
    return {rate}
"""
WORD = """
from dataclasses import dataclass
from typing import Literal
from spindsl.kinetics import Rates
from spindsl.spec import Dynamics, Positive


class Flat(Dynamics):
    kind: Literal["flat"]
    beta: Positive

    def rates(self):
        return FlatRates(self.kind, self.beta)


@dataclass(frozen=True)
class FlatRates(Rates):
    def rule(self, dynamics):
        from elsewhere.rule import Constant

        return Constant(self.beta)
"""
KERNEL = """
import sys
import numpy as np
from spindsl.kernels import couplings, events, rules  # before the rule
s = np.ones((1, 8), dtype=np.int8)
pairs = couplings.pairs(8, np.arange(7), np.arange(1, 8), np.ones(7))
from elsewhere.rule import Constant
out = np.zeros((1, 1, 8), np.int8), *(np.zeros((1, 1)) for _ in range(5))
events.drive(pairs, Constant(1.0), np.zeros((1, 8)), np.zeros((1, 1), np.int64), np.array([-1]), np.array([0]), 4.0, s,
             np.zeros(1, np.uint64), np.uint64(1), np.array([1, 2], np.uint32), out)
assert np.isfinite(out[1]).all()
print(int(out[1][0, 0]), sum(events.drive.stats.cache_hits.values()))
"""
EXPERIMENT = """
import sys
from pathlib import Path
import elsewhere.words
from spindsl.engine import Runner
from spindsl.experiment import loads
from spindsl.lower import lower
from spindsl.store import Store
text = Path("small.toml").read_text()
results = Runner(lower(loads(text), Path(".")), Store(Path("store")), 1).run()
print(int(results["trajectory"]["flips"].values.sum()), *sorted(results.named["trajectory"].values()))
"""


@pytest.fixture
def ask(tmp_path, small):
    """Run a script beside the package `elsewhere`, whose rule flips so often; gives what it prints."""
    home = tmp_path / "elsewhere"
    home.mkdir()
    (home / "__init__.py").write_text("")
    (home / "words.py").write_text(WORD)
    table = small[: small.index("[bottleneck.vae]")].replace('"arrhenius"\n', '"flat"\n').replace("barrier = 4.5\n", "")
    (tmp_path / "small.toml").write_text(table.replace("1000.0", "0.02").replace("100.0", "0.02"))
    root = str(Path(__file__).parents[2])
    kept = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    env = kept | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{root}", "XDG_CACHE_HOME": str(tmp_path / "cache")}

    def go(script: str, rate: str, plain: str = "0") -> list[str]:
        (home / "rule.py").write_text(RULE.format(rate=rate))
        done = subprocess.run(
            [sys.executable, "-B", "-c", script],
            capture_output=True,
            text=True,
            env=env | {"NUMBA_DISABLE_JIT": plain},
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    return go


def test_an_edited_rule_runs_new_code_though_it_is_loaded_after_the_kernels(ask):
    slow, fast, again = (ask(KERNEL, r) for r in ("1.00", "50.0", "50.0"))
    assert int(fast[0]) > 10 * int(slow[0])
    assert again[0] == fast[0]
    assert (fast[1], again[1]) == ("0", "1")  # compiled, then found


def test_an_edited_rule_of_an_experiment_gives_new_numbers_under_new_keys(ask):
    slow, fast = (ask(EXPERIMENT, r, "1") for r in ("1.00", "50.0"))
    assert int(fast[0]) > 10 * int(slow[0])
    assert not set(fast[1:]) & set(slow[1:])
