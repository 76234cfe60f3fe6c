"""Every refusal says what to do."""

import ast
from pathlib import Path

import spindsl

HINT = 6  # place of the hint among the arguments of a Finding


def test_every_refusal_has_a_hint():
    """Whatever makes a mistake of the file gives its hint there; a warning is no refusal."""
    lacking = []
    for path in sorted(Path(spindsl.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) not in ("MeaningError", "Finding"):
                continue
            given = {word.arg for word in node.keywords}
            if "hint" not in given and not (ast.unparse(node.func) == "Finding" and len(node.args) > HINT):
                lacking.append(f"{path.name}:{node.lineno}: {ast.unparse(node)[:80]}")
    assert not lacking, "\n".join(lacking)
