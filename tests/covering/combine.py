"""Experiments made of tiny tables: which there are to try, and which of them together cover all that can meet."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from questions import STILL, Question
from tables import COUPLINGS, DYNAMICS, GRAPHS, PROTOCOLS, RECORDED, SYSTEMS, Choice

SEED = 20261130
OF = {"observable": "observable"}  # observables are of one kind
CANDIDATES = 4  # rows among which one of an array is chosen
Feature = tuple[str, str]  # a noun and a label
Target = frozenset[Feature]
GRAPHED = ("ising", "edwards-anderson", "spin-glass", "potts", "learned")
COUPLED = ("edwards-anderson", "spin-glass")
LATTICES = {1: ("[0]", "[1]", "[2]", "[3]"), 2: ("[0, 0]", "[0, 1]", "[1, 0]", "[1, 1]")}
LATTICES |= {3: ("[0, 0, 0]", "[0, 0, 1]", "[0, 1, 0]", "[1, 0, 0]"), 0: LATTICES[2]}
SIDES = {0: "[4, 4]", 1: "[10]", 2: "[6, 4]", 3: "[4, 2, 2]"}


@dataclass(frozen=True)
class Core:
    """Matter, what moves it and what is done to it: one choice of each table that it has."""

    chosen: tuple[Choice, ...]

    def __getitem__(self, noun: str) -> Choice | None:
        return next((c for c in self.chosen if c.noun == noun), None)

    @property
    def label(self) -> str:
        return " ".join(f"{c.noun}={c.label}" for c in self.chosen)

    def toml(self, asked: Sequence[Question] = ()) -> str:
        """The experiment with questions; analyses are called q0, q1, …"""
        tables = ['spindsl = 1\ntitle = "covering"\nseed = 7\n', self.matter()]
        tables += [written(c.noun, c, self.filled) for c in self.chosen if c.noun in ("dynamics", "protocol")]
        references = dict.fromkeys(q.reference for q in asked if q.reference)
        tables += [written(f"reference.{named(r)}", r, self.filled) for r in references]
        several = dict.fromkeys(q.of for q in asked if q.of and q.of.noun == "bottleneck")
        if any('labels = "made"' in b.text for b in several):
            several |= {next(b for b in STILL if b.label == "made"): None}
        tables += [written(f"bottleneck.{named(b)}", b, self.filled) for b in several]
        for k, q in enumerate(q for q in asked if q.analysis):
            text = q.analysis.text.replace("{of}", named(q.of)) if q.of else q.analysis.text
            text = text.replace("{reference}", named(q.reference)) if q.reference else text
            tables.append(written(f"analysis.q{k}", Choice("", q.analysis.kind, "", text), self.filled))
        return "\n".join([*tables, *dict.fromkeys(q.beside for q in asked if q.beside)])

    def matter(self) -> str:
        """The table of the system, with its graph and couplings."""
        system = self["system"]
        text = written("system", system, self.filled)
        graph, couplings = self["graph"], self["couplings"]
        if graph and graph.kind != "absent":
            if not graph.axes and "spins =" not in text:
                text += f"spins = {graph.spins}\n"
            text += f"graph = {inline(graph)}\n"
        elif graph and "spins =" not in text:
            text += f"spins = {graph.spins}\n"
        return text + (f"couplings = {inline(couplings, self.filled)}\n" if couplings else "")

    def filled(self, text: str) -> str:
        """A text with what the graph decides."""
        graph = self["graph"]
        spins, axes = (graph.spins, graph.axes) if graph else (16, 2)
        for k, place in enumerate(LATTICES[axes]):
            text = text.replace(f"{{o{k}}}", place)
        text = text.replace("{spins}", str(spins)).replace("{sides}", SIDES[axes])
        return text.replace("{couplings}", f"couplings-{spins}.nc").replace("{initial}", f"initial-{spins}.nc")


def named(choice: Choice) -> str:
    """A bottleneck, reference or observable by its name in the file."""
    return f"{choice.kind}-{choice.name}" if choice.name else choice.kind


def written(path: str, choice: Choice, filled) -> str:
    """A table of the file."""
    return filled(f'[{path}]\nkind = "{choice.kind}"\n{choice.text}'.rstrip() + "\n")


def inline(choice: Choice, filled=str) -> str:
    """A table within a table."""
    return filled("{ " + ", ".join([f'kind = "{choice.kind}"', *filter(None, [choice.text])]) + " }")


@dataclass(frozen=True)
class Family:
    """Cores that may meet: what each table may be, and cores that do meet, from which others differ little."""

    name: str
    factors: tuple[tuple[Choice, ...], ...]
    usual: tuple[Core, ...]
    driven: bool = True
    apart: tuple[str, ...] = ()  # tables that pairs with questions leave to triples: they have no bearing on them

    def cores(self, strength: int) -> Iterator[Core]:
        """A covering array, then usual cores with every combination of so many tables in the place of theirs, which
        cover what rows that are refused do not; each core once."""
        strength = min(strength, len(self.factors))
        seen = dict.fromkeys(array(self.factors, strength))
        yield from seen
        for usual in self.usual:
            for places in combinations(range(len(self.factors)), strength):
                for several in product(*(self.factors[k] for k in places)):
                    by = {c.noun: c for c in (*usual.chosen, *several)}
                    core = Core(tuple(by.values()))
                    if core not in seen:
                        seen[core] = None
                        yield core


def array(factors: Sequence[Sequence[Choice]], strength: int, seed: int = SEED) -> Iterator[Core]:
    """A covering array: rows in which every combination of `strength` choices occurs. Greedy, always the same."""
    rng = random.Random(seed)
    left = {
        frozenset(several): None
        for places in combinations(range(len(factors)), strength)
        for several in product(*(factors[k] for k in places))
    }
    place = {c: k for k, several in enumerate(factors) for c in several}
    while left:
        start = {place[c]: c for c in next(iter(left))}
        rows = [tuple(start.get(k) or rng.choice(f) for k, f in enumerate(factors)) for _ in range(CANDIDATES)]
        gains = [[t for t in map(frozenset, combinations(row, strength)) if t in left] for row in rows]
        best = max(range(CANDIDATES), key=lambda k: len(gains[k]))
        for target in gains[best]:
            del left[target]
        yield Core(rows[best])


def features(core: Core, question: Question | None = None) -> list[tuple[Feature, Feature]]:
    """Of every table its kind and its variant."""
    tables = list(core.chosen)
    if question:
        tables += [c for c in (question.analysis, question.of, question.reference) if c]
    return [((c.noun, OF.get(c.noun, c.kind)), (c.noun, c.label)) for c in tables]


def targets(core: Core, question: Question | None = None, strength: int = 2, apart: Sequence[str] = ()) -> set[Target]:
    """What a case covers: every combination of so many kinds, of one fewer variants; without tables `apart`."""
    several = [f for f in features(core, question) if f[0][0] not in apart]
    kinds = {frozenset(k for k, _ in some) for some in combinations(several, strength)}
    return kinds | {frozenset(v for _, v in some) for some in combinations(several, strength - 1)}


def cover(cores: Sequence[Core], covered: set[Target], strength: int) -> Iterator[Core]:
    """Cores that together cover all that any of them covers, greedily; `covered` grows."""
    left = {core: targets(core, None, strength) - covered for core in cores}
    while left:
        best = max(left, key=lambda core: len(left[core]))
        if not left[best]:
            return
        gain = left.pop(best)
        covered |= gain
        left = {core: rest - gain for core, rest in left.items()}
        yield best


def of_kind(several: Iterable[Choice], *kinds: str) -> tuple[Choice, ...]:
    """The choices of some kinds."""
    return tuple(c for c in several if c.kind in kinds)


def usual(*labels: str) -> Core:
    """A core by labels, such as "system=ising"."""
    every = (*SYSTEMS, *RECORDED, *GRAPHS, *COUPLINGS, *DYNAMICS, *PROTOCOLS)
    return Core(tuple(next(c for c in every if f"{c.noun}={c.label}" == label) for label in labels))


def first(several: Iterable[Choice]) -> tuple[Choice, ...]:
    """The first choice of each kind."""
    return tuple({c.kind: c for c in reversed(tuple(several))}.values())


SWEPT = of_kind(DYNAMICS, "metropolis", "heat-bath", "parallel-tempering", "swendsen-wang", "wolff")
RATES = tuple(c for c in DYNAMICS if "beta" in c.text)
STILLS, PUSHED, CYCLED = (of_kind(PROTOCOLS, k) for k in ("equilibrium", "field-drive", "cyclic-drive"))
PLAIN = ("graph=square/torus", "dynamics=metropolis/sequential", "protocol=equilibrium")
DRIVE = ("graph=erdos-renyi", "couplings=normal", "dynamics=glauber", "protocol=field-drive")
FAMILIES = (
    Family(
        "uniform", (of_kind(SYSTEMS, "ising", "potts", "learned"), GRAPHS, SWEPT, STILLS),
        (usual("system=ising", *PLAIN),), driven=False,
    ),
    Family(
        "disordered", (of_kind(SYSTEMS, *COUPLED), GRAPHS, COUPLINGS, SWEPT, STILLS),
        (usual("system=edwards-anderson", PLAIN[0], "couplings=normal", *PLAIN[1:]),), driven=False,
    ),
    Family(
        "driven", (of_kind(SYSTEMS, *COUPLED), first(GRAPHS), COUPLINGS, RATES, PUSHED),
        (usual("system=spin-glass", *DRIVE),), apart=("graph", "couplings", "dynamics"),
    ),
    Family(
        "driven uniform", (of_kind(SYSTEMS, "ising", "potts", "learned"), first(GRAPHS), RATES, PUSHED[:4]),
        (usual("system=ising", PLAIN[0], *DRIVE[2:]),), apart=("graph", "dynamics"),
    ),
    Family(
        "cycled", (of_kind(SYSTEMS, "hysterons", "random-organization"), DYNAMICS, CYCLED),
        (
            usual("system=hysterons", "dynamics=quasistatic", "protocol=cyclic-drive"),
            usual("system=random-organization", "dynamics=random-kicks", "protocol=cyclic-drive"),
        ),
    ),
    Family("recorded", (RECORDED,), (usual("system=recorded/netcdf"),)),
)  # fmt: skip


def anything(strength: int) -> Iterator[Core]:
    """Everything with everything: what hardly ever meets."""
    systems = tuple(c for c in SYSTEMS if strength < 3 or c.name in ("", "delta", "products"))
    several = [noun if strength < 3 else first(noun) for noun in (DYNAMICS, PROTOCOLS)]
    for core in array([systems, GRAPHS, COUPLINGS, *several], strength):
        kind = core["system"].kind
        drop = {"graph", "couplings"} if kind not in GRAPHED else {"couplings"} if kind not in COUPLED else set()
        yield Core(tuple(c for c in core.chosen if c.noun not in drop))
