"""Mistakes in sweeps, realizations, phases, graphs, couplings and rules: each at its place, all of a file at once."""

import tomllib

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st
from test_mistakes import VALUES, Case, accounted, disturb, findings, told, words

from spindsl import diagnose

BASE = """\
spindsl = 1
title = "Swept glasses"
seed = 7
realizations = 2

[system]
kind = "spin-glass"
spins = 24
graph = { kind = "random-regular", neighbours = 3 }
couplings = { kind = "plus-minus", strength = 1.0, positive = 0.5 }

[dynamics]
kind = "arrhenius"
beta = 3.0
barrier = { kind = "uniform", low = 3.0, high = 6.0 }

[protocol]
kind = "field-drive"
initial = "relaxed"
relax = 1000.0
dwell = 100.0
switches = 6
trials = 20
drives = { kind = "list", sets = { a = ["A"], ab = ["A", "B"] } }

[protocol.fields]
names = ["A", "B"]
kind = "normal"
std = 3.0
on = { fraction = 0.5, chosen = "random" }

[[protocol.phases]]
after = 2
drive = "ab"

[[protocol.phases]]
after = 4
rest = true

[bottleneck.pca]
kind = "pca"
latent = 2

[analysis.drive]
kind = "classification"
of = "pca"
by = { kind = "gaussian" }

[[sweep]]
product = { "dynamics.beta" = [1.0, 2.0, 3.0] }

[[sweep]]
zip = { "system.spins" = [24, 32], "protocol.dwell" = { from = 10.0, to = 100.0, points = 2 } }

[[expect]]
of = "quenched.analysis.drive.score"
where = { beta = 3.0, switch = { last = 2 } }
min = 0.4
source = "nobody"
"""
PRODUCT = 'product = { "dynamics.beta" = [1.0, 2.0, 3.0] }'
ZIP = 'zip = { "system.spins" = [24, 32], "protocol.dwell" = { from = 10.0, to = 100.0, points = 2 } }'
GRAPH = 'graph = { kind = "random-regular", neighbours = 3 }'
COUPLINGS = 'couplings = { kind = "plus-minus", strength = 1.0, positive = 0.5 }'
WHERE = "where = { beta = 3.0, switch = { last = 2 } }"
PLAIN = {WHERE: "where = { switch = { last = 2 } }"}  # nothing is expected along what is swept


def edited(edits: dict[str, str]) -> str:
    text = BASE
    for old, new in edits.items():
        assert text.count(old) == 1, f"{old!r} is not unique in the base"
        text = text.replace(old, new)
    return text


def by(product: str) -> dict[str, str]:
    """Edits that sweep something else."""
    return {PRODUCT: f"product = {{ {product} }}", **PLAIN}


