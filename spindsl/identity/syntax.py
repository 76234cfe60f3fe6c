"""A syntax tree as text: what is computed, and nothing else.

Left out are comments, docstrings, layout, annotations that nothing dispatches on, the exception of a `raise`, the
keywords of `PROSE`, and imports: a name that is imported or defined in a module is written as a place "@k" in
`references`, which holds the path that it stands for, "module:name.attribute". The text is the same for all versions
of Python: nodes are written with their non-empty fields by name, so that a field that a later one adds is no change.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable, Container, Iterable
from typing import Any

from .scopes import COMPREHENSIONS, Comprehension, Frame, Function, bound, parameters

PROSE = ("description", "hint", "long_name")  # keywords that are read by people alone
UNSAID = frozenset({"ctx", "kind", "type_comment", "type_ignores", "simple", "returns", "str"})
WORD = re.compile(r"^[\w.:+-]{1,200}$")
FETCHES = {"getattr", "hasattr", "attrgetter", "methodcaller", "setattr"}
DYNAMIC = {"import_module", "__import__", "eval", "exec", "globals", "vars", "locals"}


class Writer:
    """Writes trees of one module; collects what they refer to."""

    def __init__(self, module: str, package: str, names: Container[str]):
        self.module, self.package, self.names = module, package, names
        self.out: list[str] = []
        self.references: list[str] = []  # dotted paths
        self.notes: set[int] = set()  # numbers of references that stand in annotations of a class
        self.attributes: set[str] = set()  # names after a dot
        self.strings: set[str] = set()
        self.prefixes: set[str] = set()  # how f-strings begin
        self.faults: list[tuple[int, str]] = []  # line, and what is computed there that should be written
        self.frames: list[tuple[Frame, bool]] = []  # names bound within, and whether by a class
        self.noting = False

    def text(self) -> str:
        return "\x1f".join(self.out)

    def all(self, nodes: Iterable[ast.AST | None]) -> None:
        self.out.append("[")
        for node in nodes:
            self.node(node)
        self.out.append("]")

    def node(self, node: ast.AST | None) -> None:
        """One node; "-" for none."""
        if node is None:
            self.out.append("-")
            return
        special = SPECIAL.get(type(node))
        if special:
            special(self, node)
        else:
            self.fields(node)

    def fields(self, node: ast.AST, skipped: Container[str] = ()) -> None:
        """A node by its non-empty fields."""
        self.out.append(f"({type(node).__name__}")
        for name in node._fields:
            value = node.__dict__.get(name)
            if name in UNSAID or name in skipped or value is None or value == []:
                continue
            self.out.append(f"{name}=")
            if isinstance(value, list):
                self.statements(value) if name in ("body", "orelse", "finalbody") else self.listed(value)
            elif isinstance(value, ast.AST):
                self.node(value)
            else:
                self.out.append(repr(value))
        self.out.append(")")

    def listed(self, values: list[ast.AST | str | None]) -> None:
        self.out.append("[")
        for value in values:
            self.node(value) if isinstance(value, ast.AST) or value is None else self.out.append(repr(value))
        self.out.append("]")

    def statements(self, body: Iterable[ast.stmt]) -> None:
        """Statements without those that do nothing: text that stands alone, `pass`, imports."""
        silent = (ast.Pass, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)
        self.all(n for n in body if not isinstance(n, silent) and not is_text(n))

    def refer(self, dotted: str) -> None:
        """A place for what a dotted path stands for."""
        if self.noting:
            self.notes.add(len(self.references))
        self.out.append(f"@{len(self.references)}")
        self.references.append(dotted)

    def path(self, name: str) -> str | None:
        """The dotted path that a name stands for here; None for what is local or built in."""
        for k, (frame, of_class) in enumerate(reversed(self.frames)):
            if name in frame and not (of_class and k):
                return frame[name]
        starred = "*" in self.names and not hasattr(builtins, name)
        return f"{self.module}:{name}" if starred or name in self.names else None

    def within(self, frame: Frame, write: Callable[[], None], of_class: bool = False) -> None:
        """Write in a scope of its own."""
        self.frames.append((frame, of_class))
        write()
        self.frames.pop()


def is_text(node: ast.AST) -> bool:
    """A constant that stands alone, such as a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def dotted(node: ast.AST) -> tuple[str, list[str]] | None:
    """`a.b.c` as ("a", ["b", "c"]), None for anything else."""
    after: list[str] = []
    while isinstance(node, ast.Attribute):
        after.append(node.attr)
        node = node.value
    return (node.id, after[::-1]) if isinstance(node, ast.Name) else None


