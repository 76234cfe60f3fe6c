"""What a function reaches: every definition that may take part in its numbers.

From the function on, all that is named counts: functions, constants, classes with their attributes, validators and
methods with double underscores; other methods where their name stands after a dot anywhere in what is reached; what is
registered on a generic function for types that are reached; subclasses of an abstract class, words among them only
where the parameters or a text name their kind; and statements of the modules that are touched.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial

from .index import Index, Place, Target, digest
from .packages import RULE, contents, scope


@dataclass(frozen=True)
class Closure:
    """What is reached, and its hash."""

    key: str
    code: dict[str, str]  # hash of each definition by "module:name"
    places: frozenset[Place]
    index: Index

    @property
    def faults(self) -> dict[str, tuple[tuple[int, str], ...]]:
        """What is computed instead of written, by definition: line and call."""
        named = {shown(self.index, p): self.index.definition(p).faults for p in self.places}
        return {name: found for name, found in sorted(named.items()) if found}


def closure(run: Callable[..., object], params: object = None) -> Closure:
    """What `run` reaches when it is given these parameters."""
    forms, texts = contents(params)
    while isinstance(run, partial):
        run = run.func
    words = frozenset(t for t in texts if len(t) <= 200)
    return reached(run, frozenset((f.__module__, f.__qualname__) for f in forms), words)


@cache
def indexed(packages: frozenset[str]) -> Index:
    return Index(packages)


@cache
def reached(run: Callable[..., object], forms: frozenset[tuple[str, str]], words: frozenset[str]) -> Closure:
    """The same by the names of the parameters' classes and by their texts."""
    index = indexed(scope([run.__module__, *(m for m, _ in forms)], words))
    relevant = words & vocabulary(index) | {w for w in words if RULE.match(w)}
    return walked(index, (run.__module__, run.__qualname__, line(run)), forms, frozenset(relevant))


@cache
def vocabulary(index: Index) -> frozenset[str]:
    """The kinds of all words."""
    return frozenset(k for name in index.files for d in index.known(name).definitions for k in d.kinds)


def line(run: Callable[..., object]) -> int:
    """The first line of a function, 0 for a class or what has none."""
    code = getattr(inspect.unwrap(run), "__code__", None)
    return code.co_firstlineno if code else 0


@cache
def walked(
    index: Index, run: tuple[str, str, int], forms: frozenset[tuple[str, str]], words: frozenset[str]
) -> Closure:
    """The closure of a function of an index."""
    start = found(index, *run)
    walk = Walk(index, set(words))
    for place in start:
        walk.add(place)
    for module, name in forms:
        walk.refer(index.resolve(f"{module}:{name}"), direct=False)
    walk.settle()
    key = digest(*(index.seen(p) for p in start), *sorted(map(index.seen, walk.reached)))
    return Closure(key, named(index, walk.reached), frozenset(walk.reached), index)


def found(index: Index, module: str, name: str, line: int) -> list[Place]:
    """The definitions of a function: by its name, or for one without a name of the module by its line."""
    target = index.resolve(f"{module}:{name.partition('.<locals>')[0]}")
    if target.places:
        return list(target.places)
    here = index.module(module)
    inside = [k for k, d in enumerate(here.definitions if here else ()) if d.lines[0] <= line <= d.lines[1]]
    if not inside:
        raise TypeError(f"{module}.{name} has no source that can be read; a stage runs a function of a module")
    return [(module, k) for k in inside]


def named(index: Index, places: Iterable[Place]) -> dict[str, str]:
    """Hashes of definitions by "module:name"; of one name together."""
    several: dict[str, list[str]] = {}
    for place in places:
        several.setdefault(shown(index, place), []).append(index.own(place))
    return {name: own[0] if len(own) == 1 else digest(*sorted(own)) for name, own in sorted(several.items())}


def shown(index: Index, place: Place) -> str:
    """A definition for people."""
    one = index.definition(place)
    return f"{place[0]}:{one.name or one.kind}"


