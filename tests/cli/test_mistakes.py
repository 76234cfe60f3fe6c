"""Every mistake is reported at its place, in the user's words, and never as anything but a SpecError."""

import json
import math
import re
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from spindsl import diagnose, experiment
from spindsl.codes import CODES
from spindsl.diagnose.places import Places
from spindsl.errors import Finding, SpecError
from spindsl.lower import lower

FIELDS = 'fields = { names = ["A", "B", "C"], kind = "normal", std = 3.0 }'
BASE = """\
spindsl = 1
title = "A spin glass"
seed = 7

[system]
kind = "spin-glass"
spins = 24
graph = { kind = "erdos-renyi", mean_degree = 4 }
couplings = { kind = "normal", mean = 0.0, std = 1.0 }

[dynamics]
kind = "arrhenius"
beta = 3.0
barrier = 4.5

[protocol]
kind = "field-drive"
initial = "relaxed"
relax = 1000.0
dwell = 100.0
switches = 6
trials = 20
fields = { names = ["A", "B", "C"], kind = "normal", std = 3.0 }
drives = { kind = "subsets", size = 2 }

[bottleneck.vae]
kind = "vae"
hidden = [8]
latent = 2
epochs = 2
batch = 16

[analysis.drive]
kind = "classification"
of = "vae"
by = { kind = "kde" }

[[expect]]
of = "analysis.drive.score"
where = { switch = { last = 2 } }
min = 0.4
source = "nobody"
"""


class Case(NamedTuple):
    """Edits of BASE, and what is expected: CODE line:column path, with a fragment of its text."""

    edits: dict[str, str]
    places: str
    says: str = ""


def edited(edits: dict[str, str]) -> str:
    text = BASE
    for old, new in edits.items():
        assert text.count(old) == 1, f"{old!r} is not unique in the base"
        text = text.replace(old, new)
    return text


def findings(text: str, *changes: str) -> list[Finding]:
    """What `spindsl check` reports."""
    try:
        lower(experiment.loads(text, changes=changes), Path())
    except SpecError as error:
        return diagnose.arranged(text, error.findings, changes)
    return []


def told(found: list[Finding]) -> str:
    """Codes and places, one line each."""
    return "\n".join(f"{f.code} {f.line}:{f.column} {'.'.join(map(str, f.path))}".strip() for f in found)


def words(found: list[Finding]) -> str:
    return "\n".join(part for f in found for part in (f.message, f.hint, *f.notes))