CASES = {
    # keys of the file
    "near product": Case({"product": "prodct"}, "E101 50:1 sweep.0.prodct", "did you mean `product`?"),
    "near realizations": Case({"realizations": "realisations"}, "E101 4:1 realisations", "`realizations`"),
    "near neighbours": Case(
        {"neighbours": "neighbors"},
        "E101 9:36 system.graph.neighbors",
        "did you mean `neighbours`?  (required key `neighbours` is missing)",
    ),
    "near periodic": Case(
        {GRAPH: 'graph = { kind = "square", sides = [4, 6], periodc = true }'},
        "E101 9:44 system.graph.periodc",
        "did you mean `periodic`?",
    ),
    "key of another graph": Case(
        {"neighbours = 3": "neighbours = 3, mean_degre = 4"},
        "E101 9:52 system.graph.mean_degre",
        'did you mean `mean_degree`, a key of kind "erdos-renyi"?',
    ),
    "near kinds of parts": Case(
        {'"random-regular"': '"random_regular"', '"plus-minus"': '"plus-mines"', '"arrhenius"': '"metropolys"'},
        "E104 9:18 system.graph.kind\nE104 10:22 system.couplings.kind\nE104 13:8 dynamics.kind",
        'did you mean "metropolis"?',
    ),
    "key of another rule": Case(
        {'"arrhenius"': '"glauber"'}, "E101 15:1 dynamics.barrier", '`barrier` is a key of kind "arrhenius"'
    ),
    "keys of a range": Case(
        {"to = 100.0, points": "too = 100.0, number = 3, points"},
        "E101 53:70 sweep.1.zip.protocol.dwell.too\nE101 53:83 sweep.1.zip.protocol.dwell.number",
        "did you mean `to`?",
    ),
    # nesting
    "sweep within a table": Case(
        {"[[sweep]]\nproduct": "[[protocol.sweep]]\nproduct", **PLAIN}, "E110 49:12 protocol.sweep", "head it [[sweep]]"
    ),
    "phases of the file": Case(
        {
            "[[protocol.phases]]\nafter = 2": "[[phases]]\nafter = 2",
            "[[protocol.phases]]\nafter = 4": "[[phases]]\nafter = 4",
        },
        "E110 32:3 phases",
        "head it [[protocol.phases]]",
    ),
    "sweep that is no array": Case(
        {f"[[sweep]]\n{ZIP}\n": "", "[[sweep]]\nproduct": "[sweep]\nproduct"}, "E103 49:1 sweep", "head it [[sweep]]"
    ),
    "phase that is no array": Case(
        {
            '[[protocol.phases]]\nafter = 2\ndrive = "ab"\n\n': "",
            "[[protocol.phases]]\nafter = 4": "[protocol.phases]\nafter = 4",
        },
        "E103 32:1 protocol.phases",
        "head it [[protocol.phases]]",
    ),
    "graph that is an array": Case(
        {f"{GRAPH}\n": "", "\n[dynamics]": '\n[[system.graph]]\nkind = "complete"\n\n[dynamics]'},
        "E103 11:1 system.graph",
        "head it [system.graph]",
    ),
    "graph inline within an array": Case(
        {GRAPH: 'graph = [{ kind = "complete" }]'}, "E103 9:9 system.graph", "head it [system.graph]"
    ),
    "values not in product": Case(
        {PRODUCT: '"dynamics.beta" = [1.0, 2.0]', **PLAIN},
        "E101 50:1 sweep.0.dynamics.beta",
        "`sweep` accepts: product, zip",
    ),
    "sweep of nothing": Case({PRODUCT: "", **PLAIN}, "E102 49:1 sweep.0", "give `product` or `zip`"),
    # paths of a sweep
    "paths without quotes": Case(
        by("dynamics.beta = [1.0], dynamics.barrier.low = [1.0], protocol.relax = [9.0]"),
        "E109 50:13 sweep.0.product.dynamics\nE109 50:66 sweep.0.product.protocol",
        'quote the whole path: "dynamics.beta", "dynamics.barrier.low"',
    ),
    "paths without quotes in a table": Case(
        {PRODUCT: "[sweep.product]\ndynamics.beta = { from = 1.0, to = 2.0, points = 3 }", **PLAIN},
        "E109 51:1 sweep.0.product.dynamics",
        'quote the whole path: "dynamics.beta"',
    ),
    "path without its table": Case(by("beta = [1.0]"), "E109 50:13 sweep.0.product.beta", '"dynamics.beta"?'),
    "near path": Case(by('"dynamics.betta" = [1.0]'), "E101 50:13 sweep.0.product.dynamics.betta", '"dynamics.beta"?'),
    "near table of a path": Case(
        by('"system.grap.neighbours" = [3, 4]'),
        "E101 50:13 sweep.0.product.system.grap.neighbours",
        'did you mean "system.graph.neighbours"?',
    ),
    "path of another rule": Case(
        {
            '"arrhenius"': '"glauber"',
            'barrier = { kind = "uniform", low = 3.0, high = 6.0 }\n': "",
            **by('"dynamics.barrier" = [1.0, 2.0]'),
        },
        "E101 49:13 sweep.0.product.dynamics.barrier",
        '`barrier` is a key of kind "arrhenius"',
    ),
    "paths that cannot be swept": Case(
        by('title = ["a"], "expect.0.min" = [0.1], "sweep.0.zip" = [1], spindsl = [1], realizations = [1]'),
        "E109 50:13 sweep.0.product.title\nE109 50:28 sweep.0.product.expect.0.min\n"
        "E109 50:52 sweep.0.product.sweep.0.zip\nE109 50:73 sweep.0.product.spindsl\n"
        "E109 50:88 sweep.0.product.realizations",
        "the dotted path of a parameter such as dynamics.beta",
    ),
    "bottleneck and element that there are not": Case(
        by('"bottleneck.pcb.latent" = [1], "protocol.phases.2.after" = [5], "analysis.x.use" = ["means"]'),
        "E101 50:13 sweep.0.product.bottleneck.pcb.latent\nE101 50:44 sweep.0.product.protocol.phases.2.after\n"
        "E101 50:77 sweep.0.product.analysis.x.use",
        'did you mean "bottleneck.pca.latent"?\nno element 2 of protocol.phases\nit has 2, counted from 0',
    ),
    "table that lacks a key": Case(
        {'on = { fraction = 0.5, chosen = "random" }\n': "", **by('"protocol.fields.on.fraction" = [0.1, 0.2]')},
        "E102 49:13 sweep.0.product.protocol.fields.on.fraction",
        "protocol.fields.on.chosen: missing key",
    ),
    "points of a zip that nothing tells apart": Case(
        {ZIP: 'zip = { "dynamics.barrier" = [1.0, 2.0, 1.0], "protocol.dwell" = [10.0, 10.0, 20.0] }'},
        "E107 53:41 sweep.1.zip.dynamics.barrier.2", "1 appears twice",
    ),
    "swept twice": Case(
        {ZIP: 'zip = { "dynamics.beta" = [1.0, 2.0], "dynamics.barrier" = [1.0, 2.0] }\n[[sweep]]\n'
         'product = { "dynamics.barrier.low" = [1.0], "dynamics.beta" = [4.0] }'},
        "E107 53:9 sweep.1.zip.dynamics.beta\nE107 55:13 sweep.2.product.dynamics.barrier.low\n"
        "E107 55:45 sweep.2.product.dynamics.beta",
        "dynamics.beta is swept twice\ndynamics.barrier is swept too",
    ),
    # values of a sweep
    "values of the wrong type": Case(
        {"[1.0, 2.0, 3.0]": '[1.0, "2.0", 3.0, true, -4.0, nan, 1979-05-27, [5.0]]'},
        "E103 50:37 sweep.0.product.dynamics.beta.1\nE103 50:49 sweep.0.product.dynamics.beta.3\n"
        "E105 50:55 sweep.0.product.dynamics.beta.4\nE106 50:61 sweep.0.product.dynamics.beta.5\n"
        "E103 50:66 sweep.0.product.dynamics.beta.6\nE103 50:78 sweep.0.product.dynamics.beta.7",
        "write it without quotes: 2.0",
    ),
    "wrong values of several parameters": Case(
        {"[1.0, 2.0, 3.0]": '[-1.0, 3.0], "split.test" = [0.5, 1.5]', "[24, 32]": "[24, 1]"},
        "E105 50:32 sweep.0.product.dynamics.beta.0\nE105 50:65 sweep.0.product.split.test.1\n"
        "E105 53:31 sweep.1.zip.system.spins.1",
        "system.spins: must be at least 2, found 1",
    ),
    "range out of bounds": Case(
        by('"dynamics.beta" = { from = -1.0, to = 1.0, points = 5 }'),
        "E105 50:40 sweep.0.product.dynamics.beta.from",
        "must be greater than 0, found -1\nits values are -1, -0.5, 0, 0.5, 1",
    ),
    "range out of bounds at its end": Case(
        by('"protocol.fields.on.fraction" = { from = 0.5, to = 1.25, points = 4 }'),
        "E105 50:64 sweep.0.product.protocol.fields.on.fraction.to",
        "must be at most 1, found 1.25",
    ),
    "range of no integers": Case(
        by('"protocol.switches" = { from = 5, to = 10, points = 3 }'),
        "E103 50:35 sweep.0.product.protocol.switches",
        "wanted an integer, found the number 7.5\n`switches`: number of fields applied\nits values are 5, 7.5, 10",
    ),
    "ranges that are none": Case(
        {
            "[1.0, 2.0, 3.0]": '{ from = 1.0, to = 1.0, points = 3 }, '
            '"protocol.relax" = { from = 0, to = 9, points = 1 }',
            "from = 10.0, to = 100.0": 'scale = "log", from = 0.0, to = 100.0',
            **PLAIN,
        },
        "E203 50:50 sweep.0.product.dynamics.beta.to\nE105 50:117 sweep.0.product.protocol.relax.points\n"
        "E203 53:79 sweep.1.zip.protocol.dwell.from",
        "a logarithmic range has positive ends",
    ),
    "no values": Case(
        {"[1.0, 2.0, 3.0]": "[]", "[24, 32]": "24"},
        "E105 50:31 sweep.0.product.dynamics.beta\nE103 53:26 sweep.1.zip.system.spins",
        "write [24]",
    ),
    "unequal lengths": Case(
        {"[24, 32]": '[24, 32], "dynamics.barrier.low" = [1.0]', "points = 2": "points = 3"},
        "E203 53:61 sweep.1.zip.dynamics.barrier.low\nE203 53:87 sweep.1.zip.protocol.dwell",
        "1 values beside 2 of system.spins\n\n3 values beside 2 of system.spins",
    ),
    "values given twice": Case(
        {"[1.0, 2.0, 3.0]": '[1.0, 2.0, 1, 2], "protocol.order" = ["random", "random"]'},
        "E107 50:42 sweep.0.product.dynamics.beta.2\nE107 50:45 sweep.0.product.dynamics.beta.3\n"
        "E107 50:79 sweep.0.product.protocol.order.1",
        "1 appears twice",
    ),
    "keys of a swept table": Case(
        by('"dynamics.barrier" = [4.0, { kind = "uniform", lo = 1.0, high = 2.0 }, { kind = "normal", mean = 4.0 }]'),
        "E101 50:60 sweep.0.product.dynamics.barrier.1.lo\nE102 50:84 sweep.0.product.dynamics.barrier.2.std",
        "did you mean `low`?",
    ),
    "kinds that want other keys": Case(
        by('"dynamics.kind" = ["arrhenius", "glauber", "metropolys"]'),
        "E101 50:45 sweep.0.product.dynamics.kind.1\nE104 50:56 sweep.0.product.dynamics.kind.2",
        'dynamics.kind = "glauber": dynamics.barrier: unknown key',
    ),
    # values that do not go with the rest
    "odd number of ends": Case(
        {"[24, 32]": "[24, 25]"}, "E203 53:31 sweep.1.zip.system.spins.1",
        "system.spins = 25: system.graph.neighbours: no graph of 25 spins has 3 neighbours each",
    ),
    "odd number of ends together": Case(
        {"[24, 32]": "[24, 25]", **by('"system.graph.neighbours" = [3, 4]')},
        "E203 50:42 sweep.0.product.system.graph.neighbours.0",
        "system.graph.neighbours = 3, system.spins = 25: system.graph.neighbours: no graph of 25",
    ),
    "lattice of other sides": Case(
        {GRAPH: 'graph = { kind = "square", sides = [4, 6], periodic = true }'},
        "E203 53:31 sweep.1.zip.system.spins.1",
        "system.spins = 32: system.graph.sides: a lattice of 4 × 6 holds 24 spins, not 32",
    ),
    "swept sides": Case(
        {
            GRAPH: 'graph = { kind = "cubic", sides = [4, 3, 2], periodic = false }',
            **by('"system.graph.sides" = [[2, 2, 6], [3, 3, 3], [8, 3, 1], [6, 4]]'),
            ZIP: 'zip = { "split.test" = [0.5] }',
        },
        "E203 50:48 sweep.0.product.system.graph.sides.1\nE105 50:66 sweep.0.product.system.graph.sides.2.2\n"
        "E105 50:70 sweep.0.product.system.graph.sides.3",
        "a lattice of 3 × 3 × 3 holds 27 spins, not 24",
    ),
    "periodic side of two": Case(
        {GRAPH: 'graph = { kind = "cubic", sides = [2, 4, 3], periodic = true }'},
        "E203 9:36 system.graph.sides.0",
        "at least 3, or periodic = false",
    ),
    "more ties than spins": Case(
        {GRAPH: 'graph = { kind = "scale-free", attach = 24 }'}, "E203 9:41 system.graph.attach", "at most 23"
    ),
    "graph beside a file": Case(
        {COUPLINGS: 'couplings = { kind = "file", path = "J.nc", variable = "J" }'},
        "E201 9:9 system.graph",
        "bring their own graph",
    ),
    "no graph": Case({f"{GRAPH}\n": ""}, "E102 6:1 system.graph", "need a graph"),
    "bounds of couplings and barriers": Case(
        {
            COUPLINGS: 'couplings = { kind = "uniform", low = 2.0, high = 1.0 }',
            "high = 6.0": "high = 1.0",
            "fraction = 0.5": "fraction = 1.5",
        },
        "E203 10:39 system.couplings.low\nE203 15:37 dynamics.barrier.low\nE105 30:19 protocol.fields.on.fraction",
        "low 2 is above high 1",
    ),
    "negative spread": Case(
        {COUPLINGS: 'couplings = { kind = "signed-normal", mean = 0.1, std = -1.0 }', '"random" }': '"randon" }'},
        "E105 10:57 system.couplings.std\nE104 30:33 protocol.fields.on.chosen",
        'did you mean "random"?',
    ),
    "swept bounds that cross": Case(
        by('"dynamics.barrier.low" = [3.0, 6.0], "dynamics.barrier.high" = [7.0, 5.0]'),
        "E203 50:44 sweep.0.product.dynamics.barrier.low.1",
        "dynamics.barrier.low = 6, dynamics.barrier.high = 5: dynamics.barrier.low: low 6 is above high 5",
    ),
    "phases": Case(
        {'drive = "ab"': 'drive = "ba"', "after = 4": "after = 2"},
        "E202 34:9 protocol.phases.0.drive\nE203 37:9 protocol.phases.1.after",
        "no drive 'ba'\nthere are a, ab\nphases must follow one another\nmore than 2",
    ),
    "phase of rest with a drive": Case(
        {"rest = true": 'rest = true\ndrive = "a"'}, "E201 39:9 protocol.phases.1.drive", "a phase of rest has no drive"
    ),
    "swept phase": Case(
        by('"protocol.phases.0.after" = [1, 3, 5]'),
        "E203 50:48 sweep.0.product.protocol.phases.0.after.2",
        "protocol.phases.0.after = 5: protocol.phases.1.after: phases must follow one another",
    ),
    # what only the graph of stages tells
    "swept reference": Case(
        by('"analysis.drive.of" = ["pca", "vae", "power", "pcb"]'),
        "E204 50:43 sweep.0.product.analysis.drive.of.1\nE204 50:59 sweep.0.product.analysis.drive.of.3",
        "no bottleneck or observable 'vae'",
    ),
    "a switch that is not always recorded": Case(
        {'of = "pca"': 'of = "pca"\nswitches = [6]', **by('"protocol.switches" = [6, 5]')},
        "E203 51:39 sweep.0.product.protocol.switches.1",
        "protocol.switches = 5: analysis.drive.switches: switch 6 is not recorded",
    ),
    "too few trials": Case(
        by('"protocol.trials" = [20, 5, 7]'),
        "E203 50:38 sweep.0.product.protocol.trials.1\nE203 50:41 sweep.0.product.protocol.trials.2",
        "5 trials a drive leave 4 to train on",
    ),
    "several analyses and expectations": Case(
        {
            'of = "pca"': 'of = "pcb"',
            "[[sweep]]\nproduct": '[analysis.power]\nkind = "classification"\nof = "pover"\nby = { kind = "kde" }\n\n'
            "[[sweep]]\nproduct",
            '"quenched.analysis.drive.score"': '"quenched.trajectory.powr"',
            'source = "nobody"': 'source = "nobody"\n[[expect]]\nof = "analysis.drive.scor"\nmin = 1\nsource = "a"\n'
            '[[expect]]\nof = "trajectory.power"\nwhere = { drive = ["a", "c"], swich = 3, beta = 1.0 }\n'
            'min = 1\nsource = "a"',
        },
        "E204 46:6 analysis.drive.of\nE204 51:6 analysis.power.of\nE205 61:6 expect.0.of\n"
        "E205 71:25 expect.2.where.drive.1\nE205 71:31 expect.2.where.swich",
        "quenched.trajectory gives",
    ),
    "an average has no realizations": Case(
        {WHERE: "where = { realization = 0, trial = 3, beta = 2.5 }"},
        "E205 57:11 expect.0.where.realization\nE205 57:28 expect.0.where.trial\nE205 57:46 expect.0.where.beta",
        "no beta 2.5\nthere are 1, 2, 3",
    ),
    "an average of one realization": Case(
        {"realizations = 2\n": ""}, "E205 55:6 expect.0.of", "give realizations = 2 or more"
    ),
    "names of what is swept": Case(
        {WHERE: 'where = { beta = 3.0, "dynamics.beta" = 3.0, dwell = 55.0, spins = 24 }'},
        "E205 57:23 expect.0.where.dynamics.beta\nE205 57:54 expect.0.where.dwell\n"
        "E205 57:60 expect.0.where.spins",
        "no dwell 55.0\nthere are 10, 100\nit has switch, time, beta, system_spins, dwell",
    ),
    "no axis": Case(
        {WHERE: "where = { beta = 3.0, system = 24 }"},
        "E205 57:23 expect.0.where.system",
        "it has switch, time, beta, system_spins, dwell",
    ),
    # at once
    "swept values of a file that is wrong elsewhere": Case(
        {
            "seed = 7": "sead = 7",
            "strength = 1.0": "strength = -1.0",
            "beta = 3.0\nbarrier": "beta = -3.0\nbarrier",
            "rest = true": "rests = true",
            "[1.0, 2.0, 3.0]": '[1.0, "b"], "dynamics.betta" = [1.0, 2.0]',
            "from = 10.0": "from = -10.0",
            "min = 0.4": "min = 0.4\nvalue = 0.5",
        },
        "E101 3:1 sead\nE105 10:47 system.couplings.strength\nE105 14:8 dynamics.beta\n"
        "E101 38:1 protocol.phases.1.rests\nE103 50:37 sweep.0.product.dynamics.beta.1\n"
        "E101 50:43 sweep.0.product.dynamics.betta\nE105 53:64 sweep.1.zip.protocol.dwell.from\n"
        "E201 59:9 expect.0.value",
        "did you mean `seed`?",
    ),
    "sweep, analysis and expectation": Case(
        {
            "[1.0, 2.0, 3.0]": "[1.0, 0.0, 3.0]",
            'of = "pca"': 'of = "pca"\nswitches = [9]',
            "[24, 32]": "[24, 27]",
            "last = 2 }": "last = 2 }, network = 1",
            'source = "nobody"': 'source = "nobody"\n[[expect]]\nof = "trajectory.wrk"\nmin = 1\nsource = "a"',
        },
        "E203 47:12 analysis.drive.switches\nE105 51:37 sweep.0.product.dynamics.beta.1\n"
        "E203 54:31 sweep.1.zip.system.spins.1\nE205 62:6 expect.1.of",
        "switch 9 is not recorded",
    ),
}  # fmt: skip


