"""Mistakes in an experiment file, in the user's words and at their places. Loaded only to report them.

reading      text that is no TOML; changes by --set
judge        a table held against a model: every mistake, by path
forms        the types of a model: what shapes they take, which branch of a union is meant
resemblance  which known word was meant
wording      types and values in TOML words
blame        mistakes of points of a sweep, at the swept values that make them
mending      right values in the place of wrong ones, for what is wrong beside them
swept        values of a sweep, where the file is wrong elsewhere
places       path -> line and column
showing      a finding as text or JSON
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import Finding, SpecError
from .reading import Given, assigned, change, unreadable
from .showing import as_json, render

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

    from .places import Path, Places

__all__ = ["arranged", "as_json", "change", "explain", "placed", "render", "unreadable"]

AT_KEY = ("E101", "E109", "E110")  # the key is wrong; else the value is


def explain(
    text: str,
    table: dict[str, Any],
    error: ValidationError,
    model: type[BaseModel],
    changes: tuple[str, ...] = (),
) -> SpecError:
    """Every mistake of a table that `model` refused, in the order of the file.

    `table` is what `text` says, after `changes`.
    """
    from .judge import leaves, mistakes
    from .swept import swept

    failures = error.errors(include_url=False)
    found = mistakes(model, table) or [f for e in failures for f in leaves(e, model, e["input"], e["loc"])]
    found += swept(model, table, found)
    return SpecError(arranged(text, found, changes))


def arranged(text: str, findings: Sequence[Finding], changes: tuple[str, ...] = ()) -> list[Finding]:
    """The findings at their places, in the order of the file; each once."""
    located = dict.fromkeys(placed(text, finding, changes) for finding in findings)
    return sorted(located, key=lambda f: (f.line == 0, f.line, f.column))


def placed(text: str, finding: Finding, changes: tuple[str, ...] = ()) -> Finding:
    """The finding with its line, column and width, or with the `--set` that it came by, from its path."""
    from .places import Places

    if finding.line or isinstance(finding, Given):
        return finding
    return locate(Places(text), finding, changes)


def locate(places: Places, finding: Finding, changes: tuple[str, ...]) -> Finding:
    """As `placed`; what is missing is placed at the table that lacks it."""
    path = finding.path
    if said := setter(changes, lambda at: starts(path, at)):
        return given(finding, said)
    while path and path not in places:
        if said := setter(changes, lambda at, path=path: starts(at, path)):
            return given(finding, said)
        path = path[:-1]
    if not path:
        line, column, width = places.first
    elif path == finding.path and (finding.key or finding.code in AT_KEY):
        line, column, width = places[path].key
    else:
        line, column, width = places[path].value
    return replace(finding, line=line, column=column, width=width)


def setter(changes: tuple[str, ...], fits: Callable[[Path], bool]) -> str:
    """The last `--set` whose path fits."""
    return next((said for said in reversed(changes) if fits(assigned(said)[0])), "")


def starts(path: Path, first: Path) -> bool:
    """Whether a path begins with another; the number of an element may be text."""
    return tuple(map(str, path[: len(first)])) == tuple(map(str, first))


def given(finding: Finding, said: str) -> Given:
    """The finding as one on a `--set`."""
    return Given(finding.code, finding.message, finding.path, hint=finding.hint, notes=finding.notes, said=said)
