"""A module as its definitions: each with the hash of its text, what it refers to, and what it registers on.

Methods are definitions of their own. Read once per content: a folder of the user's cache keeps what was read.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from .scopes import Function, bound, imported
from .syntax import Writer, dotted, unquoted

# decorators that do not call what they decorate, nor keep it anywhere
PASSIVE = {
    "property", "cached_property", "setter", "staticmethod", "classmethod", "abstractmethod", "override", "final",
    "cache", "lru_cache", "njit", "jit", "no_grad",
}  # fmt: skip


@dataclass(frozen=True)
class Registration:
    """A definition that takes effect where `on` is used; of `types`, if there are any, one must be in use, too."""

    on: tuple[str, ...]
    types: tuple[str, ...] = ()


@dataclass(frozen=True)
class Definition:
    """A function, a class without its methods, a method, a constant, or a statement that changes something."""

    name: str  # qualified, without module
    kind: str
    text: str  # hash of the text, in which "@k" stands for reference k
    references: tuple[str, ...] = ()  # dotted paths
    notes: tuple[int, ...] = ()  # numbers of references in annotations of a class
    attributes: tuple[str, ...] = ()  # names after a dot
    strings: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    faults: tuple[tuple[int, str], ...] = ()
    lines: tuple[int, int] = (0, 0)
    bases: tuple[str, ...] = ()  # dotted paths of a class's bases
    methods: tuple[tuple[str, int, bool], ...] = ()  # name, number among the definitions, whether it always counts
    kinds: tuple[str, ...] = ()  # of a word
    registers: tuple[Registration, ...] = ()


@dataclass(frozen=True)
class Module:
    """Definitions of a file, and what its names stand for: numbers of definitions, or imported paths."""

    name: str
    definitions: tuple[Definition, ...]
    names: dict[str, tuple[int | str, ...]] = field(default_factory=dict)
    imports: tuple[str, ...] = ()
    stars: tuple[str, ...] = ()  # modules of which all names are imported


def read(name: str, path: Path) -> Module:
    """The module of a file, from the cache if this content was read before."""
    source = path.read_bytes()
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    stamp = f"{name}\0{package}\0{reader()}\0".encode() + source
    kept = folder() / f"{hashlib.sha256(stamp).hexdigest()[:32]}.json"
    try:
        return loaded(json.loads(kept.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):
        module = parsed(name, package, source)
        keep(kept, module)
        return module


def folder() -> Path:
    """Where modules that were read are kept."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "spindsl" / "identity"


@cache
def reader() -> str:
    """Hash of the code that reads, so that what an older one has read is read again."""
    here = Path(__file__).parent
    return hashlib.sha256(
        b"".join((here / f"{n}.py").read_bytes() for n in ("scopes", "syntax", "modules"))
    ).hexdigest()


