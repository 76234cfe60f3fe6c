"""Mistakes of form and of meaning in one file are reported together, and nothing that only follows from another."""

import re

import pytest
from typer.testing import CliRunner

from spindsl.cli import app
from spindsl.errors import SpecError
from spindsl.run import opened

EXPECT = """
[[expect]]
of = "analysis.drive.score"
where = { switch = { last = 2 } }
min = 0.0
source = "x"

[[expect]]
of = "analysis.power.score"
min = 0.0
source = "x"
"""
OF = ('of = "power"', 'of = "powr"')
WORDS = {  # what is changed -> code and path of the mistake, each of another layer
    "number": ("beta = 3.0", "beta = -3.0", "E105 dynamics.beta"),
    "type": ("spins = 24", 'spins = "24"', "E103 system.spins"),
    "key": ("switches = 6", "switchs = 6", "E101 protocol.switchs"),
    "kind": ('kind = "pca"', 'kind = "pac"', "E104 bottleneck.pca.kind"),
    "missing": ("trials = 20\n", "", "E102 protocol.trials"),
    "named": ("latent = 2\nepochs", "latent = 0\nepochs", "E105 bottleneck.vae.latent"),
    "of": (*OF, "E204 analysis.power.of"),
    "density": ('by = { kind = "logistic", C = 0.1 }', 'by = { kind = "kde" }', "E201 analysis.spins.by"),
    "expected": ('of = "analysis.drive.score"', 'of = "analysis.drve.score"', "E205 expect.0.of"),
}
FORM, MEANING = ["number", "type", "key", "kind", "missing", "named"], ["of", "density", "expected"]


def found(text: str, tmp_path) -> list[str]:
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(SpecError) as caught:
        opened(tmp_path / "bad.toml", tmp_path / "runs").graph()
    findings = caught.value.findings
    assert [f.line for f in findings] == sorted(f.line for f in findings)
    assert all(f.line for f in findings) or not findings
    return [f"{f.code} {'.'.join(map(str, f.path))}" for f in findings]


def spoilt(small: str, names) -> tuple[str, set[str]]:
    text = small + EXPECT
    for name in names:
        assert WORDS[name][0] in text
        text = text.replace(WORDS[name][0], WORDS[name][1], 1)
    return text, {WORDS[name][2] for name in names}


@pytest.mark.parametrize("form", FORM)
@pytest.mark.parametrize("meaning", MEANING)
def test_two_layers_at_once(small, tmp_path, form, meaning):
    text, wanted = spoilt(small, (form, meaning))
    if (form, meaning) in (("named", "expected"),):
        assert wanted <= set(found(text, tmp_path))
        return
    assert set(found(text, tmp_path)) == wanted


def test_all_layers_at_once(small, tmp_path):
    text, wanted = spoilt(small, WORDS)
    assert set(found(text, tmp_path)) == wanted


@pytest.mark.parametrize("form", FORM)
def test_one_mistake_has_no_followers(small, tmp_path, form):
    """What refers to a wrong bottleneck is not blamed, nor labels of what a stand-in would give."""
    text, wanted = spoilt(small, (form,))
    text = text.replace("where = { switch = { last = 2 } }", "where = { switch = 6 }")
    text += '\n[analysis.late]\nkind = "classification"\nof = "pca"\nswitches = [6]\nby = { kind = "gaussian" }\n'
    assert set(found(text, tmp_path)) == wanted


def test_names_that_are_not_there_beside_keys_that_do_not_go_together(small, tmp_path):
    """A mistake between keys of the protocol, found when the file is read, hides none of an analysis."""
    phase = '[[protocol.phases]]\nafter = 3\nfields = ["Z"]\n\n[bottleneck.vae]'
    text = small.replace("[bottleneck.vae]", phase).replace(*OF)
    assert found(text, tmp_path) == ["E202 protocol.phases.0.fields.0", "E204 analysis.power.of"]


def test_check_and_set(small, tmp_path, monkeypatch):
    """The command line shows them at their lines, and a mistake that --set makes beside those of the file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.toml").write_text(small.replace(*OF))
    done = CliRunner().invoke(app, ["check", "bad.toml", "--set", "dynamics.beta=-1.0"])
    assert done.exit_code == 3
    assert re.findall(r"error\[(E\d+)\]", done.stderr) == ["E204", "E105"]
    assert "--set dynamics.beta=-1.0" in done.stderr


def test_a_recording_that_is_absent_is_no_mistake_of_another_kind(tmp_path):
    text = """\
spindsl = 1
title = "t"
seed = -1
[system]
kind = "recorded"
reader = { kind = "csv", file = "absent.csv" }
variables = { spins = "s*" }
[analysis.c]
kind = "classification"
of = "nothing"
by = { kind = "logistic", C = 0.1 }
"""
    assert found(text, tmp_path) == ["E105 seed"]
