"""Where the source of a package lies: found without importing it."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

OURS = __name__.partition(".")[0]
WORDS = "spindsl.words"  # the group of entry points by which other packages bring words
RULE = re.compile(r"^([A-Za-z_]\w*(?:\.\w+)*):([A-Za-z_]\w*)$")


@cache
def sources(package: str) -> dict[str, Path]:
    """The files of a top-level package or module, by dotted name."""
    found: dict[str, Path] = {}
    for root in roots(package):
        if root.is_file():
            found[package] = root
            continue
        for path in sorted(root.rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join([package, *(parts[:-1] if parts[-1] == "__init__" else parts)])] = path
    return found


def roots(package: str) -> Iterator[Path]:
    """Folders of a package, or the file of a module."""
    loaded = sys.modules.get(package)
    spec = getattr(loaded, "__spec__", None)
    if spec is None and loaded is None:
        try:
            spec = importlib.util.find_spec(package)
        except (ImportError, ValueError):
            return
    if spec is not None and spec.submodule_search_locations:
        yield from map(Path, spec.submodule_search_locations)
    else:
        file = spec.origin if spec is not None else getattr(loaded, "__file__", None)
        yield from map(Path, [file] if file and file.endswith(".py") else [])


@cache
def bringing() -> frozenset[str]:
    """This package, and those that bring words by an entry point."""
    return frozenset({OURS, *(entry.value.partition(":")[0].partition(".")[0] for entry in entry_points(group=WORDS))})


def contents(value: object) -> tuple[set[type], set[str]]:
    """The classes of models and records within parameters, and all text within them."""
    forms: set[type] = set()
    texts: set[str] = set()
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            texts.add(one)
        elif names := members(type(one)):
            forms.add(type(one))
            left += [getattr(one, name, None) for name in names]
        elif isinstance(one, Mapping):
            left += one.values()
        elif isinstance(one, list | tuple | set | frozenset):
            left += one
    return forms, texts


@cache
def members(form: type) -> tuple[str, ...]:
    """Fields of a pydantic model, a dataclass or a named tuple; nothing of any other class."""
    if is_dataclass(form):
        return tuple(f.name for f in fields(form))
    return tuple(getattr(form, "model_fields", ()) or getattr(form, "_fields", ()))


def scope(modules: Iterable[str], words: Iterable[str]) -> frozenset[str]:
    """The top-level packages to look into: of these modules, of rules named "module:name", and those with words."""
    named = {m[1].partition(".")[0] for w in words if (m := RULE.match(w))}
    given = {name.partition(".")[0] for name in modules}
    return bringing() | given | {n for n in named if n in sys.modules or (n.isidentifier() and sources(n))}
