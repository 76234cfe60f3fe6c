"""Two oracles that walk no syntax tree, and a cosmetic edit of every file."""

import ast
import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from enrolled import ENROLLED

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
FEW = ["system/spin-glass", "system/ising", "dynamics/quasistatic", "reference/enumeration", "analysis/threshold"]


def script(name: str, *args: str, root: Path = ROOT, **more: str) -> str:
    """What a script beside this file prints, with the sources of `root`."""
    env = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"} | more
    command = [sys.executable, "-B", str(HERE / f"{name}.py"), *args]
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def executed(out: Path, names: list[str]) -> dict[str, dict]:
    """What stages executed in plain Python, and what their closures reach."""
    script("executed", str(out), *names, NUMBA_DISABLE_JIT="1")
    return json.loads(out.read_text())


def inside(stages: dict[str, dict]) -> float:
    """All that was executed was reached; gives the median over stages of executed ÷ reached."""
    missed = {name: one["outside"] for name, one in stages.items() if one["outside"]}
    assert not missed, missed
    return statistics.median(one["executed"] / one["reached"] for one in stages.values())


def test_what_is_executed_is_reached(tmp_path):
    """Of a few examples; all of them below. The median is of executed ÷ reached functions."""
    assert inside(executed(tmp_path / "found.json", FEW)) >= 0.5


@pytest.mark.contract
def test_what_is_executed_is_reached_in_all_examples(tmp_path):
    stages = executed(tmp_path / "found.json", [])
    assert len({one["run"] for one in stages.values()}) >= 60
    assert inside(stages) >= 0.5


@pytest.mark.contract
def test_where_numbers_change_the_key_changes(tmp_path):
    """300 mutations that change numbers, and as many others as are met on the way."""
    out = Path(os.environ.get("MUTATIONS", tmp_path / "mutations.jsonl"))
    script("mutations", str(out), "300")
    rows = [json.loads(row) for row in out.read_text().splitlines()]
    changed = [row for row in rows if row.get("changed")]
    assert len(changed) >= 300
    assert not [row["site"] for row in changed if not row["key"]]


class Cosmetic(ast.NodeTransformer):
    """Other docstrings, other messages of exceptions, other prose."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return ast.Expr(ast.Constant(f"Edited. {node.value.value}"))
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.Raise:
        if isinstance(node.exc, ast.Call) and node.exc.args and isinstance(node.exc.args[0], ast.Constant):
            node.exc.args[0] = ast.Constant(f"Edited. {node.exc.args[0].value}")
        return node

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        if node.arg in ("description", "hint", "long_name") and isinstance(node.value, ast.Constant):
            node.value = ast.Constant(f"Edited. {node.value.value}")
            return node
        return self.generic_visit(node)


def edited(source: str) -> str:
    """The same computation: written anew by `ast.unparse`, without comments and layout, with others."""
    text = ast.unparse(ast.fix_missing_locations(Cosmetic().visit(ast.parse(source))))
    return "# A comment.\n\n\n" + text.replace("\n\n", "\n\n# Another.\n\n") + "\n\n# The last.\n"


@pytest.mark.parametrize(
    ("first", "step"), [(0, 6), *(pytest.param(k, 6, marks=pytest.mark.contract) for k in range(1, 6))]
)
def test_a_cosmetic_edit_of_every_file_changes_no_key(tmp_path, first, step):
    shutil.copytree(ROOT / "spindsl", tmp_path / "spindsl", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (tmp_path / "spindsl").rglob("*.py"):
        path.write_text(edited(path.read_text()))
    before, after = (json.loads(script("keys", str(first), str(step), root=r)) for r in (ROOT, tmp_path))
    assert len(before) > 2 * len(ENROLLED) / step
    assert before == after