def test_the_base_is_right():
    assert findings(BASE) == []


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_mistake(case):
    found = findings(edited(case.edits))
    assert told(found) == case.places
    for line in case.says.split("\n"):
        assert line in words(found)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_carets_mark_a_key_a_value_or_a_header(case):
    """What is marked is what TOML reads as one, whole; and nothing is shown wider than 80 columns."""
    text = edited(case.edits)
    for found in findings(text):
        line = text.split("\n")[found.line - 1]
        marked = line[found.column - 1 : found.column - 1 + found.width]
        assert any(reads(form) for form in (f"{marked} = 0", f"x = {marked}", marked)), marked
        assert all(len(row) <= 80 for row in diagnose.render(found, "glass.toml", text).split("\n"))


def reads(text: str) -> bool:
    try:
        return bool(tomllib.loads(text))
    except tomllib.TOMLDecodeError:
        return False


RECORDED = """\
spindsl = 1
title = "watched"
seed = 1
realizations = 3
[system]
kind = "recorded"
reader = { kind = "netcdf", file = "watched.nc" }
[dynamics]
kind = "glauber"
beta = 1.0
"""


def test_recorded_matter_has_one_realization_and_a_history():
    found = findings(RECORDED)
    assert told(found) == "E201 4:16 realizations\nE201 8:1 dynamics"
    assert "recorded matter has one realization" in words(found)


