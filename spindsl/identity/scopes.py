"""Which names a body of code binds for itself, and what an import stands for."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

Frame = dict[str, str | None]  # a bound name -> the dotted path that it imports, None for anything else

SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
Function = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def imported(node: ast.Import | ast.ImportFrom, package: str) -> Iterator[tuple[str, str]]:
    """Names bound by an import within `package`, each with the path that it stands for, "module:name"; "*" for all."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            first = alias.name.partition(".")[0]
            yield (alias.asname, alias.name) if alias.asname else (first, first)
        return
    for alias in node.names:
        yield alias.asname or alias.name, f"{source(node, package)}:{alias.name}"


def source(node: ast.ImportFrom, package: str) -> str:
    """The module that `from … import` reads, with relative dots resolved."""
    if not node.level:
        return node.module or ""
    above = package.split(".")
    above = above[: len(above) - node.level + 1]
    return ".".join([*above, *([node.module] if node.module else [])])


def bound(body: Iterable[ast.AST], package: str) -> Frame:
    """Names that statements bind in their own scope. An import wins over other bindings of its name."""
    frame: Frame = {}
    outer: set[str] = set()
    for node in own(body):
        if isinstance(node, ast.Import | ast.ImportFrom):
            frame |= dict(imported(node, package))
        elif isinstance(node, ast.Global | ast.Nonlocal):
            outer.update(node.names)
        else:
            for name in names(node):
                frame.setdefault(name, None)
    return {k: v for k, v in frame.items() if k not in outer}


def names(node: ast.AST) -> Iterator[str]:
    """Names that one node binds."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, NAMED) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


def own(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes of a scope; of scopes within, the node itself, and the walrus of comprehensions."""
    for node in body:
        yield node
        if isinstance(node, COMPREHENSIONS):
            yield from (n.target for n in ast.walk(node) if isinstance(n, ast.NamedExpr))
        elif not isinstance(node, SCOPES):
            yield from own(ast.iter_child_nodes(node))


def parameters(args: ast.arguments) -> Frame:
    """Names of a function's arguments."""
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))]
    return dict.fromkeys(a.arg for a in every)
