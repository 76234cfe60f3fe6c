"""What signatures say: every argument and result has a type, and parameters are read by attribute."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import spindsl

HOME = Path(spindsl.__file__).parent
MOST = 20  # tables of TOML text, or of results, that are not validated yet
TABLES = ("params", "part_params", "said")
FOREIGN = ("report/", "why.py")  # read JSON of results and of the store, whose words may not be installed

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def trees() -> dict[str, ast.Module]:
    """Every module of the package, by its path."""
    return {p.relative_to(HOME).as_posix(): ast.parse(p.read_text("utf-8")) for p in sorted(HOME.rglob("*.py"))}


def functions() -> Iterator[tuple[str, Function]]:
    """Every function, methods and nested ones included, with its place."""
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, Function):
                yield f"{path}:{node.lineno} {node.name}", node


def arguments(node: Function) -> list[ast.arg]:
    """Of a function, without self and cls."""
    several = node.args
    named = [*several.posonlyargs, *several.args, *several.kwonlyargs, several.vararg, several.kwarg]
    return [a for a in named if a is not None and a.arg not in ("self", "cls")]


def looked_up(node: ast.AST) -> ast.expr | None:
    """What a value is looked up in, by [key] or by .get(key)."""
    if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
        return node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        return node.func.value
    return None


def name(node: ast.expr | None) -> str:
    """params of `params`, `task.params` and `word.params()`."""
    if isinstance(node, ast.Call):
        return name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def strings(tree: ast.Module) -> list[int]:
    """Lines that look something up in parameters."""
    return [n.lineno for n in ast.walk(tree) if name(looked_up(n)) in TABLES and isinstance(n, ast.expr)]


def test_the_package_is_read() -> None:
    assert len(trees()) > 200 and len(list(functions())) > 2000


def test_every_argument_has_a_type() -> None:
    assert [f"{at}({a.arg})" for at, node in functions() for a in arguments(node) if a.annotation is None] == []


def test_every_function_says_what_it_returns() -> None:
    assert [at for at, node in functions() if node.returns is None and node.name != "__init__"] == []


def test_few_signatures_hold_dictionaries_of_any() -> None:
    found = [
        f"{at}: {ast.unparse(form)}"
        for at, node in functions()
        for form in (*(a.annotation for a in arguments(node)), node.returns)
        if form is not None and any(d in ast.unparse(form) for d in ("dict[str, Any]", "Mapping[str, Any]"))
    ]
    assert len(found) <= MOST, "\n".join(found)


def test_parameters_are_read_by_attribute() -> None:
    found = [f"{p}:{k}" for p, tree in trees().items() if not p.startswith(FOREIGN) for k in strings(tree)]
    assert found == []


def test_lookups_by_string_are_seen() -> None:
    seen = "task.params['beta']; said['of']; stage.params.get('of'); word.said()['kind']; a.part_params[0]"
    assert strings(ast.parse(seen)) == [1] * 5
    assert strings(ast.parse("said[1:]; task.params.beta; table['of']")) == []