CHANGES = {
    ("realizations=2.5",): ("E103 realizations", "wanted an integer, found the number 2.5"),
    ("realizations=0",): ("E105 realizations", "at least 1"),
    ("system.graph.mean_degre=3",): ("E101 system.graph.mean_degre", '`mean_degree`, a key of kind "erdos-renyi"?'),
    ('sweep=[{product={"dynamics.betta"=[1.0]}}]',): ("E101 sweep.0.product.dynamics.betta", '"dynamics.beta"?'),
    ('sweep={product={"dynamics.beta"=[1.0]}}',): ("E103 sweep", "head it [[sweep]]"),
    ("sweep.0.product.dynamics.beta=[3.0]",): ("E109 sweep.0.product.dynamics", 'whole path: "dynamics.beta"'),
    ('sweep.0.product."dynamics.beta"=[3.0, -1.0]',): ("E105 sweep.0.product.dynamics.beta.1", "found -1"),
    ('sweep.0.product."dynamics.beta".1=-2.0',): ("E105 sweep.0.product.dynamics.beta.1", "found -2"),
    ('sweep.1.zip."system.spins".1=25',): ("E203 sweep.1.zip.system.spins.1", "system.spins = 25"),
    ('sweep.1.zip."protocol.dwell".points=3',): ("E203 sweep.1.zip.protocol.dwell", "3 values beside 2"),
    ('sweep.2.product."dynamics.beta"=[1.0]',): ("E111 sweep.2", "it has 2, counted from 0"),
    ("protocol.phases.0.after=4",): ("E203 protocol.phases.1.after", "more than 4"),
    ('protocol.phases.0={after=2, drve="a"}',): ("E101 protocol.phases.0.drve", "`drive`"),
    ("expect.0.where.beta=9.0",): ("E205 expect.0.where.beta", "there are 1, 2, 3"),
}
ELSEWHERE = {  # what does not go with the change any more
    ('sweep.1.zip."protocol.dwell".points=3',): "glass.toml:53:55",
    ("protocol.phases.0.after=4",): "glass.toml:37:9",
}


