"""Valid means it runs: tiny experiments of everything with everything are refused with a hint, or run to the end.

A core is a system, graph, couplings, dynamics and protocol. `check` is asked about every combination of tables within
a family of cores that may meet, and about a covering array of all tables; valid cores that cover all that meets are
run, reported and shown with references, bottlenecks and analyses beside. `make test` covers pairs of kinds and every
variant, `make contract` triples of kinds and pairs of variants.
"""

from __future__ import annotations

import random
import re

import pytest
from combine import FAMILIES, Core, Family, anything, cover
from known import known
from questions import ASKED, DRIVEN, DRIVES, EQUILIBRIUM, MISPLACED, READ, REFERENCES, STILL
from running import Failure, World
from tables import COUPLINGS, DYNAMICS, GRAPHS, PROTOCOLS, RECORDED, SYSTEMS

from spindsl.experiment import model
from spindsl.spec import NOUNS, PARTS, words

CHECKED, RAN = 1500, 400  # at least so many distinct experiments, and cases that ran to the end
EVERY = (*SYSTEMS, *RECORDED, *GRAPHS, *COUPLINGS, *DYNAMICS, *PROTOCOLS, *REFERENCES, *DRIVEN, *STILL, *READ, *ASKED)


@pytest.mark.parametrize("noun", (*NOUNS, *PARTS), ids=lambda n: n.__name__.lower())
def test_every_kind_has_a_tiny_table(noun):
    model()
    if noun.__name__ == "Reader":
        tiny = set(re.findall(r'reader = \{ kind = "(\S+)"', " ".join(c.text for c in RECORDED)))
    else:
        name = {"Topology": "graph"}.get(noun.__name__, noun.__name__.lower())
        tiny = {c.kind for c in EVERY if c.noun == name}
    assert set(words(noun)) == tiny - {"absent"}, "add a table to tests/covering/tables.py or questions.py"


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name.replace(" ", "-"))
def test_pairs(family, world, quick):
    judge(covered(family, world, 2))


def test_anything_with_anything(world):
    judge(refused(world, 2))


def test_enough_has_been_tried(world):
    """Holds the numbers that the module says it covers, where all of it was run."""
    if len(world.families) < len(FAMILIES):
        pytest.skip("some families of this module were not run")
    assert len(world.checks) >= CHECKED
    assert len(world.run) >= RAN


@pytest.mark.contract
@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name.replace(" ", "-"))
def test_triples(family, world):
    judge(covered(family, world, 3))


@pytest.mark.contract
def test_anything_with_anything_else(world):
    judge(refused(world, 3))


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
    world.families.add(family.name)
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
    """Fail for what is not known to fail, with the text to see it again; say what is."""
    reasons: dict[str, int] = {}
    fresh: dict[tuple[str, str], list[Failure]] = {}
    for failure in failures:
        if line := known(failure.cause):
            reasons[line.reason] = reasons.get(line.reason, 0) + 1
        else:
            fresh.setdefault((failure.step, re.sub(r"\d+|'[^']*'", "#", failure.what)), []).append(failure)
    told = [f"{len(several)} times {several[0].told}" for several in fresh.values()]
    assert not fresh, f"{len(fresh)} kinds of failure\n\n" + "\n\n".join(told)
    if reasons:
        pytest.xfail("; ".join(f"{count} × {reason}" for reason, count in reasons.items()))
