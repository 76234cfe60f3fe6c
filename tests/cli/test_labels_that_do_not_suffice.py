"""Questions that the labels of trials cannot answer are refused by check, whatever reads them."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from spindsl.cli import app
from spindsl.codes import CODES

CASES = Path(__file__).parents[2] / "../shared/cases"
RECORDED = """\
spindsl = 1
title = "t"
seed = 1
[system]
kind = "recorded"
reader = {{ kind = "{kind}", file = "{file}" }}
variables = {{ spins = "{spins}", drive = "drive" {more} }}
[analysis.c]
kind = "classification"
of = "spins"
by = {{ kind = "logistic", C = 0.1 }}
{score}
"""


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def go(text: str, *words: str):
        (tmp_path / "a.toml").write_text(text)
        return CliRunner().invoke(app, [*(words or ("check",)), "a.toml"])

    return go


def refused(done, code: str, *words: str) -> None:
    """Refused at a line, with code, hint and these words."""
    assert done.exit_code == 3, done.output
    assert f"error[{code}] a.toml:" in done.stderr
    assert code in CODES
    flat = " ".join(done.stderr.split())
    assert all(word in flat for word in words), done.stderr


def csv(folder, drives, more=None) -> None:
    rng = np.random.default_rng(0)
    rows = [[*rng.choice([-1, 1], 6), d] for d in drives]
    head = [*(f"s{j}" for j in range(6)), "drive"]
    if more is not None:
        head, rows = [*head, "run"], [[*r, m] for r, m in zip(rows, more)]
    (folder / "a.csv").write_text("".join(",".join(map(str, r)) + "\n" for r in [head, *rows]))


def recorded(score: str = "", more: str = "") -> str:
    return RECORDED.format(kind="csv", file="a.csv", spins="s*", more=more, score=score)


# --- recordings


def test_one_drive(call, tmp_path):
    csv(tmp_path, "A" * 12)
    refused(call(recorded()), "E207", "a.csv", "all 12 trials are of drive 'A'")


@pytest.mark.parametrize("score", ["", 'score = "held-out"', "score = { folds = 2 }"])
def test_a_drive_of_one_trial(call, tmp_path, score):
    csv(tmp_path, "AAAAAAAAAB")
    refused(call(recorded(score)), "E305", "a.csv", "drive 'B' has 1 trial,")
    csv(tmp_path, "AAAAAAAABB")
    assert call(recorded(score)).exit_code == 0
    assert call(recorded(score), "run", "-q").exit_code == 0


def test_a_density_of_more_features_than_trials(call, tmp_path):
    csv(tmp_path, "AAAAAAAAABBBB")
    full = recorded().replace('kind = "logistic", C = 0.1', 'kind = "full-gaussian"')
    refused(call(full), "E305", "drive 'B' has 4 trials, 3 left to train on, 7 or more are needed")


def test_specimens_that_allow_no_split(call, tmp_path):
    csv(tmp_path, "AAAAABBBBB", "1122233333")
    refused(call(recorded(more=', group = "run"')), "E305", "all trials of drive 'B' are of the group '3'")


def test_drives_that_the_file_has_not(call, tmp_path):
    csv(tmp_path, "AAAAAABBBBBB")
    known = 'kind = "novelty"\nknown = ["A"]\nnovel = ["C"]\n'
    text = (
        recorded()
        .replace('kind = "classification"\n', known)
        .replace('kind = "logistic", C = 0.1', 'kind = "gaussian"')
    )
    refused(call(text), "E305", "no trial of drive 'C'")
    refused(call(recorded() + '[bottleneck.p]\nkind = "pca"\nlatent = 2\ndrives = ["Z"]\n'), "E305", "drive 'Z'")
    supervised = '[bottleneck.p]\nkind = "vib"\nlatent = 2\nhidden = [4]\nepochs = 1\nbatch = 8\nbeta = 0.1\n'
    csv(tmp_path, "A" * 12)
    text = recorded().split("[analysis.c]")[0] + supervised
    refused(call(text), "E207", "all trials are of one drive")


def test_values_that_are_no_spins_are_found_by_check(call, tmp_path):
    csv(tmp_path, "AAAAAABBBBBB")
    text = (tmp_path / "a.csv").read_text()
    (tmp_path / "a.csv").write_text(text.replace("-1", "0", 1))
    refused(call(recorded()), "E303", "no spin")


def test_large_recordings_are_not_read_by_check(call, tmp_path, monkeypatch):
    csv(tmp_path, "A" * 12)
    monkeypatch.setattr("spindsl.systems.recorded.LOOKED_AT", 100)
    done = call(recorded())
    assert done.exit_code == 0
    assert "W302" in done.stderr


@pytest.mark.parametrize(
    ("file", "code", "words"),
    [
        ("one-drive.csv", "E207", ["one-drive.csv", "'A'"]),
        ("trailing-delimiter.csv", "E305", ["trailing-delimiter.csv", "drive 'A' has 1 trial"]),
        ("latin1-labels.npz", "E304", ["latin1-labels.npz", "is not UTF-8", "latin-1"]),
    ],
)
def test_the_cases(call, file, code, words):
    if not (CASES / file).exists():
        pytest.skip("../shared/cases is absent: the inputs are not part of the project")
    kind, spins = (file[-3:], "s*" if file.endswith("csv") else "spins")
    text = RECORDED.format(kind=kind, file=CASES.resolve() / file, spins=spins, more="", score="")
    refused(call(text), code, *words)


# --- simulated matter


def driven(small: str, drives: str, phases: str = "", analysis: str = 'kind = "robustness"', order: str = "random"):
    head = small[: small.index("[bottleneck.vae]")]
    head = head.replace('drives = { kind = "subsets", size = 2 }', f'drives = {drives}\norder = "{order}"')
    by = 'by = { kind = "logistic", C = 0.1 }'
    return f'{head}\n{phases}\n[analysis.r]\nof = "spins"\n{by}\n{analysis}\n'


PAIRS = '{ kind = "subsets", size = 2 }'
ONE = '[[protocol.phases]]\nafter = 4\nfields = ["A"]'
HISTORY = 'kind = "field-history"\nlags = {lags}\nswitches = {at}'


@pytest.mark.parametrize(
    ("drives", "phases", "analysis", "order", "words"),
    [
        (PAIRS, ONE, 'kind = "robustness"', "random", "the field at switch 5 is 'A'"),
        (PAIRS, ONE, 'kind = "robustness"\nswitches = [2, 6]', "random", "the field at switch 6 is 'A'"),
        (PAIRS, ONE, HISTORY.format(lags=1, at=[5]), "random", "the field at switch 5 is 'A'"),
        (PAIRS, ONE + "\n[[protocol.phases]]\nafter = 5", HISTORY.format(lags=2, at=[6]), "random",
         "the field, 1 switch before switch 6, is 'A'"),
        ('{ kind = "list", sets = { x = ["A", "B"], y = ["A", "C"] } }', "", 'kind = "robustness"', "periodic",
         "the field at switch 1 is 'A'"),
        ('{ kind = "list", sets = { x = ["A", "B"] } }', "", 'kind = "robustness"', "random", "of drive 'x'"),
        ('{ kind = "list", sets = { x = ["A", "B"] } }', "", 'kind = "retention"\nsince = 3', "random", "drive 'x'"),
        ('{ kind = "list", sets = { x = ["A"] } }', "", HISTORY.format(lags=1, at=[3]), "random", "is 'A' in all"),
    ],
)  # fmt: skip
def test_a_label_of_one_class(call, small, drives, phases, analysis, order, words):
    refused(call(driven(small, drives, phases, analysis, order)), "E207", words)


@pytest.mark.parametrize(
    ("phases", "analysis", "order"),
    [
        (ONE, 'kind = "robustness"\nswitches = [1, 4]', "random"),
        (ONE, HISTORY.format(lags=2, at=[4]), "random"),
        ("[[protocol.phases]]\nafter = 4\nrest = true", 'kind = "robustness"', "random"),
        (ONE, 'kind = "retention"\nsince = 4', "random"),
        (ONE, 'kind = "classification"', "periodic"),
    ],
)
def test_what_can_be_told_apart_runs(call, small, phases, analysis, order):
    text = driven(small, PAIRS, phases, analysis, order)
    assert call(text).exit_code == 0
    assert call(text, "run", "-q").exit_code == 0


def test_full_densities_need_trials_of_simulated_drives_too(call, small):
    text = driven(small, PAIRS).replace('kind = "robustness"', 'kind = "classification"')
    text = text.replace('kind = "logistic", C = 0.1', 'kind = "full-gaussian"')
    refused(call(text), "E203", "18 left to train on, 25 or more are needed")
