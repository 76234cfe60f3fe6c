"""Which energies meet which dynamics: the table of ARCHITECTURE.md is what `check` says."""

from pathlib import Path

import pytest

from spindsl.errors import SpecError
from spindsl.experiment import loads
from spindsl.lower import lower

ROOT = Path(__file__).parents[2]
SQUARE = 'graph = { kind = "square", sides = [4, 4], periodic = true }'
ISING = f'kind = "ising"\n{SQUARE}\nJ = 1.0'
TRIPLE = f"{ISING}\n[[system.terms]]\noffsets = [[0, 0], [0, 1], [1, 0]]\nJ = 0.2"
DRAWN = 'couplings = { kind = "normal", mean = 0.0, std = 1.0 }'
POTTS = f'kind = "potts"\n{SQUARE}\ncolours = 3\ninteraction = "delta"\nJ = 1.0'
ENERGIES = {
    "pairs of spins (`ising`)": ISING,
    "pairs and a field": f"{ISING}\nfield = 0.3",
    "drawn pairs (`edwards-anderson`)": f'kind = "edwards-anderson"\n{SQUARE}\n{DRAWN}',
    "drawn pairs on a random graph (`spin-glass`)":
        f'kind = "spin-glass"\nspins = 16\ngraph = {{ kind = "erdos-renyi", mean_degree = 3 }}\n{DRAWN}',
    "products of three spins": TRIPLE,
    "pairs of colours (`potts`)": POTTS,
    "hysterons": 'kind = "hysterons"\nspins = 16\nthresholds = { kind = "normal", std = 1.0 }',
}  # fmt: skip
FIELDS = """[protocol]
kind = "field-drive"
initial = "relaxed"
relax = 10.0
dwell = 10.0
switches = 4
trials = 20
fields = { names = ["A", "B", "C"], kind = "normal", std = 1.0 }
drives = { kind = "subsets", size = 2 }
"""
STILL = """[protocol]
kind = "equilibrium"
betas = [0.3]
chains = 4
initial = "random"
burn_in = 5
samples = 20
every = 1
"""
CYCLES = """[protocol]
kind = "cyclic-drive"
initial = "shared"
amplitudes = { a = 0.5, b = 1.0, c = 1.5 }
cycle = "two-way"
curve = { to = 2.0, step = 0.25 }
switches = 4
trials = 20
drives = { kind = "subsets", size = 2 }
"""
LADDER = STILL.replace("[0.3]", "[0.2, 0.3]")
MOVES = {
    "arrhenius, driven": ('kind = "arrhenius"\nbeta = 1.0\nbarrier = 1.0', FIELDS),
    "glauber, metropolis, driven": ('kind = "glauber"\nbeta = 1.0', FIELDS),
    "single sites": ('kind = "heat-bath"\norder = "random"', STILL),
    "checkerboard": ('kind = "heat-bath"\norder = "checkerboard"', STILL),
    "wolff, swendsen-wang": ('kind = "wolff"', STILL),
    "parallel tempering": (
        'kind = "parallel-tempering"\nmove = "metropolis"\norder = "random"\nexchange = 1', LADDER,
    ),
    "quasistatic, cycled": ('kind = "quasistatic"', CYCLES),
}  # fmt: skip


def meets(system: str, dynamics: str, protocol: str) -> bool:
    """Whether `check` takes them together; what it refuses has a code and a hint."""
    terms = system.partition("[[")
    text = f'spindsl = 1\ntitle = "t"\nseed = 1\n[system]\n{"".join(terms)}\n[dynamics]\n{dynamics}\n{protocol}'
    try:
        lower(loads(text), Path())
    except SpecError as error:
        assert all(f.code.startswith("E") and f.hint for f in error.findings), error
        return False
    return True


def table() -> str:
    """As ARCHITECTURE.md has it."""
    rows = [f"| energy | {' | '.join(MOVES)} |", f"|{'---|' * (len(MOVES) + 1)}"]
    for name, system in ENERGIES.items():
        cells = ("yes" if meets(system, *move) else "–" for move in MOVES.values())
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def test_the_table_of_what_meets_is_what_check_says():
    assert table() in (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"), f"write this table:\n{table()}"


@pytest.mark.parametrize("name", ENERGIES)
def test_sweeps_and_rates_meet_every_energy_of_products(name):
    driven, still = meets(ENERGIES[name], *MOVES["arrhenius, driven"]), meets(ENERGIES[name], *MOVES["single sites"])
    assert still == (name != "hysterons")
    assert driven == (name not in ("hysterons", "pairs of colours (`potts`)"))