CASES = {
    # text that is no TOML
    "bare word": Case({'"spin-glass"': "spin-glass"}, "E100 6:8", 'text needs quotes: "spin-glass"'),
    "unit": Case({"dwell = 100.0": "dwell = 100.0 s"}, "E100 20:15", "more text"),
    "thousands": Case({"relax = 1000.0": "relax = 1,000.0"}, "E100 19:10", "100_000"),
    "no digit after the point": Case({"beta = 3.0": "beta = 3."}, "E100 13:9", "digit after"),
    "capital True": Case({"beta = 3.0": "beta = True"}, "E100 13:8", "write true"),
    "colon": Case({"seed = 7": "seed: 7"}, "E100 3:5", "write `=`, not `:`"),
    "open array": Case({"hidden = [8]": "hidden = [8"}, "E100 29:1", "closing `]`"),
    "open text": Case({'"A spin glass"': '"A spin glass'}, "E100 2:22", "closing quote"),
    "open header": Case({"[dynamics]": "[dynamics"}, "E100 11:10", "write [table]"),
    "inline table of many lines": Case(
        {'{ kind = "subsets", size = 2 }': '{\n kind = "subsets" }'}, "E100 24:11", "one line"
    ),
    "backslash": Case({'"A spin glass"': r'"A \spin glass"'}, "E100 2:12", "double it"),
    "backslash at the end of a line": Case({'"A spin glass"': '"A spin\\\nglass"'}, "E100 2:16", "double it"),
    "byte order mark": Case({"spindsl = 1": "\ufeffspindsl = 1"}, "E100 1:1", "byte order mark"),
    "digits": Case({"seed = 7": "seed = 1" + "0" * 5000}, "E100 3:8", "too many digits"),
    "depth": Case({"hidden = [8]": "hidden = " + "[" * 5000}, "E100 28:10", "too deeply"),
    # names given twice
    "key twice": Case({"beta = 3.0": "beta = 3.0\nbeta = 2.0"}, "E107 14:1 dynamics.beta", "on line 13"),
    "table twice": Case({"[[expect]]": "[system]\n[[expect]]"}, "E107 38:2 system", "on line 5"),
    "inline key twice": Case({"size = 2": "size = 2, size = 3"}, "E107 24:40 protocol.drives.size"),
    "namespace twice": Case({"[[expect]]": "[system.graph]\n[[expect]]"}, "E107 38:9 system.graph"),
    "field twice": Case({'"B", "C"': '"B", "A"'}, "E107 23:31 protocol.fields.names.2", "'A' appears twice"),
    # keys
    "near key": Case(
        {"spins = 24": "spin = 24"},
        "E101 7:1 system.spin",
        "did you mean `spins`?  (required key `spins` is missing)",
    ),
    "near optional key": Case(
        {"batch = 16": "batch = 16\nnetwork = 2"}, "E101 32:1 bottleneck.vae.network", "`networks`"
    ),
    "near given key": Case({"beta = 3.0": "beta = 3.0\nBeta = 3"}, "E101 14:1 dynamics.Beta", "(it is given already)"),
    "far key": Case(
        {"beta = 3.0": "beta = 3.0\nqqq = 3"},
        "E101 14:1 dynamics.qqq",
        'kind "arrhenius" accepts: beta, barrier',
    ),
    "abbreviated key": Case({"mean_degree": "mean"}, "E101 8:33 system.graph.mean", "did you mean `mean_degree`?"),
    "key of another kind": Case(
        {'kind = "kde"': 'kind = "kde", bins = 3'}, "E101 36:22 analysis.drive.by.bins", 'of kind "histogram"'
    ),
    "far table": Case({"[[expect]]": "[qqq]\nx = 1\n[[expect]]"}, "E101 38:2 qqq", "the file accepts: spindsl, title"),
    "near table": Case({"[system]": "[sistem]"}, "E101 5:2 sistem", "did you mean `system`?"),
    "missing key": Case({"beta = 3.0\n": ""}, "E102 11:1 dynamics.beta", "inverse temperature"),
    "missing key inline": Case({", mean_degree = 4": ""}, "E102 8:9 system.graph.mean_degree"),
    "missing key at the top": Case({"seed = 7\n": ""}, "E102 1:1 seed", "missing key"),
    "missing key of an element": Case({'source = "nobody"\n': ""}, "E102 38:1 expect.0.source"),
    "missing table": Case(
        {"[dynamics]\n": "", 'kind = "arrhenius"\nbeta = 3.0\nbarrier = 4.5\n': ""}, "E102 1:1 dynamics"
    ),
    "missing and far": Case(
        {"barrier = 4.5": "qqq = 1"},
        "E102 11:1 dynamics.barrier\nE101 14:1 dynamics.qqq",
        "height B of the barrier",
    ),
    "wrong table": Case(
        {"spins = 24": "spins = 24\nbeta = 3.0", "beta = 3.0\nbarrier": "barrier"},
        "E110 8:1 system.beta",
        "it belongs in [dynamics]",
    ),
    "top key below a table": Case(
        {"seed = 7\n": "", "[dynamics]": "seed = 7\n[dynamics]"}, "E110 10:1 system.seed", "above"
    ),
    "nested table": Case({"[dynamics]": "[system.dynamics]"}, "E110 11:9 system.dynamics", "head it [dynamics]"),
    "nameless bottleneck": Case({"[bottleneck.vae]": "[bottleneck]"}, "E110 26:2 bottleneck", "[bottleneck.NAME]"),
    "bad name": Case({"[bottleneck.vae]": '[bottleneck."2 d"]'}, "E109 26:13 bottleneck.2 d", "a letter, then"),
    "sweep of no path": Case(
        {"[[expect]]": "[[sweep]]\nproduct = { beta = [1.0] }\n[[expect]]"},
        "E109 39:13 sweep.0.product.beta",
        "such as dynamics.beta",
    ),
    # kinds
    "near kind": Case({'"spin-glass"': '"spinglass"'}, "E104 6:8 system.kind", 'did you mean "spin-glass"?'),
    "far kind": Case(
        {'"spin-glass"': '"qqq"'},
        "E104 6:8 system.kind",
        "kinds: edwards-anderson, hysterons, ising, learned, potts, random-organization, recorded, spin-glass",
    ),
    "far kind of two words": Case(
        {'"field-drive"': '"tides"'}, "E104 17:8 protocol.kind", "kinds: cyclic-drive, equilibrium, field-drive"
    ),
    "missing kind": Case(
        {'kind = "vae"\n': ""},
        "E102 26:1 bottleneck.vae.kind",
        'add kind = "autoencoder", "cluster-expansion"',
    ),
    "missing kind of two words": Case(
        {'kind = "field-drive"\n': ""},
        "E102 16:1 protocol.kind",
        'add kind = "cyclic-drive", "equilibrium" or "field-drive"',
    ),
    "kind by another name": Case(
        {'kind = "vae"': 'type = "vae"'}, "E101 27:1 bottleneck.vae.type", "did you mean `kind`?"
    ),
    "kind of the wrong type": Case({'"spin-glass"': "3"}, "E103 6:8 system.kind", "found the integer 3"),
    # values
    "text for a number": Case({"beta = 3.0": 'beta = "3.0"'}, "E103 13:8 dynamics.beta", "without quotes: 3.0"),
    "true for a number": Case({"beta = 3.0": "beta = true"}, "E103 13:8 dynamics.beta", "wanted a number, found true"),
    "float for an integer": Case({"spins = 24": "spins = 24.0"}, "E103 7:9 system.spins", "write 24"),
    "date for a number": Case(
        {"beta = 3.0": "beta = 2020-01-01"}, "E103 13:8 dynamics.beta", "date or time 2020-01-01"
    ),
    "number for an array": Case({"hidden = [8]": "hidden = 8"}, "E103 28:10 bottleneck.vae.hidden", "write [8]"),
    "number for text": Case({'"A spin glass"': "5"}, "E103 2:9 title", 'write it in quotes: "5"'),
    "text for a table": Case({'{ kind = "kde" }': '"kde"'}, "E103 36:6 analysis.drive.by", 'a table with kind "kde"'),
    "table for an array": Case({"[[expect]]": "[expect]"}, "E103 38:1 expect", "head it [[expect]]"),
    "array for a table": Case({"[system]": "[[system]]"}, "E103 5:1 system", "head it [system]"),
    "negative beta": Case({"beta = 3.0": "beta = -3.0"}, "E105 13:8 dynamics.beta", "greater than 0, found -3.0"),
    "negative barrier": Case({"barrier = 4.5": "barrier = -1"}, "E105 14:11 dynamics.barrier", "at least 0, found -1"),
    "negative dwell": Case({"dwell = 100.0": "dwell = -1.0"}, "E105 20:9 protocol.dwell", "greater than 0"),
    "no latent": Case({"latent = 2": "latent = 0"}, "E105 29:10 bottleneck.vae.latent", "at least 1, found 0"),
    "no layer": Case({"hidden = [8]": "hidden = []"}, "E105 28:10 bottleneck.vae.hidden", "must not be empty"),
    "no title": Case({'"A spin glass"': '""'}, "E105 2:9 title", "must not be empty"),
    "large seed": Case({"seed = 7": f"seed = {2**63}"}, "E105 3:8 seed", "must be less than"),
    "large number": Case({"beta = 3.0": "beta = 1" + "0" * 400}, "E105 13:8 dynamics.beta", "too large"),
    "nan": Case({"beta = 3.0": "beta = nan"}, "E106 13:8 dynamics.beta", "must be finite, found nan"),
    "inf": Case({"barrier = 4.5": "barrier = -inf"}, "E106 14:11 dynamics.barrier", "found -inf"),
    "form of text": Case(
        {'"analysis.drive.score"': '"score"'}, "E108 39:6 expect.0.of", "such as analysis.drive.score"
    ),
    "near value": Case({"trials = 20": 'trials = 20\norder = "perodic"'}, "E104 23:9 protocol.order", '"periodic"?'),
    "version": Case({"spindsl = 1": "spindsl = 2"}, "E112 1:11 spindsl", "a newer spindsl"),
    # unions without a kind
    "text or table: near text": Case({'"relaxed"': '"relaxd"'}, "E104 18:11 protocol.initial", '"relaxed"?'),
    "text or table: number": Case(
        {'"relaxed"': "3"},
        "E103 18:11 protocol.initial",
        'wanted "relaxed", "annealed" or a table { path, variable }',
    ),
    "text or table: table": Case(
        {'"relaxed"': '{ path = "a.nc", varable = "s" }'}, "E101 18:28 protocol.initial.varable", "`variable`"
    ),
    "folds": Case({'"kde" }': '"kde" }\nscore = { folds = 1 }'}, "E105 37:19 analysis.drive.score.folds", "at least 2"),
    "selection: near key": Case(
        {"last = 2": "lasst = 2"}, "E101 40:22 expect.0.where.switch.lasst", "did you mean `last`?"
    ),
    "selection: half": Case({"last = 2": "from = 2"}, "E102 40:20 expect.0.where.switch.to", "missing key"),
    "selection: wrong type": Case(
        {"{ last = 2 }": "1979-05-27"}, "E103 40:20 expect.0.where.switch", "a table { from, to }"
    ),
    "selection: bound": Case({"last = 2": "last = 0"}, "E105 40:29 expect.0.where.switch.last", "at least 1"),
    "sweep values": Case(
        {"[[expect]]": '[[sweep]]\nproduct = { "dynamics.beta" = 1.0 }\n[[expect]]'},
        "E103 39:31 sweep.0.product.dynamics.beta",
        "write [1.0]",
    ),
    # meaning
    "mean degree": Case({"mean_degree = 4": "mean_degree = 24"}, "E203 8:47 system.graph.mean_degree", "at most 23"),
    "subsets": Case({"size = 2": "size = 4"}, "E203 24:37 protocol.drives.size", "at most 3"),
    "undeclared field": Case(
        {'"subsets", size = 2': '"list", sets = { ab = ["A", "Z"] }'},
        "E202 24:47 protocol.drives.sets.ab.1",
        "declared are A, B, C",
    ),
    "empty drive": Case(
        {'"subsets", size = 2': '"list", sets = { ab = [] }'}, "E105 24:41 protocol.drives.sets.ab", "empty"
    ),
    "no graph": Case(
        {'graph = { kind = "erdos-renyi", mean_degree = 4 }\n': ""}, "E102 5:1 system.graph", "need a graph"
    ),
    "no bottleneck": Case({'of = "vae"': 'of = "vea"'}, "E204 35:6 analysis.drive.of", "known are vae"),
    "nothing expected": Case({"min = 0.4\n": ""}, "E102 38:1 expect.0", "min, max"),
    "no tolerance": Case({"min = 0.4": "value = 0.4"}, "E201 41:9 expect.0.value", "come together"),
    "expects nothing known": Case(
        {'"analysis.drive.score"': '"analysis.drive.scor"'}, "E205 39:6 expect.0.of", "score"
    ),
    "no realization": Case({"seed = 7": "seed = 7\nrealizations = 0"}, "E105 4:16 realizations"),
    # layout
    "dotted keys": Case(
        {FIELDS: 'fields.names = [\n  "A", # first\n\t"B",\n  "A" ]\nfields.std = -3.0'},
        "E102 23:1 protocol.fields.kind\nE107 26:3 protocol.fields.names.2\nE105 27:14 protocol.fields.std",
    ),
    "missing under dotted keys": Case(
        {FIELDS: 'fields.names = ["A", "B", "C"]\nfields.kind = "normal"'},
        "E102 23:1 protocol.fields.std",
    ),
    "quoted keys": Case({"beta = 3.0": '"beta" = 3.0\n"b\\u0065t" = 3'}, "E101 14:1 dynamics.bet"),
    "quoted header": Case({"[dynamics]\n": '["dynamics"]\n"qqq" = 1\n'}, "E101 12:1 dynamics.qqq"),
    "characters before": Case(
        {"mean_degree = 4": "'日本é' = \"\\u00e9é\", mean_degree = -4"},
        "E101 8:33 system.graph.日本é\nE105 8:66 system.graph.mean_degree",
    ),
    "tab before": Case({"beta = 3.0": "\tbeta\t=\t-3.0"}, "E105 13:9 dynamics.beta"),
    "second element": Case(
        {'"nobody"\n': '"nobody"\n[[expect]]\nof = "analysis.drive.score"\nsource = ""\nmin = 1\n'},
        "E105 45:10 expect.1.source",
    ),
    "table in an element": Case(
        {
            "where = { switch = { last = 2 } }\n": "",
            'source = "nobody"\n': 'source = "nobody"\n[expect.where]\nswitch.last = 0\n',
        },
        "E105 43:15 expect.0.where.switch.last",
    ),
    "several": Case(
        {
            "spins = 24": "spin = 24",
            "beta = 3.0": "beta = -3.0",
            '"kde"': '"kdf"',
            "size = 2": "size = 4, sise = 1",
            "seed = 7": "",
        },
        "E102 1:1 seed\nE101 7:1 system.spin\nE105 13:8 dynamics.beta\nE203 24:37 protocol.drives.size\n"
        "E101 24:40 protocol.drives.sise\nE104 36:15 analysis.drive.by.kind",
    ),
}