def write_name(w: Writer, node: ast.Name | ast.Attribute) -> None:
    """A name, or names after dots: a reference where the first one stands for something of a module."""
    found = dotted(node)
    path = w.path(found[0]) if found else None
    if found and path:
        w.refer(".".join([path, *found[1]]))
    elif isinstance(node, ast.Name):
        w.out.append(f"n:{node.id}")
        if node.id in DYNAMIC:
            w.faults.append((node.lineno, node.id))
    else:
        w.attributes.add(node.attr)
        w.out.append(f".{node.attr}")
        w.node(node.value)


def write_constant(w: Writer, node: ast.Constant) -> None:
    value = node.value
    if isinstance(value, str) and WORD.match(value):
        w.strings.add(value)
    w.out.append(f"{type(value).__name__}:{value!r}")


def write_format(w: Writer, node: ast.JoinedStr) -> None:
    """An f-string: neighbouring texts as one."""
    w.out.append("(f")
    text = ""
    for k, value in enumerate(node.values):
        if isinstance(value, ast.Constant):
            text += str(value.value)
            if not k and WORD.match(text):
                w.prefixes.add(text)
            continue
        if text:
            w.out.append(repr(text))
        text = ""
        w.fields(value)
    w.out.append(f"{text!r})")


def write_raise(w: Writer, node: ast.Raise) -> None:
    w.out.append("(Raise)")


def write_keyword(w: Writer, node: ast.keyword) -> None:
    if node.arg not in PROSE:
        w.fields(node)


def write_call(w: Writer, node: ast.Call) -> None:
    """A call. Names fetched by text count as names after a dot; computed ones are a fault."""
    called = dotted(node.func)
    if called and (name := [called[0], *called[1]][-1]) in FETCHES:
        place = 0 if name in ("attrgetter", "methodcaller") else 1
        text = node.args[place] if len(node.args) > place else None
        if isinstance(text, ast.Constant):
            w.attributes.update(str(text.value).split("."))
        elif name != "hasattr":
            w.faults.append((node.lineno, name))
    elif called and called[1] and called[-1][-1] in DYNAMIC - {"eval", "exec"}:
        w.faults.append((node.lineno, called[-1][-1]))
    elif called and not called[1] and (w.path(called[0]) or "").rpartition(":")[2] == "import_module":
        w.faults.append((node.lineno, "import_module"))
    w.fields(node)


def write_function(w: Writer, node: Function) -> None:
    """A function: decorators and defaults in the scope around, the body in its own."""
    w.out.append(f"(def {node.name}" if isinstance(node, ast.FunctionDef) else f"(async def {node.name}")
    w.all(node.decorator_list)
    w.all([*node.args.defaults, *node.args.kw_defaults])
    frame = bound(node.body, w.package) | parameters(node.args)
    w.fields(node.args, ("defaults", "kw_defaults"))
    w.within(frame, lambda: w.statements(node.body))
    w.out.append(")")


def write_lambda(w: Writer, node: ast.Lambda) -> None:
    w.out.append("(lambda")
    w.all([*node.args.defaults, *node.args.kw_defaults])
    w.fields(node.args, ("defaults", "kw_defaults"))
    w.within(parameters(node.args), lambda: w.node(node.body))
    w.out.append(")")


def write_comprehension(w: Writer, node: Comprehension) -> None:
    frame = bound([g.target for g in node.generators], w.package)
    w.within(frame, lambda: w.fields(node))


def write_class(w: Writer, node: ast.ClassDef) -> None:
    """A class within a function, or within a class: the whole of it."""
    w.out.append(f"(class {node.name}")
    w.all([*node.decorator_list, *node.bases, *node.keywords])
    w.within(bound(node.body, w.package), lambda: w.statements(node.body), of_class=True)
    w.out.append(")")


def write_annotated(w: Writer, node: ast.AnnAssign) -> None:
    """An annotation counts in a class alone, where pydantic and dataclasses read it."""
    in_class = bool(w.frames) and w.frames[-1][1]
    if not in_class and node.value is None:
        return
    w.out.append("(=")
    w.node(node.target)
    if in_class:
        w.noting = True
        w.node(unquoted(node.annotation))
        w.noting = False
    w.node(node.value)
    w.out.append(")")


def unquoted(node: ast.expr) -> ast.expr:
    """An annotation that is written as text, read."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return ast.parse(node.value, mode="eval").body
        except SyntaxError:
            return node
    return node


def write_argument(w: Writer, node: ast.arg) -> None:
    w.out.append(f"a:{node.arg}")


SPECIAL: dict[type, Callable[[Writer, Any], None]] = {
    ast.Name: write_name, ast.Attribute: write_name, ast.Constant: write_constant, ast.JoinedStr: write_format,
    ast.Raise: write_raise, ast.keyword: write_keyword, ast.Call: write_call, ast.FunctionDef: write_function,
    ast.AsyncFunctionDef: write_function, ast.Lambda: write_lambda, ast.ClassDef: write_class,
    ast.AnnAssign: write_annotated, ast.arg: write_argument, **dict.fromkeys(COMPREHENSIONS, write_comprehension),
}  # fmt: skip
