"""Parameters of stages as JSON: what keys and provenance hold of a frozen model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache

from pydantic import BaseModel

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def as_json(value: object) -> Json:
    """A frozen model, dataclass, mapping or sequence as JSON values; keys without a value are left out.

    TypeError names a value that JSON cannot hold.
    """
    if isinstance(value, Enum):
        return as_json(value.value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, BaseModel):
        return {name: as_json(v) for name, v in value if v is not None}
    if is_dataclass(value) and not isinstance(value, type):
        return {name: as_json(v) for name in names(type(value)) if (v := value.__dict__[name]) is not None}
    if isinstance(value, Mapping):
        return {str(k): as_json(v) for k, v in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [as_json(v) for v in (sorted(value) if isinstance(value, frozenset) else value)]
    raise TypeError(f"parameters hold a {type(value).__name__}, which JSON cannot: {value!r}")


@cache
def names(form: type) -> tuple[str, ...]:
    """Fields of a dataclass."""
    return tuple(f.name for f in fields(form))
