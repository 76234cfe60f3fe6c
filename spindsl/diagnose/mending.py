"""A file with mistakes of form, mended, so that what is wrong in other layers is found beside them.

Right values stand in for wrong ones: small ones in one copy, large ones in another. Only what is wrong in both copies
is a mistake of the file; what follows from a stand-in is in one of them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from ..errors import Finding
from ..sweeping import owner
from .forms import bare, branches, closest, keys, kinds, modelled, within
from .judge import mistakes
from .places import Path
from .resemblance import nearest

NAMED = ("reference", "bottleneck", "analysis")
CORE = ("system", "dynamics", "protocol")
ROUNDS = 6
SMALL, LARGE = 0, 1
STRANGE = (LookupError, TypeError, ValueError, AttributeError)  # of tables too far from any form


class Hopeless(Exception):
    """The table cannot be mended."""


@dataclass
class Mended:
    """A copy of a table in which nothing is wrong of form."""

    table: dict[str, Any]
    size: int  # SMALL or LARGE
    found: list[Finding] = field(default_factory=list)  # what mending brought to light
    touched: set[str] = field(default_factory=set)  # tables that were mended
    lost: set[str] = field(default_factory=set)  # tables that were left out
    dropped: dict[str, list[int]] = field(default_factory=lambda: {"expect": [], "sweep": []})  # numbers of elements

    def original(self, finding: Finding) -> Path:
        """The path of a mistake in the file, where elements that were left out count too."""
        noun, *rest = finding.path or ("",)
        if noun not in self.dropped or not rest or not isinstance(rest[0], int):
            return finding.path
        number = rest[0]
        for k in sorted(self.dropped[str(noun)]):
            number += k <= number
        return (noun, number, *rest[1:])


def mended(model: type[BaseModel], table: dict[str, Any], size: int) -> tuple[Mended, BaseModel] | None:
    """The table as a model, with what is wrong of form mended or left out; None where that is not possible."""
    copied = Mended(copy.deepcopy(table), size)
    seen: set[tuple[str, Path]] = set()
    for turn in range(ROUNDS):
        try:
            return copied, model.model_validate(copied.table)
        except ValidationError:
            wrong = mistakes(model, copied.table)
        if not wrong:
            return None
        copied.found += [f for f in wrong if turn and (f.code, f.path) not in seen]
        seen |= {(f.code, f.path) for f in wrong}
        try:
            for finding in sorted(wrong, key=lambda f: numbered(f.path), reverse=True):
                mend(copied, model, finding)
        except (Hopeless, *STRANGE):
            return None
    return None


def numbered(path: Path) -> tuple[int, ...]:
    """By which later elements of an array are mended first, so that leaving one out renumbers none that follow."""
    return tuple(p for p in path if isinstance(p, int))


def mend(copied: Mended, model: type[BaseModel], finding: Finding) -> None:
    """Put a stand-in in the place of a mistake, or leave out what is wrong."""
    path, noun = finding.path, str(finding.path[0]) if finding.path else ""
    if not path:
        raise Hopeless
    if not there(copied.table, path[:-1]):
        return  # its table is gone already
    if noun in copied.dropped:
        if len(path) < 2 or not isinstance(path[1], int):
            copied.table.pop(noun, None)
            return
        if path[1] not in copied.dropped[noun]:
            del copied.table[noun][path[1]]
            copied.dropped[noun].append(path[1])
        return
    copied.touched.add(owner(path))
    if noun in NAMED and (len(path) < 3 or not repairable(finding)):
        leave(copied, path)
    elif noun in CORE and (len(path) < 2 or not repairable(finding)):
        optional(copied.table, model, path, copied.size)
    else:
        replaced(copied, model, finding)


def repairable(finding: Finding) -> bool:
    """Whether a mistake is of one key alone, and not of several that do not go together."""
    return finding.code < "E2" and finding.code != "E107"


def there(table: Any, path: Sequence[str | int]) -> bool:
    """Whether a table has such a place."""
    for key in path:
        known = isinstance(table, dict) and key in table
        if not known and not (isinstance(table, list) and isinstance(key, int) and key < len(table)):
            return False
        table = cast("Any", table)[key]
    return True


def leave(copied: Mended, path: Path) -> None:
    """Leave out a named table, or all of a noun."""
    noun = str(path[0])
    if len(path) < 2 or not isinstance(copied.table[noun], dict):
        copied.table.pop(noun, None)
    else:
        copied.table[noun].pop(path[1], None)
        copied.lost.add(owner(path))


def optional(table: dict[str, Any], model: type[BaseModel], path: Path, size: int) -> None:
    """Leave out the key of a core table whose keys do not go together, or put a stand-in where it is required."""
    if len(path) < 2 or not isinstance(path[0], str):
        raise Hopeless
    form = formed(model, table, path[:1])
    info = keys(form).get(str(path[1]))
    if info is None or path[1] not in table[path[0]]:
        raise Hopeless
    if info.is_required():
        table[path[0]][path[1]] = standing(within(form, path[1]), size, info)
    else:
        del table[path[0]][path[1]]


def replaced(copied: Mended, model: type[BaseModel], finding: Finding) -> None:
    """A right value, or no key where none should be."""
    *outer, last = finding.path
    at: Any = copied.table
    for key in outer:
        at = at[key]
    if last == "kind" and finding.code in ("E102", "E103", "E104"):
        known = kinds(branches(unworded(model, copied.table, tuple(outer))))
        kind = at.get("kind")
        near = nearest(kind, list(known)) if isinstance(kind, str) else ""
        if not near and str(outer[0]) in CORE and len(outer) == 1:
            raise Hopeless
        alike = closest(list(known.values()), at) if known else None
        at["kind"] = near or next((k for k, v in known.items() if v is alike), "")
    elif finding.code in ("E101", "E109", "E110"):
        meant = finding.hint.partition("(required key `")[2].partition("`")[0]
        value = at.pop(last)
        if meant and meant not in at:
            at[meant] = value
    elif not outer and last in CORE:
        raise Hopeless
    else:
        form = formed(model, copied.table, tuple(outer))
        info = keys(form).get(str(last)) if modelled(form) else None
        if info is not None and not info.is_required() and isinstance(at, dict):
            at.pop(last, None)
        else:
            at[last] = standing(within(form, last), copied.size, info)


def unworded(model: type[BaseModel], table: Any, path: Path) -> Any:
    """The type of the value at a path, its words not told apart yet."""
    return within(formed(model, table, path[:-1]), path[-1])


def formed(model: type[BaseModel], table: Any, path: Path) -> Any:
    """The type of the value at a path: of several branches the one that is meant."""
    form: Any = model
    for depth, key in enumerate(path):
        form = within(form, key)
        value: Any = table
        for part in path[: depth + 1]:
            value = value[part]
        options = branches(form)
        named = kinds(options)
        kind = value.get("kind") if isinstance(value, dict) else None
        form = named[kind] if kind in named else closest(options, value) if len(options) > 1 else options[0]
    return form


def standing(form: Any, size: int, info: FieldInfo | None = None) -> Any:
    """A right value of a type: a small or a large one."""
    options = branches(form)
    one = options[0]
    plain = get_origin(bare(one)) or bare(one)
    limits = bounds(form, info)
    makers: dict[Any, Callable[[], Any]] = {
        bool: lambda: bool(size),
        int: lambda: int(min(max((2, 1000)[size], limits[0]), limits[1])),
        float: lambda: min(max((0.5, 0.9)[size] if limits[1] <= 1 else (0.5, 2.0)[size], limits[0]), limits[1]),
        str: lambda: "stand-in",
        tuple: lambda: [standing(within(one, 0), size)],
        dict: dict,
    }
    if plain is Literal:
        return get_args(bare(one))[-size]
    if modelled(one):
        needed = {k: i for k, i in keys(one).items() if i.is_required()}
        return {k: standing(within(one, k), size, i) for k, i in needed.items()}
    if plain not in makers:
        raise Hopeless
    return makers[plain]()


def bounds(form: Any, info: FieldInfo | None) -> tuple[float, float]:
    """The least and the greatest value that a type allows."""
    rules = [*getattr(form, "__metadata__", ()), *(info.metadata if info else ())]
    rules += [m for r in rules if isinstance(r, FieldInfo) for m in r.metadata]
    low, high = -float("inf"), float("inf")
    for rule in rules:
        least, above = getattr(rule, "ge", None), getattr(rule, "gt", None)
        most, below = getattr(rule, "le", None), getattr(rule, "lt", None)
        low = max([low, *(v for v in (least, above) if v is not None)])
        high = min([high, *(v for v in (most, below) if v is not None)])
    return low, high


def moved(finding: Finding, copied: Mended) -> Finding:
    """A mistake of the copy, where it stands in the file."""
    return replace(finding, path=copied.original(finding))


def common(first: Sequence[Finding], second: Sequence[Finding]) -> list[Finding]:
    """What is wrong in both copies, as the first has it."""
    both = {(f.code, f.path, f.message) for f in second}
    return [f for f in first if (f.code, f.path, f.message) in both]