def test_the_base_is_right():
    assert findings(BASE) == []


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_mistake(case):
    found = findings(edited(case.edits))
    assert told(found) == case.places
    assert case.says in words(found)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_windows_line_ends_move_nothing(case):
    assert told(findings(edited(case.edits).replace("\n", "\r\n"))) == case.places


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_carets_mark_what_is_wrong(case):
    """The carets stand, in what is shown, under the very text at the finding's place."""
    text = edited(case.edits)
    for found in findings(text):
        shown = diagnose.render(found, "glass.toml", text)
        assert shown.startswith(f"error[{found.code}] glass.toml:{found.line}:{found.column}  ")
        code, carets = re.search(r"\n *\d+ \| (.*)\n *\| ( *\^+)", shown).groups()
        line = text.split("\n")[found.line - 1]
        marked = line[found.column - 1 : found.column - 1 + found.width]
        if code == line.replace("\t", "    ") and line.isascii():
            assert code[carets.count(" ") : len(carets)] == marked
        assert "\n" not in found.message and found.width >= 1
        assert all(len(row) <= 80 for row in shown.split("\n"))


CHANGES = {
    ("system.spins=-3",): ("E105 system.spins", "at least 2, found -3"),
    ("system.spin=3",): ("E101 system.spin", "did you mean `spins`?"),
    ("dynamics.kind=arrhenius",): ("E111", "--set 'dynamics.kind=\"arrhenius\"'"),
    ("title=A B",): ("E111", "--set 'title=\"A B\"'"),
    ("dynamics.beta=True",): ("E111", "write true"),
    ("dynamics.beta=",): ("E111", "no value"),
    ("dynamics.beta=3\nseed=2",): ("E111", "is no TOML value"),
    ("spins",): ("E111", "a.b=VALUE"),
    ("a b=3",): ("E111", "a.b=VALUE"),
    ("=3",): ("E111", "a.b=VALUE"),
    ("a=0\nb=1",): ("E111", "is no TOML value"),
    ("seed.x=1",): ("E111 seed", "no table"),
    ("expect.1.min=1",): ("E111 expect.1", "it has 1, counted from 0"),
    ("expect.min=1",): ("E111 expect.min", "no such element"),
    ('expect.0.min="a"',): ("E103 expect.0.min", "wanted a number"),
    ("bottleneck.vae.hidden.0=0",): ("E105 bottleneck.vae.hidden.0", "at least 1"),
    ('bottleneck.pca.kind="pca"',): ("E102 bottleneck.pca.latent", "missing key"),
    ("protocol.drives.size=9",): ("E203 protocol.drives.size", "at most 3"),
    ('analysis.drive.of="nn"',): ("E204 analysis.drive.of", "known are vae"),
    ('protocol.drives={kind="list",sets={"1"=["Z"]}}',): ("E202 protocol.drives.sets.1.0", "'Z'"),
    ('system."a.b"=3',): ("E101 system.a.b", "unknown key"),
    ("dynamics.beta=1.0", "dynamics.beta=0.0"): ("E105 dynamics.beta", "found 0.0"),
}


