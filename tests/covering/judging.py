"""How experiments made of tiny tables are judged: refused with a hint, or run to the end.

A core is a system, graph, couplings, dynamics and protocol. `check` is asked about every combination of tables within
a family of cores that may meet, and about a covering array of all tables; valid cores that cover all that meets are
run, reported and shown with references, bottlenecks and analyses beside. `make test` covers pairs of kinds and every
variant, `make contract` triples of kinds and pairs of variants. Each family is a file of its own, so that they run
beside each other.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

import pytest
from combine import FAMILIES, Core, Family, anything, cover
from questions import DRIVES, EQUILIBRIUM, MISPLACED, Question
from running import TOGETHER, Failure, World

Test = Callable[..., None]
MORE = 2  # cores of a family that are asked at random


def pairs(name: str, checks: int, cases: int) -> Test:
    """The test of all pairs of a family: at least so many experiments are checked, so many cases run to the end."""
    family = next(f for f in FAMILIES if f.name == name)

    def test(world: World, quick: None) -> None:
        known, ran = len(world.checks), len(world.run)
        judge(covered(family, world, 2))
        known, ran = len(world.checks) - known, len(world.run) - ran
        print(f"{name}: {known} checked, {ran} ran to the end, of {len(world.unlearnable)} too little was drawn")
        assert known >= checks
        assert ran >= cases
        assert 2 * len(world.unlearnable) <= len(world.run)

    return test


def triples(name: str) -> Test:
    """The test of all triples of a family."""
    family = next(f for f in FAMILIES if f.name == name)

    @pytest.mark.contract
    def test(world: World, quick: None) -> None:
        judge(covered(family, world, 3))

    return test


def covered(family: Family, world: World, strength: int) -> list[Failure]:
    """Check the cores of a family, and run so many that all that meets is covered, questions included."""
    valid, failures = checked(family.cores(strength), world)
    world.tried.clear()
    asked = DRIVES if family.driven else EQUILIBRIUM
    apart = family.apart if strength == 2 else ()
    for k, core in enumerate(cover(valid, world.covered, strength)):
        order = random.Random(k).sample(asked, len(asked))  # so that what is tried of one core differs from the next
        several, wrong = world.ask(core, order, strength, apart)
        failures += [*wrong, *world.answer(core, several)]
    return failures + drawn(valid, asked, world) if strength == 2 else failures


def drawn(valid: list[Core], asked: Sequence[Question], world: World) -> list[Failure]:
    """Run some more cores with questions drawn at random, which meet otherwise than in pairs."""
    failures, order = [], random.Random(len(valid))
    for core in order.sample(valid, min(MORE, len(valid))):
        several = []
        for question in order.sample(asked, len(asked)):
            parts = (*question.parts, question)
            if len(several) < TOGETHER and not question.beside and all(world.fine(core, part) for part in parts):
                several.append(question)
        failures += world.answer(core, several)
    return failures


def refused(world: World, strength: int) -> list[Failure]:
    """Check everything with everything, and ask what is out of place."""
    valid, failures = checked(anything(strength), world)
    for core in (*valid[:3], *(f.usual[0] for f in FAMILIES)):
        for question in MISPLACED:
            failures += world.check(core.toml([question]), f"{core.label} {question.label}")[1]
    return failures


def checked(cores, world: World) -> tuple[list[Core], list[Failure]]:
    """The valid ones among cores."""
    valid, failures = [], []
    for core in cores:
        fine, wrong = world.check(core.toml(), core.label)
        failures += wrong
        if fine:
            valid.append(core)
    return valid, failures


def judge(failures: list[Failure]) -> None:
    """Fail with one text of each kind of failure, to see it again."""
    kinds: dict[tuple[str, str], list[Failure]] = {}
    for failure in failures:
        kinds.setdefault((failure.step, re.sub(r"\d+|'[^']*'", "#", failure.what)), []).append(failure)
    told = [f"{len(several)} times {several[0].told}" for several in kinds.values()]
    assert not kinds, f"{len(kinds)} kinds of failure\n\n" + "\n\n".join(told)
