"""Throw-away packages whose closures are looked at, and the examples of all words as graphs."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from enrolled import lowered

from spindsl.graph import Graph
from spindsl.identity import closure, packages
from spindsl.identity.reach import Closure, indexed, reached


def forget() -> None:
    """Read all packages anew."""
    for kept in (packages.sources, indexed, reached):
        kept.cache_clear()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Closure]]:
    """Write files of a package `probe`, {name: text}, and give the closure of `probe.NAME.run`."""
    monkeypatch.setattr("spindsl.identity.reach.scope", lambda modules, words: frozenset({"probe"}))
    monkeypatch.syspath_prepend(str(tmp_path))
    home = tmp_path / "probe"
    home.mkdir()

    def write(files: dict[str, str], params: object = None, main: str = "main") -> Closure:
        for old in home.rglob("*.py"):
            old.unlink()
        for name, text in {"__init__": "", **files}.items():
            path = home / f"{name.replace('.', '/')}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        drop()
        forget()
        importlib.invalidate_caches()
        sys.dont_write_bytecode, kept = True, sys.dont_write_bytecode
        try:
            return closure(importlib.import_module(f"probe.{main}").run, params)
        finally:
            sys.dont_write_bytecode = kept

    def drop() -> None:
        for name in [n for n in sys.modules if n.partition(".")[0] == "probe"]:
            del sys.modules[name]

    yield write
    drop()
    forget()


@pytest.fixture
def graph(small: str, still: str, recording: Callable[[Path], None], tmp_path: Path) -> Callable[[str, str], Graph]:
    """The graph of a word's example."""
    return lambda noun, kind: lowered(noun, kind, small, still, tmp_path, recording)