@pytest.mark.parametrize("changes", CHANGES, ids="; ".join)
def test_a_wrong_change_of_a_sweep(changes):
    told, says = CHANGES[changes]
    [found] = findings(BASE, *changes)
    assert f"{found.code} {'.'.join(map(str, found.path))}" == told
    assert says in words([found])
    where = ELSEWHERE.get(changes, "--set ")
    assert diagnose.render(found, "glass.toml", BASE).startswith(f"error[{found.code}] {where}")


def test_a_value_is_blamed_once_whatever_the_others_are():
    """2,000 points: a temperature and a bound are wrong by themselves, two sizes with one number of neighbours."""
    beta, low = [*range(1, 10), -1], [*range(6), 0.5, 1.5, 2.5, 7]
    spins, neighbours = [*range(24, 40, 2), 27, 4], [3, 4]
    text = edited({
        "[1.0, 2.0, 3.0]": f'{beta}, "dynamics.barrier.low" = {low}', **PLAIN,
        ZIP: f'product = {{ "system.spins" = {spins}, "system.graph.neighbours" = {neighbours} }}',
    })  # fmt: skip
    assert told(findings(text)) == (
        "E105 50:59 sweep.0.product.dynamics.beta.9\nE203 50:123 sweep.0.product.dynamics.barrier.low.9\n"
        "E203 53:100 sweep.1.product.system.graph.neighbours.0\nE203 53:103 sweep.1.product.system.graph.neighbours.1"
    )