@pytest.mark.parametrize("changes", CHANGES, ids="; ".join)
def test_a_wrong_change_is_shown_as_it_was_typed(changes):
    told, says = CHANGES[changes]
    [found] = findings(BASE, *changes)
    assert f"{found.code} {'.'.join(map(str, found.path))}".strip() == told
    assert says in words([found])
    assert diagnose.render(found, "glass.toml", BASE).startswith(f"error[{found.code}] --set ")
    assert diagnose.as_json([found], "glass.toml")[0]["set"] == changes[-1]


@pytest.mark.parametrize(
    "change, path, value",
    [
        ("dynamics.beta=2", ("dynamics", "beta"), 2),
        ("expect.0.min = 0.5 # lower", ("expect", 0, "min"), 0.5),
        ("bottleneck.vae.hidden.0=9", ("bottleneck", "vae", "hidden", 0), 9),
        ("split={test=0.2}", ("split",), {"test": 0.2}),
        ("split.test=0.2", ("split", "test"), 0.2),
        ('"split".test=0.2', ("split", "test"), 0.2),
    ],
)  # fmt: skip
def test_change(change, path, value):
    table = tomllib.loads(BASE)
    diagnose.change(table, (change,))
    for key in path:
        table = table[key]
    assert table == value
    assert findings(BASE, change) == []


