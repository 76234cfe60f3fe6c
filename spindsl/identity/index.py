"""All definitions of some packages, and what their names stand for across files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from .modules import Definition, Module, read
from .packages import sources

Place = tuple[str, int]  # module, number of a definition within

# bases outside whose methods call no method of a subclass by a plain name
CALM = ("pydantic.", "abc.", "typing.", "enum.", "collections.abc.")


@dataclass(frozen=True)
class Target:
    """What a dotted path stands for: definitions, with what follows after dots; or a module; or what lies outside."""

    text: str  # the same wherever the definition stands
    places: tuple[Place, ...] = ()
    after: tuple[str, ...] = ()
    module: str = ""


class Index:
    """The modules of some packages, each read when it is first asked for."""

    def __init__(self, packages: frozenset[str]):
        self.files = {name: path for package in sorted(packages) for name, path in sources(package).items()}
        self.resolve = cache(self._resolve)
        self.module = cache(self._module)
        self.own, self.seen = cache(self._own), cache(self._seen)
        self.links, self.lineage = cache(self._links), cache(self._lineage)
        self.subclasses: dict[Place, list[Place]] = {}
        self.registered: dict[Place, list[tuple[Place, tuple[Target, ...]]]] = {}
        self.effects: dict[str, list[Place]] = {}  # of a module, on nothing that is defined here
        for name in self.files:
            self.enrol(name)

    def _module(self, name: str) -> Module | None:
        return read(name, self.files[name]) if name in self.files else None

    def known(self, name: str) -> Module:
        """A module of ours; KeyError for any other."""
        found = self.module(name)
        if found is None:
            raise KeyError(name)
        return found

    def definition(self, place: Place) -> Definition:
        return self.known(place[0]).definitions[place[1]]

    def enrol(self, name: str) -> None:
        """Note subclasses and registrations of a module."""
        for number, one in enumerate(self.known(name).definitions):
            place = name, number
            for base in one.bases:
                for above in self.resolve(base).places:
                    self.subclasses.setdefault(above, []).append(place)
            for registration in one.registers:
                types = tuple(map(self.resolve, registration.types))
                on = [p for path in registration.on for p in self.receivers(path)]
                if not on and types:
                    on, types = [p for t in types for p in t.places], ()
                if not on and one.kind == "effect":
                    self.effects.setdefault(name, []).append(place)
                for above in on:
                    self.registered.setdefault(above, []).append((place, types))

    def receivers(self, path: str) -> Iterator[Place]:
        """The definitions that a registration is on; of "table of DECORATOR", the constants that it fills."""
        if not path.startswith("table of "):
            yield from self.resolve(path).places
            return
        for place in self.resolve(path.removeprefix("table of ")).places:
            for target in map(self.resolve, self.definition(place).references):
                yield from (p for p in target.places if self.definition(p).kind == "constant")

    def _resolve(self, path: str) -> Target:
        """Follow a dotted path through packages, modules and imports."""
        return self.follow(path, frozenset())

    def follow(self, path: str, passed: frozenset[str]) -> Target:
        """What "module:name.attribute" stands for, or "package.module.name"."""
        module, colon, rest = path.partition(":")
        names = rest.split(".") if colon else []
        while not colon and module not in self.files and "." in module:
            module, _, last = module.rpartition(".")
            names.insert(0, last)
        while names and path not in passed and module in self.files:
            if found := self.bound(module, names[0], tuple(names[1:]), passed | {path}):
                return found
            module = f"{module}.{names.pop(0)}"
        if names or module not in self.files:
            return Target(path.replace(":", "."))
        return Target(f"module {module.rpartition('.')[2]}", module=module)

    def bound(self, module: str, name: str, after: tuple[str, ...], passed: frozenset[str]) -> Target | None:
        """What a name of a module stands for; None if it has no such name, or it is a module within."""
        here = self.known(module)
        bindings = here.names.get(name, ())
        if not bindings and f"{module}.{name}" not in self.files:
            bindings = here.names.get("__getattr__", ()) or self.starred(here, name, passed)
        places, others = [(module, b) for b in bindings if isinstance(b, int)], []
        for path in (b for b in bindings if isinstance(b, str)):
            if path == f"{module}:{name}" and f"{module}.{name}" in self.files:
                return None
            others.append(self.follow(".".join([path, *after]), passed))
        if not places:
            return others[0] if others else None
        places += [p for t in others for p in t.places]
        text = ".".join([self.definition(places[0]).name or name, *after])
        return Target(text, tuple(places), after)

    def starred(self, here: Module, name: str, passed: frozenset[str]) -> tuple[str, ...]:
        """The path of a name that comes by `from … import *`."""
        for star in here.stars:
            found = self.follow(f"{star}:{name}", passed)
            if found.places or found.module:
                return (f"{star}:{name}",)
        return ()

    def _lineage(self, place: Place) -> tuple[frozenset[Place], frozenset[str]]:
        """The classes above a class, and the bases that lie outside."""
        inside: set[Place] = set()
        outside: set[str] = set()
        for base in self.definition(place).bases:
            target = self.resolve(base)
            if not target.places:
                outside.add(target.text)
            for above in target.places:
                if above != place and above not in inside:
                    more, out = self.lineage(above)
                    inside |= {above, *more}
                    outside |= out
        return frozenset(inside), frozenset(outside)

    def abstract(self, place: Place) -> bool:
        return "abc.ABC" in self.lineage(place)[1] or "abc.ABCMeta" in self.lineage(place)[1]

    def called(self, place: Place) -> bool:
        """Whether code outside may call any method of the class: it has a base there that is not calm."""
        return any(("." in base and not base.startswith(CALM)) or base == "?" for base in self.lineage(place)[1])

    def _links(self, place: Place) -> tuple[Target, ...]:
        """What a definition refers to; in annotations, only where pydantic reads them."""
        one = self.definition(place)
        noted = one.kind != "class" or any(b.startswith("pydantic.") for b in self.lineage(place)[1])
        skipped = () if noted else one.notes
        return tuple(self.resolve(r) for k, r in enumerate(one.references) if k not in skipped)

    def _own(self, place: Place) -> str:
        """Hash of a definition with the names of what it refers to."""
        one = self.definition(place)
        return digest(one.name, one.text, *(self.resolve(r).text for r in one.references))

    def _seen(self, place: Place) -> str:
        """Hash of a definition and of what its names stand for, two steps far: which of two twins is meant."""
        near = [digest(*(self.own(p) for p in t.places)) for t in self.links(place)]
        far = [self.own(q) for t in self.links(place) for p in t.places for u in self.links(p) for q in u.places]
        return digest(self.own(place), *near, *far)


def digest(*parts: str) -> str:
    """24 hex digits of some texts."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]
