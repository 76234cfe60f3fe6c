"""Types and values in TOML words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from .forms import bare, branches, keys, kinds, modelled, shape, shapes, within
from .places import Path

PLURAL = {"an integer": "integers", "a number": "numbers", "text": "text", "a table": "tables"}


def wanted(form: Any) -> str:
    """What a type takes."""
    options = branches(form)
    if named := kinds(options):
        return f"a table with kind {spoken([quoted(k) for k in named])}"
    return spoken(words(form))


def words(form: Any) -> list[str]:
    """What each branch of a type takes."""
    each = dict.fromkeys(word for b in branches(form) for word in simple(b))
    return [w for w in each if w != "an integer" or "a number" not in each]


def simple(form: Any) -> list[str]:
    """What a type that is no union takes."""
    if get_origin(bare(form)) is Literal:
        return [literal(v) for v in get_args(bare(form))]
    if modelled(form):
        return [f"a table {{ {', '.join(keys(form))} }}"]
    taken = shapes(form)
    if taken == {"an array"}:
        items = [PLURAL.get(w.partition(" {")[0], "") for w in words(within(form, 0))]
        return [f"an array of {spoken(items)}" if all(items) else "an array"]
    if len(taken) > 2:
        return ["a value"]
    return ["a number"] if "a number" in taken else list(taken)


def found(value: Any) -> str:
    """What a value is, and which."""
    name = shape(value)
    if name in ("an array", "a table"):
        return name if value else f"an empty {name.split()[1]}"
    if name == "true or false":
        return literal(value)
    return f"the {name.removeprefix('an ').removeprefix('a ')} {literal(value)}"


def literal(value: Any) -> str:
    """A value as it is written in TOML, cut where it is long."""
    text = quoted(value) if isinstance(value, str) else str(value)
    text = text.lower() if isinstance(value, bool) else text
    return text if len(text) <= 40 else f"{text[:36]} …{text[-1] if isinstance(value, str) else ''}"


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def spoken(words: Sequence[str]) -> str:
    """a, b or c."""
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)


def dotted(path: Path) -> str:
    """A path as it is written in TOML, with numbers for the elements of arrays."""
    plain = lambda key: key != "" and all(c.isascii() and (c.isalnum() or c in "_-") for c in key)
    return ".".join(key if plain(key) else quoted(key) for key in map(str, path))


def accepts(one: Any, form: Any, path: Path) -> str:
    """The keys that a table takes; `one` is the branch of `form` that it was taken for."""
    known, kind = keys(one), ", ".join(map(quoted, kinds([one])))
    name = next((key for key in reversed(path) if isinstance(key, str)), "")
    if len(branches(form)) > 1 and not kind:
        return f"`{name}` accepts: {wanted(form)}"
    who = f"kind {kind}" if kind else f"`{name}`" if name else "the file"
    listed = [k for k in known if not (kind and k == "kind")]
    return f"{who} accepts: {', '.join(listed)}" if listed else f"{who} accepts no other key"


def described(form: Any, key: str | int, about: str) -> str:
    """A key with what its model says of it; for an element of an array, what is said of the array."""
    if not modelled(form):
        return about
    words = keys(form)[str(key)].description if key in keys(form) else ""
    return f"`{key}`: {words}" if words else f"`{key}`"


def mended(form: Any, value: Any, path: Path) -> str:
    """How to write the value that was probably meant, where its shape is wrong."""
    taken = set().union(*(shapes(b) for b in branches(form)))
    number = taken & {"an integer", "a number"}
    if isinstance(value, str):
        if number and numeric(value):
            return f"write it without quotes: {value.strip()}"
        if "true or false" in taken and value.lower() in ("true", "false"):
            return f"write {value.lower()}"
    if isinstance(value, float) and number and value.is_integer():
        return f"write {int(value)}"
    if any(bare(b) is str for b in branches(form)) and shape(value) in ("an integer", "a number"):
        return f"write it in quotes: {quoted(literal(value))}"
    if "an array" in taken and isinstance(value, dict) and fits(form, value) and not any(map(numbered, path)):
        return f"head it [[{dotted(path)}]]"
    if "an array" in taken and not isinstance(value, dict | list) and fits(form, value):
        return f"write [{literal(value)}]"
    if "a table" in taken and tables(value) and not any(map(numbered, path)):
        return f"head it [{dotted(path)}]"
    return ""


def header(path: Path, value: Any) -> str:
    """How a table, or an array of tables, is headed; empty for other values."""
    if any(map(numbered, path)):
        return ""
    return f"[{dotted(path)}]" if isinstance(value, dict) else f"[[{dotted(path)}]]" if tables(value) else ""


def tables(value: Any) -> bool:
    """Whether a value is an array of tables."""
    return isinstance(value, list) and value != [] and all(isinstance(v, dict) for v in value)


def numbered(key: str | int) -> bool:
    """Whether a part of a path counts in an array."""
    return isinstance(key, int)


def fits(form: Any, value: Any) -> bool:
    """Whether an array that a type takes may hold the value."""
    arrays = [b for b in branches(form) if shapes(b) == {"an array"}]
    return any(shape(value) in shapes(b) for a in arrays for b in branches(within(a, 0)))


def numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii()


def sized(kind: str, context: Mapping[str, object], value: Any) -> str:
    """Too long or too short: pydantic's type of error, its context, and the value."""
    unit = "character" if isinstance(value, str) else "value"
    if kind.endswith("too_short"):
        least = context["min_length"]
        if least == 1:
            return "must not be empty"
        return f"must hold at least {least} {unit}s, found {len(value)}"
    return f"must hold at most {context['max_length']} {unit}s, found {len(value)}"
