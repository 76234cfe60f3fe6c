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


def texts(value: object) -> Iterator[str]:
    """All text within parameters."""
    if isinstance(value, str):
        yield value
    for one in held(value):
        yield from texts(one)


def classes(value: object) -> Iterator[type]:
    """The classes of models and records within parameters."""
    if members(value):
        yield type(value)
    for one in held(value):
        yield from classes(one)


def held(value: object) -> Iterator[object]:
    """What a model, a record or a collection holds."""
    if names := members(value):
        yield from (getattr(value, name, None) for name in names)
    elif isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        yield from value


def members(value: object) -> list[str]:
    """Fields of a pydantic model, a dataclass or a named tuple."""
    form = type(value)
    if is_dataclass(form):
        return [f.name for f in fields(form)]
    return list(getattr(form, "model_fields", ()) or getattr(form, "_fields", ()))


def scope(modules: Iterable[str], words: Iterable[str]) -> frozenset[str]:
    """The top-level packages to look into: of these modules, of rules named "module:name", and those with words."""
    named = {m[1].partition(".")[0] for w in words if (m := RULE.match(w))}
    given = {name.partition(".")[0] for name in modules}
    return bringing() | given | {n for n in named if n in sys.modules or (n.isidentifier() and sources(n))}
