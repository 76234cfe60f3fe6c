"""Which swept value a mistake is of: mistakes of the points of a sweep, at their places in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..errors import Finding
from ..sweeping import Axis, owner
from .resemblance import nearest
from .wording import dotted, literal

Place = tuple[int, ...]
KEYS = ("E101", "E102", "E109", "E110")  # of keys: the path is wrong, if every value makes the mistake
MOST = 20  # combinations shown of one table


@dataclass
class Told:
    """What is wrong with the experiment `base` where parameters have other values, by path."""

    base: Mapping[str, object]
    ask: Callable[[Mapping[str, object]], list[Finding]]
    known: dict[str, list[Finding]] = field(default_factory=dict)

    def __call__(self, swept: Mapping[str, object], table: str) -> list[Finding]:
        """The mistakes of one table."""
        name = repr(sorted(swept.items()))
        if name not in self.known:
            self.known[name] = self.ask(swept)
        return [f for f in self.known[name] if owner(f.path) == table]


def values(dims: Sequence[Axis], place: Place) -> dict[str, object]:
    """The swept values of a point."""
    return {p: v[k] for a, k in zip(dims, place) for p, v in a.paths.items()}


def blamed(
    dims: Sequence[Axis], failing: Mapping[Place, set[str]], told: Told, gone: Sequence[Place] = ()
) -> list[Finding]:
    """The mistakes of all points, each once, at the values that make them.

    `failing` are the wrong points, with the tables that are wrong there; `gone` are points of which nothing
    is known. A value is to blame if all points that have it fail; else a combination is.
    """
    found: list[Finding] = []
    for table in dict.fromkeys(t for tables in failing.values() for t in sorted(tables)):
        left = np.zeros([len(a) for a in dims], dtype=bool)
        for place, tables in failing.items():
            left[place] = table in tables
        fails = left.copy()
        for place in gone:
            fails[place] = True
        for n, axis in enumerate(dims):
            for k in range(len(axis)):
                slab = (slice(None),) * n + (k,)
                here = [p for p, tables in failing.items() if p[n] == k and table in tables]
                if axis.paths and here and fails[slab].all():
                    mine = [f for f in told(values(dims, here[0]), table) if of(f, axis, k, dims, told)]
                    found += [placed(f, axis, k, told, everywhere=bool(fails.all())) for f in mine]
                    if mine:
                        left[slab] = False
        found += combined(dims, fails, left, table, told)
    return list(dict.fromkeys(once(found, dims)))


def combined(dims: Sequence[Axis], fails: np.ndarray, left: np.ndarray, table: str, told: Told) -> Iterator[Finding]:
    """The mistakes of values that are wrong together."""
    for _ in range(MOST):
        if not left.any():
            return
        place = tuple(int(k) for k in np.argwhere(left)[0])
        among = [
            n for n in range(len(dims)) if dims[n].paths and not fails[(*place[:n], slice(None), *place[n + 1 :])].all()
        ]
        among = among or [n for n in range(len(dims)) if dims[n].paths]
        for one in told(values(dims, place), table):
            made_by = {n: culprit(one, dims[n], place[n], told) for n in among}
            others = {path: dims[n].paths[path][place[n]] for n, path in made_by.items()}
            n = next((n for n in among if related(one, dims[n])), among[-1])
            yield placed(one, dims[n], place[n], told, others=others)
        left[tuple(place[n] if n in among else slice(None) for n in range(len(dims)))] = False


def related(found: Finding, axis: Axis) -> bool:
    """Whether a mistake is at, above or within a parameter of an axis."""
    return any(begins(found.path, path) or begins(path, found.path) for path in axis.paths)


def begins(path: str | Sequence[str | int], first: str | Sequence[str | int]) -> bool:
    """Whether a path begins with another."""
    path, first = ([*map(str, p.split(".") if isinstance(p, str) else p)] for p in (path, first))
    return path[: len(first)] == first


def of(found: Finding, axis: Axis, k: int, dims: Sequence[Axis], told: Told) -> bool:
    """Whether a mistake is of the values number `k` of an axis: by its path, or else because they alone make it."""
    if any(related(found, other) for other in dims):
        return related(found, axis)
    return made(found, values([axis], (k,)), told)


def made(found: Finding, swept: Mapping[str, object], told: Told) -> bool:
    """Whether these values alone make the mistake."""
    alone = told(swept, owner(found.path))
    return any((f.code, f.path) == (found.code, found.path) for f in alone)


def placed(
    found: Finding, axis: Axis, k: int, told: Told, everywhere: bool = False, others: Mapping[str, object] | None = None
) -> Finding:
    """A mistake at the value, or at the key, that made it."""
    mine = culprit(found, axis, k, told)
    within = begins(found.path, mine)
    wrong = everywhere and found.code in KEYS and (not within or len(found.path) == mine.count(".") + 1)
    beside = others or {mine: axis.paths[mine][k]}
    apart = others and set(others) != {mine}
    said = ", ".join(f"{p} = {literal(v)}" for p, v in beside.items()) if (apart or not within) and not wrong else ""
    what = ": ".join(filter(None, (said, dotted(found.path), found.message)))
    at: tuple[str | int, ...] = (*axis.at, mine)
    if wrong:
        return replace(found, message=what, path=at, hint=meant(found, mine, told), key=True)
    if mine in axis.ranges:
        end = {0: ("from",), len(axis) - 1: ("to",)}.get(k, ())
        note = f"its values are {', '.join(map(literal, axis.paths[mine][:6]))}{', …' if len(axis) > 6 else ''}"
        return replace(found, message=what, path=(*at, *end), notes=(*found.notes, note))
    rest = found.path[mine.count(".") + 1 :] if within else ()
    return replace(found, message=what, path=(*at, k, *rest))


def once(found: Sequence[Finding], dims: Sequence[Axis]) -> Iterator[Finding]:
    """Without further values of a Range, or of a wrong path, that are wrong in the same way."""
    spaced = {(*axis.at, path) for axis in dims for path in axis.ranges}
    seen = set()
    for one in found:
        name = (one.code, one.path[:4], one.key and one.message)
        if name not in seen or not (one.key or one.path[:4] in spaced):
            yield one
        seen.add(name)


def culprit(found: Finding, axis: Axis, k: int, told: Told) -> str:
    """The one of the parameters of an axis that made a mistake."""
    by_path = [p for p in axis.paths if begins(found.path, p) or begins(p, found.path)]
    alone = (p for p, v in axis.paths.items() if made(found, {p: v[k]}, told))
    return by_path[0] if by_path else next(alone, next(iter(axis.paths)))


def meant(found: Finding, path: str, told: Told) -> str:
    """The hint for an unknown key: a path that there is, if one resembles."""
    parts = path.split(".")
    at: Any = told.base
    for depth, part in enumerate(parts):
        if not isinstance(at, dict):
            break
        if part not in at:
            near = nearest(part, [k for k in at if k != "kind"])
            return f'did you mean "{".".join((*parts[:depth], near, *parts[depth + 1 :]))}"?' if near else found.hint
        at = at[part]
    return found.hint


def lost(dims: Sequence[Axis], base: Mapping[str, object]) -> list[Finding]:
    """Swept parameters of bottlenecks, analyses and elements that the experiment does not have."""
    found = []
    for axis in dims:
        for path in axis.paths:
            if missing := absent(path.split("."), base):
                message, hint = missing
                found.append(Finding("E101", message, (*axis.at, path), hint=hint, key=True))
    return found


def without(dims: Sequence[Axis], lost: Sequence[Finding]) -> tuple[Axis, ...]:
    """The axes without the parameters of these mistakes."""
    wrong = {str(f.path[-1]) for f in lost}
    return tuple(replace(a, paths={p: v for p, v in a.paths.items() if p not in wrong}) for a in dims)


def absent(parts: Sequence[str], base: Any) -> tuple[str, str] | None:
    """Which part of a path leads nowhere, and what there is."""
    at, listed = base, False
    for depth, part in enumerate(parts):
        if isinstance(at, list):
            listed = True
            if not part.isdigit() or int(part) >= len(at):
                return f"no element {part} of {'.'.join(parts[:depth])}", f"it has {len(at)}, counted from 0"
            at = at[int(part)]
            continue
        if listed and not isinstance(at, dict):
            return f"{'.'.join(parts[:depth])} is no table", ""
        named = depth == 1 and parts[0] in ("reference", "bottleneck", "analysis")
        if named and isinstance(at, dict) and part not in at:
            near = nearest(part, list(at))
            hint = f'did you mean "{".".join((parts[0], near, *parts[2:]))}"?' if near else ""
            return f"no {parts[0]} {part!r}", hint or (f"there are {', '.join(at)}" if at else "there are none")
        at = at.get(part) if isinstance(at, dict) else None
    return None
