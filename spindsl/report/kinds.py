"""What is known of the kind of a group: as the result has it, else from the word of that kind installed here.

Nothing that a result names is imported: a kind is looked up among the words that are installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..spec import NOUNS, Word, words
from ..traits import read
from .groups import group, resolved

if TYPE_CHECKING:
    import xarray as xr

TABLES = {noun.__name__.lower(): noun for noun in NOUNS}  # tables of a file
NAMED = ("analysis", "reference", "bottleneck")  # of which a file has several, by name


@dataclass(frozen=True)
class Traits:
    """What the page asks of a kind."""

    kind: str
    title: str
    neural: bool = False
    supervised: bool = False
    plain: bool = False
    normalized: bool = False


def installed(noun: str, kind: object) -> type[Word] | None:
    """The word of a kind, if there is one here."""
    return words(TABLES[noun]).get(kind) if isinstance(kind, str) else None


def tables(tree: xr.DataTree, noun: str) -> dict[str, Mapping[str, Any]]:
    """The tables of the file by name; of a noun that has but one table by the noun."""
    said = resolved(tree).get(noun) or {}
    return dict(said) if noun in NAMED else {noun: said} if said else {}


def traits(tree: xr.DataTree, noun: str, name: str = "") -> Traits:
    """Of a group: its attributes; of a result without them those of the installed word."""
    data = group(tree, f"/{noun}/{name}" if name else f"/{noun}")
    stored = dict(data.attrs) if data is not None else {}
    attrs = stored if "kind" in stored else known(tree, noun, name or noun)
    kind = str(attrs.get("kind", ""))
    yes = {t: attrs.get(t) == 1 for t in ("neural", "supervised", "plain", "normalized")}
    return Traits(kind, str(attrs.get("title") or kind.replace("-", " ")), **yes)


def known(tree: xr.DataTree, noun: str, name: str) -> dict[str, str | int]:
    """From installed words; where a kind is not known here, a bottleneck that tells of its training is neural."""
    said = tables(tree, noun).get(name, {})
    word, kind = installed(noun, said.get("kind")), str(said.get("kind", ""))
    if noun not in ("bottleneck", "analysis"):
        return word.traits() if word else {"kind": kind}
    data = group(tree, f"/{noun}/{name}")
    neural = int(noun == "bottleneck" and data is not None and "loss" in data)
    mine = word.traits() if word else {"kind": kind, "neural": neural, "supervised": 0, "plain": 1 - neural}
    of = said.get("of", "")
    if (
        noun == "analysis"
        and isinstance(of, str)
        and (of in tables(tree, "bottleneck") or group(tree, f"/bottleneck/{of}"))
    ):
        return read(mine, known(tree, "bottleneck", of))
    return mine