# --- anything at all ------------------------------------------------------------------------------

PATHS = st.sampled_from([
    "dynamics.beta", "dynamics.barrier", "dynamics.barrier.low", "dynamics.kind", "system.spins", "system.kind",
    "system.graph", "system.graph.neighbours", "system.couplings.kind", "protocol.phases", "protocol.phases.0.after",
    "protocol.phases.0.rest.x", "protocol.fields.names", "protocol.drives.sets.a.0", "protocol.trials", "seed.x",
    "seed", "system", "analysis.drive.of", "analysis.drive",
    "analysis.x.of", "bottleneck.pca.latent", "split.test", "title", "a b", "",
])  # fmt: skip
LISTS = st.lists(VALUES | st.integers(1, 30) | st.sampled_from(["pca", "glauber", "power"]), max_size=4)
RANGES = st.fixed_dictionaries(
    {"from": st.sampled_from([0, 1, 0.5, -1, 1e300]), "to": st.sampled_from([2, 9.5, "x"]), "points": st.integers(1, 5)}
)
SWEEPS = st.lists(
    st.dictionaries(
        st.sampled_from(["product", "zip", "prodct"]),
        st.dictionaries(PATHS, LISTS | RANGES | VALUES, max_size=3) | VALUES,
        max_size=2,
    ),
    max_size=2,
)
EDITS = st.lists(
    st.tuples(st.integers(0, 10**6), st.sampled_from(["set", "drop", "add", "rename"]), PATHS, VALUES), max_size=2
)
CUTS = st.lists(
    st.tuples(st.integers(0, len(BASE)), st.integers(0, 12), st.text('"[]{}=.,#\n\t\r a1-é\\', max_size=3)),
    min_size=1,
    max_size=2,
)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(SWEEPS, EDITS)
def test_any_sweep_is_accounted_for(sweeps, edits):
    table = tomllib.loads(BASE)
    table["sweep"] = sweeps
    for edit in edits:
        disturb(table, *edit)
    accounted(tomlkit.dumps(table))


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(EDITS)
def test_any_edit_of_a_file_with_sweeps_is_accounted_for(edits):
    table = tomllib.loads(BASE)
    for edit in edits:
        disturb(table, *edit)
    accounted(tomlkit.dumps(table))


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(CUTS)
def test_any_edit_of_the_text_of_sweeps_is_accounted_for(cuts):
    text = BASE
    for at, length, new in cuts:
        text = text[:at] + new + text[at + length :]
    accounted(text)