class Walk:
    """Adds definitions until nothing more is reached."""

    def __init__(self, index: Index, words: set[str]):
        self.index, self.words = index, words
        self.given = frozenset(words)
        self.reached: set[Place] = set()
        self.direct: set[Place] = set()  # classes named other than as a base
        self.attributes: set[str] = set()
        self.prefixes: set[str] = set()
        self.modules: set[str] = set()  # touched
        self.dynamic: set[str] = set()  # modules imported by computed names
        self.computed = False  # whether a name after a dot is computed: then any text may be one

    def add(self, place: Place) -> None:
        """One definition and all that it names."""
        if place in self.reached:
            return
        self.reached.add(place)
        one = self.index.definition(place)
        self.attributes.update(one.attributes)
        self.words.update(one.strings)
        self.prefixes.update(one.prefixes)
        self.computed |= any(call == "getattr" for _, call in one.faults)
        bases = {self.index.resolve(b) for b in one.bases}
        for target in self.index.links(place):
            self.refer(target, direct=target not in bases)
        self.touch(place[0])

    def refer(self, target: Target, direct: bool = True) -> None:
        """What a reference stands for; a module that is handed on counts as a whole."""
        self.attributes.update(target.after)
        for place in target.places:
            if direct and self.index.definition(place).kind == "class":
                self.direct.add(place)
            self.add(place)
        if target.module:
            for number in range(len(self.index.known(target.module).definitions)):
                self.add((target.module, number))

    def touch(self, name: str) -> None:
        """Statements of a module, of the packages around it and of what it imports."""
        if name in self.modules or name not in self.index.files:
            return
        self.modules.add(name)
        for place in self.index.effects.get(name, ()):
            self.add(place)
        self.touch(name.rpartition(".")[0])
        for path in self.index.known(name).imports:
            self.touch(path if path in self.index.files else path.rpartition(".")[0])

    def settle(self) -> None:
        """What counts because of something else that is reached, until that is all."""
        size = -1
        while size != (size := len(self.reached)):
            for place in list(self.reached):
                self.classes(place)
                for other, types in self.index.registered.get(place, ()):
                    if not types or any(not t.places or self.reached & set(t.places) for t in types):
                        self.add(other)
            for word in list(self.words):
                self.rule(word)
            self.looked_up()

    def classes(self, place: Place) -> None:
        """Methods of a reached class, and classes below one that is abstract."""
        one = self.index.definition(place)
        if one.kind != "class":
            return
        every = self.index.called(place)
        for name, number, always in one.methods:
            if always or every or name in self.attributes or (self.computed and name in self.words):
                self.add((place[0], number))
        if place in self.direct and self.index.abstract(place):
            self.below(place)

    def below(self, place: Place) -> None:
        """Subclasses: words by their kind, others all."""
        for sub in self.index.subclasses.get(place, ()):
            kinds = self.index.definition(sub).kinds
            if self.words & set(kinds) or not (kinds or self.worded(sub)):
                self.add(sub)
            self.below(sub)

    def worded(self, place: Place) -> bool:
        """Whether classes below have kinds."""
        subs = self.index.subclasses.get(place, ())
        return any(self.index.definition(s).kinds or self.worded(s) for s in subs)

    # What follows is for definitions that are named by a text, "module:name". It goes when dictionaries say them.

    def rule(self, word: str) -> None:
        """The definition that a text "module:name" names, here or after the beginning of an f-string."""
        match = RULE.match(word)
        if match is None:
            return
        for prefix in ("", *self.prefixes):
            target = self.index.resolve(f"{prefix}{match[1]}:{match[2]}")
            if target.places:
                self.refer(target)
                self.dynamic.add(target.places[0][0])

    def looked_up(self) -> None:
        """Functions of a module that was imported by a computed name, where their name stands after a dot."""
        for name in self.dynamic:
            for target, bindings in self.index.known(name).names.items():
                if target in self.attributes:
                    for number in (b for b in bindings if isinstance(b, int)):
                        self.add((name, number))