def test_a_mistake_of_the_file_stays_in_the_file():
    text = edited({"beta = 3.0": "beta = -3.0", "mean_degree = 4": "mean_degree = 9"})
    assert told(findings(text, "system.spins=5")) == ("E203 8:47 system.graph.mean_degree\nE105 13:8 dynamics.beta")
    assert told(findings(text, "system.spins=50", "dynamics.beta=1.0")) == ""


def test_what_was_typed_wrong_all_at_once():
    assert [f.code for f in findings(BASE, "spins", "seed.x=1", "dynamics.beta=2.0")] == ["E111", "E111"]


def test_style():
    text = edited({"spins = 24": "spin = 256"})
    [found] = findings(text)
    assert diagnose.render(found, "glass.toml", text) == (
        "error[E101] glass.toml:7:1  system.spin: unknown key\n"
        "  |\n"
        "7 | spin = 256\n"
        "  | ^^^^ did you mean `spins`?  (required key `spins` is missing)\n"
        '  = kind "spin-glass" accepts: spins, graph, couplings'
    )
    painted = diagnose.render(found, "glass.toml", text, colour=True)
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == diagnose.render(found, "glass.toml", text)


def test_a_long_line_is_cut_around_the_caret():
    text = edited({"mean = 0.0": f'{" " * 300}mean = "0"{" " * 300}'})
    [found] = findings(text)
    shown = diagnose.render(found, "glass.toml", text)
    assert found.column > 300 and 'mean = "0"' in shown
    code, carets = re.search(r"\n9 \| (.*)\n  \| ( *\^+)", shown).groups()
    assert code[carets.count(" ") : len(carets)] == '"0"'