def keep(path: Path, module: Module) -> None:
    """Keep a module that was read; a folder that cannot be written to is no mistake."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.{os.getpid()}.part")
        beside.write_text(json.dumps(asdict(module), separators=(",", ":")), encoding="utf-8")
        os.replace(beside, path)
    except OSError:
        return


def loaded(kept: dict) -> Module:
    """A module from JSON."""

    def tuples(value: Any) -> Any:
        return tuple(map(tuples, value)) if isinstance(value, list) else value

    found = []
    for one in kept["definitions"]:
        registers = tuple(Registration(tuple(r["on"]), tuple(r["types"])) for r in one.pop("registers"))
        found.append(Definition(**{k: tuples(v) for k, v in one.items()}, registers=registers))
    names = {k: tuple(v) for k, v in kept["names"].items()}
    return Module(kept["name"], tuple(found), names, tuple(kept["imports"]), tuple(kept["stars"]))


def parsed(name: str, package: str, source: bytes) -> Module:
    """The module of a text."""
    return Parser(name, package, ast.parse(source)).module()


class Parser:
    """Takes a module apart."""

    def __init__(self, name: str, package: str, tree: ast.Module):
        self.name, self.package, self.tree = name, package, tree
        self.found: list[Definition] = []
        self.names: dict[str, list[int | str]] = {}
        self.imports: list[str] = []
        self.stars: list[str] = []
        self.known = bound(tree.body, package)

    def module(self) -> Module:
        for node in self.tree.body:
            self.statement(node)
        names = {k: tuple(v) for k, v in self.names.items()}
        return Module(self.name, tuple(self.found), names, tuple(self.imports), tuple(self.stars))

    def statement(self, node: ast.stmt) -> None:
        """One statement of the module."""
        if isinstance(node, ast.Import | ast.ImportFrom):
            self.take(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self.bind(node.name, self.function(node))
        elif isinstance(node, ast.ClassDef):
            self.bind(node.name, self.klass(node))
        elif typing_only(node):
            for one in ast.walk(node):
                if isinstance(one, ast.Import | ast.ImportFrom):
                    self.take(one, effective=False)
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            self.other(node)

    def take(self, node: ast.Import | ast.ImportFrom, effective: bool = True) -> None:
        """Bind what is imported."""
        for name, path in imported(node, self.package):
            if name == "*":
                self.stars.append(path.rpartition(":")[0])
            else:
                self.names.setdefault(name, []).append(path)
            if effective:
                self.imports.append(path.removesuffix(":*").replace(":", "."))

    def bind(self, name: str, number: int) -> None:
        self.names.setdefault(name, []).append(number)

    def writer(self) -> Writer:
        return Writer(self.name, self.package, self.known)

    def add(self, name: str, kind: str, w: Writer, node: ast.stmt, **more: Any) -> int:
        """One more definition; gives its number."""
        text = hashlib.sha256(w.text().encode()).hexdigest()[:24]
        last = node.end_lineno or node.lineno
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        self.found.append(Definition(
            name, kind, text, tuple(w.references), tuple(sorted(w.notes)), tuple(sorted(w.attributes)),
            tuple(sorted(w.strings)), tuple(sorted(w.prefixes)), tuple(w.faults), (first, last), **more,
        ))  # fmt: skip
        return len(self.found) - 1

    def function(self, node: Function) -> int:
        w = self.writer()
        w.node(node)
        types: list[str] = []
        if any(register_alone(d) for d in node.decorator_list) and node.args.args and node.args.args[0].annotation:
            types = self.noted(w, node.args.args[0].annotation)
        return self.add(node.name, "function", w, node, registers=tuple(self.registrations(node, types)))

    def noted(self, w: Writer, annotation: ast.expr) -> list[str]:
        """The types on which an annotation dispatches, which then count as the decorator does."""
        before = len(w.references)
        w.node(unquoted(annotation))
        return w.references[before:]

    def registrations(self, node: Function | ast.ClassDef, types: list[str]) -> Iterator[Registration]:
        """On what the decorators register a definition."""
        for decorator in node.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            root = dotted(call.func if call else decorator)
            own = self.mentioned(call.args) if call else []
            if root and root[0] in self.known and root[1][-1:] == ["register"]:
                yield Registration((self.path(root[0], root[1][:-1]),), tuple(own or types))
            elif own:
                yield Registration(tuple(own))
            elif root and root[0] in self.known and not {root[0], *root[1]} & PASSIVE:
                yield Registration((f"table of {self.path(*root)}",))

    def path(self, name: str, after: list[str]) -> str:
        """The path of a name of this module, with what follows after dots."""
        return f"{self.name}:{'.'.join([name, *after])}"

    def mentioned(self, nodes: Iterable[ast.AST]) -> list[str]:
        """Dotted paths of the module's names that occur."""
        w = self.writer()
        w.all(nodes)
        return list(dict.fromkeys(w.references))

    def klass(self, node: ast.ClassDef) -> int:
        """A class: its head and attributes, then its methods."""
        frame = bound(node.body, self.package)
        methods = [n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        w = self.writer()
        w.out.append(f"(class {node.name}")
        w.all([*node.decorator_list, *node.bases, *node.keywords])
        w.within(frame, lambda: w.statements(n for n in node.body if n not in methods), of_class=True)
        listed = []
        for method in methods:
            m = self.writer()
            m.within(frame, lambda m=m, method=method: m.node(method), of_class=True)
            always = any(not passive(d) for d in method.decorator_list) or method.name.startswith("__")
            listed.append((method.name, self.add(f"{node.name}.{method.name}", "method", m, method), always))
        bases = tuple(self.based(b) for b in [*node.bases, *(k.value for k in node.keywords if k.arg == "metaclass")])
        registers = tuple(self.registrations(node, []))
        return self.add(node.name, "class", w, node, bases=bases, methods=tuple(listed), kinds=kinds(node),
                        registers=registers)  # fmt: skip

    def based(self, node: ast.expr) -> str:
        """The dotted path of a base class; "?" for a computed one."""
        found = dotted(node.value if isinstance(node, ast.Subscript) else node)
        if not found:
            return "?"
        return self.path(*found) if found[0] in self.known else ".".join([found[0], *found[1]])

    def other(self, node: ast.stmt) -> None:
        """A constant, or a statement that changes something that there is."""
        w = self.writer()
        w.node(node)
        names = list(bound([node], self.package))
        for one in ast.walk(node):
            if isinstance(one, ast.Import | ast.ImportFrom):
                self.take(one)
        changed = list(dict.fromkeys(self.changed(node)))
        if names and (isinstance(node, SIMPLE) or not changed):
            number = self.add(" ".join(sorted(names)), "constant", w, node)
        else:
            registers = (Registration(tuple(changed), tuple(self.registered(node))),)
            number = self.add("", "effect", w, node, registers=registers)
        for name in names:
            self.bind(name, number)

    def registered(self, node: ast.stmt) -> list[str]:
        """The types of `generic.register(type, function)`."""
        call = node.value if isinstance(node, ast.Expr) else None
        found = dotted(call.func) if isinstance(call, ast.Call) else None
        registers = isinstance(call, ast.Call) and found is not None and found[1][-1:] == ["register"]
        return self.mentioned(call.args[:1]) if isinstance(call, ast.Call) and registers else []

    def changed(self, node: ast.AST) -> Iterator[str]:
        """Dotted paths of what a statement changes: receivers of calls, targets of assignments, or their arguments."""
        for one in ast.walk(node):
            targets: list[ast.AST] = []
            if isinstance(one, ast.Call):
                root = dotted(one.func)
                targets = [one.func] if root and root[0] in self.known and not self.foreign(root[0]) else [*one.args]
            elif isinstance(one, ast.Assign | ast.Delete):
                targets = [t for t in one.targets if not isinstance(t, ast.Name)]
            elif isinstance(one, ast.AugAssign):
                targets = [one.target]
            for target in targets:
                while isinstance(target, ast.Subscript | ast.Call):
                    target = target.value if isinstance(target, ast.Subscript) else target.func
                root = dotted(target)
                if root and root[0] in self.known and not self.foreign(root[0]):
                    yield self.path(root[0], [a for a in root[1] if a != "register"])

    def foreign(self, name: str) -> bool:
        """Whether a name is the name of a whole module that was imported by `import a`."""
        return any(isinstance(n, ast.Import) and name in dict(imported(n, self.package)) for n in self.tree.body)


SIMPLE = (ast.Assign, ast.AnnAssign, *((ast.TypeAlias,) if sys.version_info >= (3, 12) else ()))


def typing_only(node: ast.stmt) -> bool:
    """`if TYPE_CHECKING:`, which never runs."""
    found = dotted(node.test) if isinstance(node, ast.If) else None
    return bool(found) and [found[0], *found[1]][-1] == "TYPE_CHECKING"


def register_alone(decorator: ast.expr) -> bool:
    """`@generic.register` without a type, which dispatches on the annotation."""
    return isinstance(decorator, ast.Attribute) and decorator.attr == "register"


def passive(decorator: ast.expr) -> bool:
    """Whether a decorated method runs only when it is asked for by name."""
    found = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
    return bool(found) and [found[0], *found[1]][-1] in PASSIVE


def kinds(node: ast.ClassDef) -> tuple[str, ...]:
    """The kinds of a word, `kind: Literal["a"]`."""
    for one in node.body:
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and one.target.id == "kind":
            texts = (n.value for n in ast.walk(one.annotation) if isinstance(n, ast.Constant))
            return tuple(text for text in texts if isinstance(text, str))
    return ()
