"""The types of a model: what shapes of value they take, and which branch of a union a value means."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ..spec import is_noun, words
from .places import Path
from .resemblance import alike

SHAPES = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "text",
    list: "an array",
    dict: "a table",
}
MEANS = {float: {"a number", "an integer"}, tuple: {"an array"}, set: {"an array"}, frozenset: {"an array"}}


def bare(form: Any) -> Any:
    """A type without its Annotated wrappings."""
    while get_origin(form) is Annotated:
        form = get_args(form)[0]
    return form


def branches(form: Any) -> list[Any]:
    """The members of a union, those of unions inside it included, None left out; or the type itself.

    A noun is the union of its words.
    """
    if is_noun(bare(form)):
        return list(words(bare(form)).values())
    if get_origin(bare(form)) not in (Union, types.UnionType):
        return [form]
    return [b for member in get_args(bare(form)) if member is not type(None) for b in branches(member)]


def modelled(form: Any) -> bool:
    return isinstance(bare(form), type) and issubclass(bare(form), BaseModel) and not is_noun(bare(form))


def keys(form: Any) -> dict[str, FieldInfo]:
    """The keys of a model as they are written in a file."""
    return {field.alias or name: field for name, field in bare(form).model_fields.items()}


def within(form: Any, key: str | int) -> Any:
    """The type of what a table or an array holds at a key."""
    if modelled(form):
        field = keys(form).get(str(key), FieldInfo(annotation=Any))
        return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation  # type: ignore
    arguments = [a for a in get_args(bare(form)) if a is not Ellipsis]
    if not arguments:
        return Any
    if isinstance(key, int) and len(arguments) > key:
        return arguments[key]
    return arguments[-1]


def shape(value: Any) -> str:
    """What a value is, in TOML words."""
    return next((name for kind, name in SHAPES.items() if isinstance(value, kind)), "a date or time")


def shapes(form: Any) -> set[str]:
    """The shapes that a type may take; all of them where that is not known."""
    plain = get_origin(bare(form)) or bare(form)
    if plain is Literal:
        return {shape(value) for value in get_args(bare(form))}
    if modelled(form) or plain is Mapping:
        return {"a table"}
    if plain in MEANS:
        return MEANS[plain]
    return {SHAPES[plain]} if plain in SHAPES else {*SHAPES.values(), "a date or time"}


def understood(form: Any) -> bool:
    """Whether every branch is a model or a plain type; pydantic alone judges others, such as a TypedDict."""
    plain = {*SHAPES, *MEANS, Literal, Mapping}
    return all(modelled(b) or (get_origin(bare(b)) or bare(b)) in plain for b in branches(form))


def fitting(form: Any, value: Any) -> list[Any]:
    """The branches that take values of this shape."""
    return [b for b in branches(form) if shape(value) in shapes(b)]


def kinds(forms: Sequence[Any]) -> dict[str, object]:
    """Models by their `kind`; empty unless all have one."""
    found = {}
    for form in forms:
        field = keys(form).get("kind") if modelled(form) else None
        if field is None or get_origin(field.annotation) is not Literal:
            return {}
        found |= dict.fromkeys(get_args(field.annotation), form)
    return found


def closest(forms: Sequence[Any], value: Any) -> Any:
    """The branch whose keys resemble those of the value most; the first where keys do not tell."""
    if not isinstance(value, dict):
        return forms[0]
    score = lambda form: sum(max((alike(k, name) for name in keys(form)), default=0) for k in value)
    return max(forms, key=lambda form: score(form) if modelled(form) else 0)


def homes(form: Any, value: Any, path: Path = ()) -> dict[str, Path]:
    """Where each key of the tables of a file belongs; the first place of several."""
    options = fitting(form, value)
    if named := kinds(options):
        kind = value.get("kind")
        options = [named[kind]] if isinstance(kind, str) and kind in named else []
    if not options or not isinstance(value, dict | list):
        return {}
    one = closest(options, value)
    found = {k: path for k in keys(one) if k != "kind"} if modelled(one) else {}
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in inner:
        if not modelled(one) or key in keys(one):
            found = homes(within(one, key), item, (*path, key)) | found
    if modelled(one):
        for key in keys(one):
            for absent in () if key in value else filter(modelled, branches(within(one, key))):
                found = {k: (*path, key) for k in keys(absent) if k != "kind"} | found
    return found
