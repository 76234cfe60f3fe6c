"""The analyses of a result, by kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..markup import Html, joined, tag
from ..reading import group, groups, resolved
from .series import Series, ranked

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Asked:
    """All analyses of one kind."""

    kind: str
    found: Mapping[str, xr.Dataset]  # by name
    said: Mapping[str, Mapping[str, Any]]  # the tables of the file, by name
    bottlenecks: Mapping[str, Mapping[str, Any]]
    tree: xr.DataTree

    @property
    def module(self) -> ModuleType:
        return import_module(f"{__package__}.{self.kind.replace('-', '_')}")

    def group(self, path: str) -> xr.Dataset | None:
        """Another group of the result."""
        return group(self.tree, path)

    def reads(self, name: str) -> str:
        """What an analysis reads and how: kde of vae; of a bottleneck that has seen the drives it says so."""
        mine = self.said.get(name, {})
        of, use = mine.get("of", ""), mine.get("use", "means")
        told = " of ".join(w for w in (mine.get("by", {}).get("kind", ""), use if use != "means" else "", of) if w)
        return f"{told}, sees labels" if self.supervised(name) else told

    def supervised(self, name: str) -> bool:
        """Whether its bottleneck has seen the drives' names."""
        return self.bottlenecks.get(self.said.get(name, {}).get("of", ""), {}).get("kind") == "vib"

    def network(self, name: str) -> bool:
        """Whether it reads a bottleneck that was trained by gradient."""
        trained = {"vae", "autoencoder", "rbm", "vib"}
        return self.bottlenecks.get(self.said.get(name, {}).get("of", ""), {}).get("kind") in trained


def asked(tree: xr.DataTree) -> list[Asked]:
    """The kinds that have a module here, with their analyses."""
    said, found = resolved(tree), groups(tree, "analysis")
    kinds: dict[str, dict[str, xr.Dataset]] = {}
    for name, table in said.get("analysis", {}).items():
        kind = table.get("kind", "")
        if name in found and kind and find_spec(f"{__package__}.{kind.replace('-', '_')}"):
            kinds.setdefault(kind, {})[name] = found[name]
    return [Asked(k, some, said["analysis"], said.get("bottleneck", {}), tree) for k, some in kinds.items()]


def contest(asked: Asked, lines: list[Series], what: str = "", where: str = "") -> Html:
    """Whether the best trained network, blind to labels, beats the best plain statistic at the end."""
    networks = [s for s in lines if asked.network(s.name) and not asked.supervised(s.name)]
    plain = [s for s in lines if not asked.network(s.name)]
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
    several = [tag("li", t) for t in one.module.told(one) if t]
    return tag("ul", *several) if several else joined([])
