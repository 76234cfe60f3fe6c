"""What a result holds of the words that draw themselves, by kind; and the parts of the page that they bring."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..groups import group, groups
from ..kinds import NAMED, TABLES, Traits, installed, tables, traits
from ..markup import Html, joined, tag
from .series import Series, ranked

if TYPE_CHECKING:
    import xarray as xr

    from ..canvas import Plate


@dataclass(frozen=True)
class Asked:
    """All results of one kind."""

    noun: str  # "analysis", say
    kind: str
    found: Mapping[str, xr.Dataset]  # by name
    said: Mapping[str, Mapping[str, Any]]  # all tables of the noun in the file, by name
    bottlenecks: Mapping[str, Mapping[str, Any]]
    tree: xr.DataTree
    part: Part

    @property
    def title(self) -> str:
        """The heading of its section."""
        title = self.traits(next(iter(self.found))).title
        return title[:1].upper() + title[1:]

    def group(self, path: str) -> xr.Dataset | None:
        """Another group of the result."""
        return group(self.tree, path)

    def traits(self, name: str) -> Traits:
        """What is known of one of them."""
        return traits(self.tree, self.noun, name if self.noun in NAMED else "")

    def reads(self, name: str) -> str:
        """What an analysis reads and how: kde of vae; of a bottleneck that has seen the drives it says so."""
        mine = self.said.get(name, {})
        of, use = mine.get("of", ""), mine.get("use", "means")
        told = " of ".join(w for w in (mine.get("by", {}).get("kind", ""), use if use != "means" else "", of) if w)
        return f"{told}, sees labels" if self.traits(name).supervised else told


@dataclass(frozen=True)
class Part:
    """A word's part of the page; what is left out is not shown."""

    sentences: Callable[[Asked], Iterable[Html]] = lambda asked: ()
    figures: Callable[[Asked], Iterable[Plate]] = lambda asked: ()
    table: Callable[[Asked], Html] = lambda asked: Html("")


def asked(tree: xr.DataTree) -> list[Asked]:
    """The kinds that bring a part of the page, with their results; analyses first."""
    bottlenecks = tables(tree, "bottleneck")
    return [
        Asked(noun, kind, found, tables(tree, noun), bottlenecks, tree, part)
        for noun in reversed(TABLES)
        for kind, found in by_kind(tree, noun).items()
        if (word := installed(noun, kind)) and (part := word.page())
    ]


def by_kind(tree: xr.DataTree, noun: str) -> dict[str, dict[str, xr.Dataset]]:
    """The groups of a noun, in the order of the file; left out is what the file tells otherwise than the group."""
    import xarray as xr

    found = groups(tree, noun) if noun in NAMED else {noun: group(tree, f"/{noun}") or xr.Dataset()}
    kinds: dict[str, dict[str, xr.Dataset]] = {}
    for name, table in tables(tree, noun).items():
        kind = traits(tree, noun, name if noun in NAMED else "").kind
        if name in found and kind == table.get("kind"):
            kinds.setdefault(kind, {})[name] = found[name]
    return kinds


def contest(asked: Asked, lines: list[Series], what: str = "", where: str = "") -> Html:
    """Whether the best trained network, blind to labels, beats the best plain statistic at the end."""
    about = {s.name: asked.traits(s.name) for s in lines}
    networks = [s for s in lines if about[s.name].neural and not about[s.name].supervised]
    plain = [s for s in lines if about[s.name].plain]
    if not networks or not plain:
        return Html("")
    network, one = (max(some, key=lambda s: s.value[-1]) for some in (networks, plain))
    first, _ = ranked([network, one])
    said = "is matched by" if len(first) > 1 else "beats" if first[0] is network else "is beaten by"
    names = tag("b", network.name), tag("b", one.name)
    return joined(
        [f"The best trained network{what}, ", names[0], f", {said} the best plain statistic, ", names[1], where, "."]
    )


def told(one: Asked) -> Html:
    """Its sentences, as a list."""
    several = [tag("li", t) for t in one.part.sentences(one) if t]
    return tag("ul", *several) if several else joined([])
