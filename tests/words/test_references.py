"""Exact references in the language: they agree where they overlap, and say what they cannot solve."""

import numpy as np
import pytest

from spindsl.engine import Runner
from spindsl.errors import MeaningError, SpecError
from spindsl.experiment import loads
from spindsl.lower import lower
from spindsl.store import Store

SYSTEMS = {
    "torus": ('kind = "ising"\nJ = 0.8\ngraph = { kind = "square", sides = [3, 4], periodic = true }',
              ("kaufman", "transfer-matrix")),
    "open": ('kind = "ising"\nJ = 0.8\nfield = 0.3\ngraph = { kind = "square", sides = [3, 4], periodic = false }',
             ("transfer-matrix",)),
    "ring": ('kind = "ising"\nJ = -0.8\nfield = 0.3\ngraph = { kind = "chain", sides = [11], periodic = true }',
             ("chain", "transfer-matrix")),
    "glass": ('kind = "edwards-anderson"\ncouplings = { kind = "normal", mean = 0.0, std = 1.0 }\n'
              'graph = { kind = "chain", sides = [11], periodic = true }', ("chain", "transfer-matrix")),
    "clock": ('kind = "potts"\ncolours = 4\ninteraction = "cosine"\nJ = 1.0\n'
              'graph = { kind = "chain", sides = [7], periodic = false }', ("chain", "transfer-matrix")),
}  # fmt: skip


def experiment(still, system, references):
    head, rest = still.split("[system]")[0], still[still.index("[dynamics]") : still.index("[reference.exact]")]
    asked = "\n".join(f'[reference.{k.replace("-", "_")}]\nkind = "{k}"' for k in references)
    return loads(f"{head}[system]\n{system}\n\n{rest}\n{asked}\n")


@pytest.mark.parametrize("name", list(SYSTEMS))
def test_references_are_what_enumeration_finds(still, tmp_path, name):
    system, others = SYSTEMS[name]
    graph = lower(experiment(still, system, ("enumeration", *others)), tmp_path)
    found = Runner(graph, Store(tmp_path), 1).run()
    exact = found["reference.enumeration"]
    for other in others:
        for variable in ("log_z", "free_energy", "energy", "heat_capacity", "entropy"):
            one, truth = found[f"reference.{other.replace('-', '_')}"][variable].values, exact[variable].values
            np.testing.assert_allclose(one, truth, rtol=1e-12, atol=1e-12)
    beta, N = exact["beta"].values, 11
    if name == "ring":
        ring = found["reference.chain"]
        m2 = ring["response"] / (beta * N) + ring["magnetization"] ** 2
        chi = beta * N * (m2 - exact["abs_magnetization"] ** 2)
        np.testing.assert_allclose(chi, exact["susceptibility"], rtol=1e-11)


ISING = 'kind = "ising"\nJ = 1.0\n'
SQUARE = 'graph = {{ kind = "square", sides = [{}, {}], periodic = {} }}'


@pytest.mark.parametrize(
    ("system", "reference", "says"),
    [
        (ISING + SQUARE.format(5, 5, "true"), "enumeration", "more than 2\\^24"),
        (ISING + SQUARE.format(11, 12, "true"), "transfer-matrix", "a row of 11 spins has 2\\^11 states"),
        (ISING + SQUARE.format(17, 20, "false"), "transfer-matrix", "more than 2\\^16"),
        (ISING + 'graph = { kind = "cubic", sides = [3, 3, 3], periodic = true }', "transfer-matrix", "chains and"),
        (ISING + SQUARE.format(4, 4, "true") + "\nterms = [{ offsets = [[0, 0], [1, 1]], J = 0.3 }]",
         "transfer-matrix", "farther than nearest neighbours"),
        (ISING + "field = 0.1\n" + SQUARE.format(4, 4, "true"), "onsager", "no solution is known"),
        (ISING + SQUARE.format(4, 4, "true"), "chain", "this solves chains"),
        (ISING + 'field = 0.1\ngraph = { kind = "chain", sides = [8], periodic = false }', "chain", "uniform Ising"),
    ],
)  # fmt: skip
def test_references_say_what_they_cannot_solve(still, tmp_path, system, reference, says):
    with pytest.raises((MeaningError, SpecError), match=says):
        lower(experiment(still, system, (reference,)), tmp_path)
