"""Tiny tables of every kind that makes a core: matter, what moves it, and what is done to it.

A table is TOML text. `{spins}` stands for the number of spins of the graph, `{o0}` … `{o3}` for four places of its
lattice, `{couplings}` for the file of couplings of that size.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """One way to write one table: `noun` is where it stands, `name` tells variants of a kind from each other."""

    noun: str
    kind: str
    name: str
    text: str = ""
    spins: int = 0  # of a graph
    axes: int = 0  # of a lattice

    @property
    def label(self) -> str:
        return f"{self.kind}/{self.name}" if self.name else self.kind


def choices(noun: str, table: dict[str, dict[str, str]]) -> tuple[Choice, ...]:
    """All variants of all kinds of a noun."""
    return tuple(Choice(noun, kind, name, text) for kind, several in table.items() for name, text in several.items())


GRAPHS = (
    Choice("graph", "square", "torus", "sides = [4, 4], periodic = true", 16, 2),
    Choice("graph", "square", "odd", "sides = [4, 3], periodic = true", 12, 2),
    Choice("graph", "square", "open", "sides = [4, 4], periodic = false", 16, 2),
    Choice("graph", "chain", "ring", "sides = [8], periodic = true", 8, 1),
    Choice("graph", "chain", "odd-ring", "sides = [7], periodic = true", 7, 1),
    Choice("graph", "chain", "open", "sides = [6], periodic = false", 6, 1),
    Choice("graph", "cubic", "torus", "sides = [2, 2, 4], periodic = true", 16, 3),
    Choice("graph", "cubic", "open", "sides = [2, 2, 2], periodic = false", 8, 3),
    Choice("graph", "complete", "", "", 8),
    Choice("graph", "erdos-renyi", "", "mean_degree = 3.0", 12),
    Choice("graph", "random-regular", "", "neighbours = 3", 12),
    Choice("graph", "scale-free", "", "attach = 2", 12),
    Choice("graph", "absent", "", "", 12),
)
COUPLINGS = (
    Choice("couplings", "normal", "", "mean = 0.0, std = 1.0"),
    Choice("couplings", "plus-minus", "", "strength = 1.0, positive = 0.5"),
    Choice("couplings", "plus-minus", "one-sign", "strength = 1.0, positive = 1.0"),
    Choice("couplings", "signed-normal", "", "mean = 1.0, std = 0.3"),
    Choice("couplings", "uniform", "", "low = -1.0, high = 2.0"),
    Choice("couplings", "file", "", 'path = "{couplings}", variable = "J"'),
)
SYSTEMS = choices("system", {
    "ising": {
        "": "J = 1.0",
        "antiferromagnet": "J = -1.0",
        "uneven": "J = 0.37",
        "field": "J = 1.0\nfield = 0.3",
        "free": "J = 0.0\nfield = 0.3",
        "single": "J = 1.0\nterms = [{ offsets = [{o0}], J = 0.2 }]",
        "pair": "J = 1.0\nterms = [{ offsets = [{o0}, {o3}], J = -0.3 }]",
        "triple": "J = 1.0\nterms = [{ offsets = [{o0}, {o1}, {o2}], J = 0.5 }]",
        "four": "J = 1.0\nfield = 0.1\nterms = [{ offsets = [{o0}, {o1}, {o2}, {o3}], J = -0.5 }]",
    },
    "edwards-anderson": {"": "", "field": "field = 0.2"},
    "spin-glass": {"": "spins = {spins}"},
    "potts": {
        "delta": 'colours = 3\ninteraction = "delta"\nJ = 1.0',
        "cosine": 'colours = 4\ninteraction = "cosine"\nJ = -1.0\nfields = [0.1, 0.0, 0.0, -0.2]',
        "two": 'colours = 2\ninteraction = "delta"\nJ = 1.0',
    },
    "learned": {
        "products": 'from = "learned.nc"\nbottleneck = "products"\nlearned_at = 0.3',
        "table": 'from = "learned.nc"\nbottleneck = "table"\nlearned_at = 0.3',
        "pairs": 'from = "learned.nc"\nbottleneck = "pairs"\nlearned_at = 0.3',
        "absent": 'from = "learned.nc"\nbottleneck = "nobody"\nlearned_at = 0.3',
    },
    "hysterons": {
        "": 'spins = 16\nthresholds = { kind = "uniform", low = -1.5, high = 2.0 }',
        "normal": 'spins = 16\nthresholds = { kind = "normal", std = 1.0 }',
    },
    "random-organization": {"": "particles = 16\narea_fraction = 0.2"},
})  # fmt: skip
DYNAMICS = choices("dynamics", {
    "metropolis": {
        "sequential": 'order = "sequential"',
        "random": 'order = "random"',
        "checkerboard": 'order = "checkerboard"',
        "driven": "beta = 1.5",
    },
    "heat-bath": {
        "random": 'order = "random"', "sequential": 'order = "sequential"', "checkerboard": 'order = "checkerboard"',
    },
    "parallel-tempering": {
        "metropolis": 'move = "metropolis"\norder = "random"\nexchange = 1',
        "checkerboard": 'move = "heat-bath"\norder = "checkerboard"\nexchange = 2',
    },
    "swendsen-wang": {"": ""},
    "wolff": {"": ""},
    "arrhenius": {
        "": "beta = 2.0\nbarrier = 3.0",
        "uniform": 'beta = 2.0\nbarrier = { kind = "uniform", low = 1.0, high = 4.0 }',
        "normal": 'beta = 2.0\nbarrier = { kind = "normal", mean = 3.0, std = 1.0 }',
    },
    "glauber": {"": "beta = 1.5"},
    "quasistatic": {"": ""},
    "random-kicks": {"": "kick = 0.3\nnoise = 0.01", "silent": "kick = 0.3\nnoise = 0.0"},
})  # fmt: skip

STILL = 'betas = [0.2, 0.5]\nchains = 4\ninitial = "random"\nburn_in = 5\nsamples = 60\n'
FIELDS = 'fields = { names = ["A", "B", "C"], kind = "normal", std = 2.0 }\n'
PUSHED = 'initial = "relaxed"\nrelax = 20.0\ndwell = 10.0\nswitches = 4\ntrials = 10\n'
TWO = 'drives = { kind = "subsets", size = 2 }\n'
CYCLED = "curve = { to = 2.0, step = 0.1 }\nswitches = 4\ntrials = 10\n"
SIZES = "amplitudes = { A = 0.5, B = 1.0, C = 1.5 }\n"
PROTOCOLS = choices("protocol", {
    "equilibrium": {
        "": STILL + "every = 2",
        "flips": STILL + "every = { flips = 7 }",
        "auto": STILL + 'every = "auto"',
        "ordered": STILL.replace("random", "ordered").replace("burn_in = 5", "burn_in = 0") + "every = 1",
        "hidden": STILL + "every = 1\nrecord = { spins = false }",
        "one": STILL.replace("[0.2, 0.5]", "[0.4]").replace("chains = 4", "chains = 1") + "every = 1",
        "cold": STILL.replace("[0.2, 0.5]", "[0.5, 9.0]") + "every = 1",
    },
    "field-drive": {
        "": PUSHED + FIELDS + TWO,
        "annealed": PUSHED.replace("relaxed", "annealed") + FIELDS + TWO + 'order = "shuffled-cycles"\n',
        "file": PUSHED.replace('"relaxed"', '{ path = "{initial}", variable = "s" }') + FIELDS + TWO,
        "list": PUSHED + FIELDS + 'drives = { kind = "list", sets = { both = ["A", "B"], last = ["C"] } }\n'
        'order = "random-with-repeats"\n',
        "single": PUSHED + FIELDS + 'drives = { kind = "list", sets = { only = ["A", "B"] } }\n',
        "blocks": PUSHED + 'fields = { kind = "normal", std = 2.0 }\n'
        'drives = { kind = "blocks", fields = 2, drives = 3 }\norder = "periodic"\n',
        "probes": PUSHED + 'fields = { names = ["A", "B"], kind = "normal", std = 2.0, '
        'mixed = { of = ["A", "B"], w = [0.1, 0.5, 0.9] } }\n'
        'drives = { kind = "probes", train = ["A", "B"], probes = ["A", "0.1", "0.5", "0.9"] }\n',
        "untrained": PUSHED + FIELDS + 'drives = { kind = "probes", train = ["A", "B"], probes = ["A", "B", "C"], '
        "trained = false }\n",
        "reset": PUSHED + FIELDS + TWO + "reset = true\n",
        "rest": PUSHED + FIELDS + TWO + "phases = [{ after = 2, rest = true }, { after = 3, dwell = 20.0 }]\n",
        "alike": PUSHED + FIELDS + TWO + 'phases = [{ after = 2, drive = "AB" }, { after = 3, fields = ["A"] }]\n',
        "every": PUSHED + FIELDS + TWO
        + 'record = { every = 2, spins = false, observables = ["work", "heat", "flips"] }\n',
        "some": PUSHED + FIELDS + TWO
        + 'record = { switches = [1, 2, 4], observables = ["energy", "magnetization"] }\n',
        "weak": PUSHED + FIELDS.replace("2.0 }", '0.0, on = { fraction = 0.5, chosen = "first" } }') + TWO,
    },
    "cyclic-drive": {
        "": 'initial = "own"\ncycle = "one-way"\n' + SIZES + CYCLED + TWO,
        "two-way": 'initial = "shared"\ncycle = "two-way"\ncycles = { A = 2 }\n' + SIZES + CYCLED + TWO
        + "phases = [{ after = 2, rest = true }]\n",
        "list": 'initial = "own"\ncycle = "one-way"\norder = "shuffled-cycles"\n' + SIZES + CYCLED
        + 'drives = { kind = "list", sets = { two = ["A", "B"], one = ["C"] } }\nrecord = { every = 2 }\n',
        "blocks": 'initial = "own"\ncycle = "one-way"\n' + SIZES + CYCLED
        + 'drives = { kind = "blocks", fields = 2, drives = 3 }\n',
        "probes": 'initial = "own"\ncycle = "one-way"\n' + SIZES + CYCLED
        + 'drives = { kind = "probes", train = ["A"], probes = ["A", "B", "C"] }\n',
        "single": 'initial = "own"\ncycle = "one-way"\n' + SIZES + CYCLED + 'drives = { kind = "subsets", size = 3 }\n'
        'record = { switches = [1, 5], observables = ["activity"] }\n',
    },
})  # fmt: skip

NAMED = 'variables = { spins = "sigma" }\n'
RECORDED = choices("system", {"recorded": {
    "netcdf": 'reader = { kind = "netcdf", file = "recording.nc" }\n'
    'variables = { spins = "sigma", group = "specimen" }\nobservables = { power = "absorbed" }\n',
    "features": 'reader = { kind = "netcdf", file = "recording.nc" }\nvariables = { features = "shape" }\n',
    "driven": 'reader = { kind = "netcdf", file = "recording.nc" }\n' + NAMED
    + 'driving = { fields = ["A", "B", "C"], order = "random", drives = { kind = "subsets", size = 2 } }\n',
    "npz": 'reader = { kind = "npz", file = "recording.npz", dims = ["time", "trial", "spin"] }\n' + NAMED
    + "switches = [1, 5]\n",
    "csv": 'reader = { kind = "csv", file = "recording.csv", separator = ";" }\n'
    'variables = { spins = "s*", trial = "run", group = "specimen" }\nobservables = { power = "absorbed" }\n'
    "values = { down = 0, up = 1 }\n",
    "text": 'reader = { kind = "text", file = "recording.txt", labels = "labels.txt.gz" }\n'
    "variables = { drive = 1, trial = 2, switch = 3 }\nvalues = { down = 0, up = 1 }\n",
    "absent": 'reader = { kind = "netcdf", file = "nowhere.nc" }\n' + NAMED,
    "misnamed": 'reader = { kind = "netcdf", file = "recording.nc" }\nvariables = { spins = "tau" }\n',
    "uncoded": 'reader = { kind = "npz", file = "recording.npz" }\n' + NAMED + "values = { down = 0, up = 1 }\n",
}})  # fmt: skip
