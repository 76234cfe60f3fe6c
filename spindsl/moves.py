"""Which moves suit which matter: what `check` refuses, and what it doubts."""

from __future__ import annotations

from math import log, sqrt
from typing import Any

import numpy as np

from .errors import MeaningError
from .graph import Stage
from .spec import Couplings, Drawn, word

SQUARE, CUBIC = log(1 + sqrt(2)) / 2, 0.221654626  # K_c of Ising: Onsager 1944; Ferrenberg, Xu and Landau 2018
NEAR = 0.1  # of beta_c: how far the nearest temperature of a grid may lie


def lattice(system: Stage) -> dict[str, Any]:
    """What a system's stage says of its graph: kind, sides, periodic; nothing of a graph that is no lattice."""
    graph = system.said.get("graph", {})
    return graph if "sides" in graph else {}


def orderly(order: str | None, system: Stage, metropolis: bool = False) -> None:
    """MeaningError where spins cannot be tried in that order."""
    if order != "checkerboard":
        return
    grid = lattice(system)
    if not grid or system.said.get("terms"):
        message = "a checkerboard needs a lattice whose spins meet their nearest neighbours only"
        raise MeaningError(message, "order", code="E203", hint='order = "sequential"')
    odd = [side for side in grid["sides"] if side % 2]
    if grid["periodic"] and odd:
        message = f"a ring of {odd[0]} has no checkerboard: two neighbours would have the same colour"
        raise MeaningError(message, "order", code="E203", hint='even sides, or order = "sequential"')
    said = system.said
    alike = said.get("couplings", {}).get("kind", "plus-minus") == "plus-minus" and said.get("colours", 2) == 2
    if metropolis and len(grid["sides"]) == 1 and grid["periodic"] and alike and not said.get("field"):
        message = "on a ring Metropolis moves every domain wall at every step, by sublattices always the same way: "
        message += "it never comes to equilibrium"
        raise MeaningError(message, "order", code="E203", hint='order = "random", or heat-bath')


def clustered(system: Stage) -> None:
    """MeaningError where clusters cannot be grown: on energies that are not of pairs."""
    if "table" in system.gives:
        raise MeaningError("clusters grow along pairs; this energy is a table of patterns", "kind", hint="metropolis")
    several = [k for k, term in enumerate(system.said.get("terms", ())) if len(term["offsets"]) > 2]
    if several:
        message = f"clusters grow along pairs; system.terms.{several[0]} is a product of more spins"
        raise MeaningError(message, "kind", hint="metropolis or heat-bath")


def frustrated(system: Stage) -> bool:
    """Whether pairs may be at odds: couplings of both signs on loops, or negative ones on odd loops."""
    said, grid = system.said, lattice(system)
    tree = bool(grid) and len(grid["sides"]) == 1 and not grid["periodic"] and not said.get("terms")
    if tree or said.get("colours", 2) > 2:
        return False
    if "couplings" in said:
        couplings = word(Couplings, said["couplings"])
        several = couplings.draw(64, np.random.default_rng(0)) if isinstance(couplings, Drawn) else np.zeros(1)
        return bool(several.min() < 0 < several.max())
    pairs = [t["J"] for t in said.get("terms", ()) if len(t["offsets"]) == 2]
    bipartite = bool(grid) and not (grid["periodic"] and any(k % 2 for k in grid["sides"]))
    return any(J < 0 for J in pairs) or (said.get("J", 0.0) < 0 and (bool(pairs) or not bipartite))


def percolating(system: Stage) -> MeaningError | None:
    """The doubt that clusters are of use."""
    if not frustrated(system):
        return None
    message = "not all pairs can be satisfied: clusters percolate far above the temperature at which spins order, and "
    message += "a move turns nearly all spins at once, which is right but slow"
    return MeaningError(message, "kind", code="W206", hint="parallel-tempering, or metropolis")


def transition(system: Stage) -> float | None:
    """beta_c, 1/J, of matter of which it is known in the limit of large lattices: Ising without field in two and three
    dimensions, Potts in two."""
    said, sides = system.said, lattice(system).get("sides", ())
    if said["kind"] == "ising" and said["J"] > 0 and not said["field"] and not said["terms"]:
        return {2: SQUARE / said["J"], 3: CUBIC / said["J"]}.get(len(sides))
    if said["kind"] == "potts" and said["J"] > 0 and not said["fields"] and len(sides) == 2:
        Q, delta = said["colours"], said["interaction"] == "delta"
        scale = 1.0 if delta else {2: 0.5, 3: 2 / 3}.get(Q, 0.0)
        return scale * log(1 + sqrt(Q)) / said["J"] or None
    return None


def missed(betas: tuple[float, ...], system: Stage) -> MeaningError | None:
    """The doubt whether a grid of temperatures sees the transition that it spans."""
    critical = transition(system)
    if critical is None or len(betas) < 3 or not betas[0] < critical < betas[-1]:
        return None
    near = min(betas, key=lambda b: abs(b - critical))
    if abs(near - critical) <= NEAR * critical:
        return None
    message = f"the transition lies at beta = {critical:.4f}; the nearest of these is {near:g}"
    return MeaningError(message, "betas", code="W205", hint=f"add {critical:.4f}")