def test_json():
    [row] = json.loads(json.dumps(diagnose.as_json(findings(edited({"spins = 24": "spin = 24"})), "glass.toml")))
    assert row == {
        "code": "E101", "severity": "error", "file": "glass.toml", "set": None,
        "line": 7, "column": 1, "width": 4,
        "path": "system.spin", "message": "unknown key",
        "hint": "did you mean `spins`?  (required key `spins` is missing)",
        "notes": ['kind "spin-glass" accepts: spins, graph, couplings'],
    }  # fmt: skip


def test_a_warning_is_called_one():
    found = diagnose.placed(BASE, Finding("W201", "squeezes nothing", ("bottleneck", "vae", "latent")))
    assert diagnose.render(found, "glass.toml", BASE).startswith("warning[W201] glass.toml:29:10  bottleneck.vae")
    assert diagnose.as_json([found], "glass.toml")[0]["severity"] == "warning"
    assert diagnose.placed(BASE, found) == found


def test_a_file_that_is_not_utf8(tmp_path):
    file = tmp_path / "glass.toml"
    file.write_bytes(BASE.encode().replace(b"A spin glass", b"Gl\xe4ser"))
    with pytest.raises(SpecError) as caught:
        experiment.load(file)
    assert told(caught.value.findings) == "E100 2:1"


