"""Mistakes in experiments at equilibrium are told at their places, and only those."""

import pytest

from spindsl import diagnose, experiment
from spindsl.errors import Finding, SpecError
from spindsl.lower import lower

ROTATING = 'kind = "metropolis"\norder = "random"'
PLAQUETTE = "J = 1.0\nterms = [{ offsets = [[0, 0], [0, 1], [1, 0], [1, 1]], J = 0.4 }]"
LEARN = '\n[bottleneck.direct]\nkind = "{kind}"\n{keys}\n'

CASES = {
    "clusters of a plaquette": (
        {"J = 1.0": PLAQUETTE, ROTATING: 'kind = "wolff"', 'kind = "kaufman"': 'kind = "enumeration"'},
        "E201 12:8 dynamics.kind", "the energy has a product of 4 spins",
    ),
    "one colour": (
        {'kind = "ising"': 'kind = "potts"\ncolours = 1\ninteraction = "delta"'},
        "E105 7:11 system.colours", "must be at least 2",
    ),
    "bonds counted twice": ({"[4, 4]": "[2, 4]"}, "E203 7:37 system.graph.sides.0", "would count every bond twice"),
    "a side of one": ({"[4, 4]": "[1, 4]"}, "E105 7:37 system.graph.sides.0", "must be at least 2"),
    "a checkerboard on an odd torus": (
        {"[4, 4]": "[4, 5]", '"random"\n\n': '"checkerboard"\n\n'},
        "E203 12:9 dynamics.order", "a ring of 5 has no checkerboard",
    ),
    "a ring that does not equilibrate": (
        {'"square", sides = [4, 4]': '"chain", sides = [8]', '"random"\n\n': '"checkerboard"\n\n', "kaufman": "chain"},
        "E203 12:9 dynamics.order", "never comes to equilibrium",
    ),
    "too wide for a transfer matrix": (
        {"[4, 4]": "[12, 12]", "kaufman": "transfer-matrix"},
        "E203 24:8 reference.exact.kind", "at most 10 spins across",
    ),
    "too many states to count": (
        {"[4, 4]": "[6, 6]", "kaufman": "enumeration"}, "E203 24:8 reference.exact.kind", "at most 24 spins",
    ),
    "a field that no solution has": (
        {"J = 1.0": "J = 1.0\nfield = 0.1"}, "E201 25:8 reference.exact.kind", "no solution is known with a field",
    ),
    "no temperature": ({"[0.2, 0.4]": "[]"}, "E105 16:9 protocol.betas", "must not be empty"),
    "temperatures in disorder": (
        {"[0.2, 0.4]": "[0.4, 0.2]"}, "E203 16:15 protocol.betas.1", "write them ascending",
    ),
    "a negative temperature": ({"[0.2, 0.4]": "[-0.4, 0.2]"}, "E105 16:10 protocol.betas.0", "greater than 0"),
    "no flips": ({"every = 2": "every = { flips = 0 }"}, "E105 21:19 protocol.every.flips", "must be at least 1"),
    "a rule of continuous time": (
        {'order = "random"': "beta = 1.0"}, "E201 15:8 protocol.kind", "metropolis or heat-bath with an order",
    ),
    "more observations than there are": (
        {"every = 2\n": "every = 2\n" + LEARN.format(kind="cluster-expansion", keys="order = 2\nobservations = 400")},
        "E203 26:16 bottleneck.direct.observations", "at most 300",
    ),
}  # fmt: skip


def findings(text: str, tmp_path) -> list[Finding]:
    try:
        lower(experiment.loads(text), tmp_path)
    except SpecError as error:
        return diagnose.arranged(text, error.findings, ())
    return []


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_mistake(case, still, tmp_path):
    edits, places, says = case
    for old, new in edits.items():
        assert still.count(old) == 1, f"{old!r} is not unique"
        still = still.replace(old, new)
    found = findings(still, tmp_path)
    assert "\n".join(f"{f.code} {f.line}:{f.column} {'.'.join(map(str, f.path))}" for f in found) == places
    assert says in "\n".join(part for f in found for part in (f.message, f.hint, *f.notes))