def test_every_code_is_explained():
    package = Path(experiment.__file__).parent
    used = {c for f in package.rglob("*.py") for c in re.findall(r'"([EW][123]\d\d)"', f.read_text(encoding="utf-8"))}
    assert used <= CODES.keys()
    for title, text in CODES.values():
        assert title and all(len(line) <= 80 for line in text.split("\n"))


# --- anything at all ------------------------------------------------------------------------------


def paths(value, path=()):
    """Every path of a table."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*path, key)
        yield from paths(item, (*path, key))


NAMES = st.sampled_from(
    [
        "kind",
        "spins",
        "spin",
        "beta",
        "of",
        "by",
        "vae",
        "system",
        "expect",
        "last",
        "from",
        "日本",
        "0",
        "",
        "a b",
    ]
)
VALUES = st.recursive(
    st.sampled_from([0, 1, -1, 2**70, 0.5, -0.0, math.nan, math.inf, True, False, "", "vae", "kde", "A", "日本\n"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)
EDITS = st.lists(
    st.tuples(st.integers(0, 10**6), st.sampled_from(["set", "drop", "add", "rename"]), NAMES, VALUES),
    min_size=1,
    max_size=3,
)


def disturb(table, where, what, name, value):
    """One edit of a table, in place."""
    every = list(paths(table))
    path = every[where % len(every)] if every else ()
    at = table
    for key in path[:-1]:
        at = at[key]
    last = path[-1] if path else name
    if what == "set" or not path:
        at[last] = value
    elif what == "drop":
        del at[last]
    elif what == "add" and isinstance(at[last], dict):
        at[last][name] = value
    elif what == "rename" and isinstance(at, dict):
        at[name] = at.pop(last)


def accounted(text):
    """Either an experiment, or findings that have a code, a place in the text and something to show."""
    found = findings(text)
    lines = text.split("\n")
    for one in found:
        assert one.code in CODES and one.message
        assert 1 <= one.line <= len(lines) and 1 <= one.column <= len(lines[one.line - 1]) + 1
        assert diagnose.render(one, "glass.toml", text)
    assert len(set(found)) == len(found)
    json.dumps(diagnose.as_json(found, "glass.toml"))


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(EDITS)
def test_any_edit_of_keys_and_values_is_accounted_for(edits):
    table = tomllib.loads(BASE)
    for edit in edits:
        disturb(table, *edit)
    text = tomlkit.dumps(table)
    accounted(text)
    assert set(Places(text)) == set(paths(tomllib.loads(text)))


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(BASE)), st.integers(0, 12), st.text('"[]{}=.,#\n\t\r a1-é\\', max_size=3)),
        min_size=1,
        max_size=2,
    )
)
def test_any_edit_of_the_text_is_accounted_for(edits):
    text = BASE
    for at, length, new in edits:
        text = text[:at] + new + text[at + length :]
    accounted(text)
