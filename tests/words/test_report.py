"""The report of any result is one page that needs nothing else, and says what the numbers say."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import xarray as xr

from spindsl.cite import BIBLIOGRAPHY, ITSELF, bibliography, cited, reference
from spindsl.experiment import loads
from spindsl.report import write
from spindsl.report.canvas import SOFT, named, spread
from spindsl.report.page import summary
from spindsl.report.reading import Curve, curves, lead
from spindsl.report.verdict import findings
from spindsl.spec import NOUNS, PARTS, words

SWITCH = np.array([1, 2, 3, 5, 10, 20, 30, 40])
DRIVES = ["AB", "AC", "BC"]
TRIALS, HELD = 40, 12
EMPTY = {"meta", "br", "hr", "link", "img", "input", "base"}


def scored(share, rng, form, networks=0):
    """A classification that guesses right with the probability `share`(time), in the shape of `form`."""
    dims = ("network", *form.dims, "time") if networks else (*form.dims, "time")
    shape = (*([networks] if networks else []), *form.shape, len(SWITCH))
    label = form.values[..., None]
    held = (np.arange(form.size) % TRIALS < HELD).reshape(*form.shape, 1)
    guess = np.where(rng.random(shape) < share, label, (label + 1) % len(DRIVES))
    guess = np.where(held, guess, -1)
    right = np.where(guess >= 0, guess == label, np.nan)
    score = np.nanmean(right, axis=tuple(dims.index(d) for d in form.dims))
    at = ("network", "time") if networks else ("time",)
    data = {"guess": (dims, guess.astype(np.int16)), "score": (at, score), "chance": 1 / 3}
    for name, wide in {"score_low": -0.1, "score_high": 0.1, "band_low": -0.2, "band_high": 0.2}.items():
        data[name] = (at, np.clip(score + wide, 0, 1))
    for name, blind in {"score_control": 0.33, "control_low": 0.2, "control_high": 0.5}.items():
        data[name] = (at, np.full_like(score, blind))
    data["trials_scored"] = (at, np.full(score.shape, HELD * 3, np.int32))
    data["confusion"] = ((*at, "drive", "guessed"), np.full((*score.shape, 3, 3), 1 / 3))
    return data


def simulated() -> xr.DataTree:
    """A tree with all that a simulation of three drives leaves behind."""
    rng = np.random.default_rng(1)
    label = xr.DataArray(np.repeat(np.arange(3)[:, None], TRIALS, 1), dims=("drive", "trial"))
    time = {"time": SWITCH * 100.0, "switch": ("time", SWITCH)}
    along = time | {"drive": DRIVES, "trial": np.arange(TRIALS)}
    shape = (3, TRIALS, len(SWITCH))
    power = (
        ("drive", "trial", "time"),
        rng.normal(size=shape).astype("f4"),
        {"units": "K s-1", "long_name": "work done"},
    )
    rise = 1 - 0.6 * np.exp(-SWITCH / 5)
    latent = (label.values[..., None, None] + rng.normal(size=(*shape, 2))).astype("f4")
    analysis = along | {"guessed": DRIVES}
    groups = {
        "/protocol": xr.Dataset(
            {
                "ceiling": ("time", np.minimum(1, rise + 0.1)),
                "memoryless": ("time", np.full(len(SWITCH), 0.5)),
            },
            time | {"field": ["A", "B", "C"]},
        ),
        "/trajectory": xr.Dataset(
            {"power": power, "field": (("drive", "trial", "time"), np.zeros(shape, "i2"))}, along
        ),
        "/bottleneck/squeeze": xr.Dataset(
            {
                "latent_mean": (("drive", "trial", "time", "latent"), latent),
                "loss": (("time", "epoch"), rng.random((len(SWITCH), 4))),
                "loss_test": ("time", rng.random(len(SWITCH))),
            },
            along,
        ),
        "/bottleneck/many": xr.Dataset(
            {
                "latent_mean": (
                    ("network", "drive", "trial", "time", "latent"),
                    latent[None, ..., :1].repeat(2, 0),
                )
            },
            along,
        ),
        "/analysis/winner": xr.Dataset(scored(rise, rng, label), analysis),
        "/analysis/weak-one": xr.Dataset(scored(0.3, rng, label), analysis),
        "/analysis/several": xr.Dataset(scored(0.8, rng, label, networks=3), analysis),
        "/analysis/novelty": xr.Dataset({"auc": ((), 0.875, {"long_name": "area under the curve"})}),
    }
    met = {
        "where": {"switch": {"last": 5}},
        "min": 0.9,
        "source": "Somebody 1999",
        "measured": 0.97,
        "ok": True,
    }
    missed = {
        "where": {},
        "value": 0.25,
        "tolerance": 0.01,
        "source": "A & <B>",
        "measured": None,
        "ok": False,
    }
    expectations = [met | {"of": "analysis.winner.score"}, missed | {"of": "analysis.weak-one.score"}]
    reads = {
        "winner": {"of": "squeeze", "by": {"kind": "kde"}},
        "weak-one": {"of": "power", "by": {"kind": "bins"}},
    }
    resolved = {"bottleneck": {"squeeze": {"kind": "net"}}, "analysis": reads}
    attrs = {
        "title": "Three <drives> & no more", "experiment": "seed = 1  # a <comment>\n",
        "resolved": json.dumps(resolved),
        "provenance": json.dumps({"python": "3.11", "libraries": {"numpy": "2"}}), "history": "made by hand",
        "expectations": json.dumps(expectations), "spindsl_version": "0.0.0",
    }  # fmt: skip
    return xr.DataTree.from_dict({"/": xr.Dataset(attrs=attrs), **groups})


def recorded() -> xr.DataTree:
    """A tree of recorded matter with unequal classes: no system, no nulls, an observable that ends early."""
    rng = np.random.default_rng(2)
    label = xr.DataArray(np.sort(np.arange(100) % 3), dims="trial")
    time = {"time": SWITCH * 1.0, "switch": ("time", SWITCH)}
    work = rng.normal(size=(100, len(SWITCH))).astype("f4")
    work[:, 4:] = np.nan
    early = scored(0.5, rng, label)
    for name in ("score", "score_low", "score_high"):
        early[name][1][4:] = np.nan
    groups = {
        "/trajectory": xr.Dataset(
            {"work": (("trial", "time"), work)}, time | {"drive": ("trial", np.array(DRIVES)[label.values])}
        ),
        "/bottleneck/flat": xr.Dataset(
            {
                "latent_mean": (
                    ("trial", "time", "latent"),
                    rng.normal(size=(100, len(SWITCH), 3)).astype("f4"),
                ),
                "explained": (("time", "latent"), rng.random((len(SWITCH), 3))),
            },
            time,
        ),
        "/analysis/shape": xr.Dataset(scored(0.9, rng, label), time | {"guessed": DRIVES}),
        "/analysis/early": xr.Dataset(early, time | {"guessed": DRIVES}),
    }
    return xr.DataTree.from_dict({"/": xr.Dataset(attrs={"title": "Found in the field"}), **groups})


def bare() -> xr.DataTree:
    return xr.DataTree.from_dict({"/": xr.Dataset(attrs={"title": "Nothing yet"})})


TREES = {"simulated": simulated, "recorded": recorded, "bare": bare}


class Page(HTMLParser):
    """Checks that tags are balanced and ids unique; collects text and attributes."""

    def __init__(self, text: str):
        super().__init__()
        self.open, self.said, self.given, self.ids = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open, f"left open: {self.open}"
        assert len(self.ids) == len(set(self.ids)), "an id appears twice"

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag not in ("script", "link", "iframe", "object", "base"), f"<{tag}> in the page"
        self.given += [(tag, *a) for a in attrs]
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.said.append(data)


@pytest.fixture(scope="module", params=TREES)
def written(request, tmp_path_factory):
    tree, folder = TREES[request.param](), tmp_path_factory.mktemp(request.param)
    path = write(tree, folder)
    return tree, folder, path, path.read_text(encoding="utf-8")


def test_one_file_needs_no_other(written):
    _, folder, path, text = written
    assert path == folder / "report.html"
    page = Page(text)
    for tag, name, value in page.given:
        if name in ("src", "href", "xlink:href", "data", "poster", "srcset"):
            assert value.startswith(("#", "data:")), f"<{tag} {name}={value[:60]}>"
        assert "//" not in (value or "") or (value or "").startswith("data:"), f"<{tag} {name}={value[:60]}>"
    assert "@import" not in text
    assert not re.search(r"url\(\s*['\"]?(?!#)", text)
    assert text.startswith("<!DOCTYPE html>")
    assert "prefers-color-scheme: dark" in text


def test_references_inside_the_page_lead_somewhere(written):
    text = written[3]
    page = Page(text)
    wanted = set(re.findall(r'(?:xlink:href="|url\()#([^")]+)', text))
    assert wanted <= set(page.ids)


def test_names_every_analysis_and_bottleneck(written):
    tree, _, _, text = written
    said = "".join(Page(text).said)
    for noun in ("analysis", "bottleneck"):
        for name in tree[noun].children if noun in tree.children else ():
            assert name in said
    assert tree.attrs["title"] in said


def test_shows_every_expectation(written):
    tree, _, _, text = written
    said = " ".join(Page(text).said)
    rows = json.loads(tree.attrs.get("expectations", "[]"))
    for row in rows:
        assert row["of"] in said
        assert row["source"] in said
    assert said.count("✓ met") == sum(r["ok"] for r in rows)
    assert said.count("✗ missed") == sum(not r["ok"] for r in rows)


def test_figures_lie_beside_and_inside(written):
    tree, folder, _, text = written
    names = {p.stem for p in (folder / "figures").iterdir()}
    expected = {f"latent-{name}" for name in tree["bottleneck"].children} if "bottleneck" in tree.children else set()
    if "analysis" in tree.children:
        expected |= {"scores", "controls", "confusion", "observables", "training"}
    assert names == expected
    for name in names:
        figure = (folder / "figures" / f"{name}.svg").read_text(encoding="utf-8")
        assert "<svg" in figure and "<text" in figure
        assert f'id="{name}"' in text
    assert text.count("<svg") == 2 * len(names)
    assert not list(folder.rglob("*.part"))


def test_the_same_tree_gives_the_same_page(written, tmp_path):
    tree, _, _, text = written
    assert write(tree, tmp_path).read_text(encoding="utf-8") == text


def test_verdict_follows_the_numbers():
    found = curves(simulated())
    assert [c.name for c in found] == ["winner", "several", "weak-one"]
    ahead = lead(found[0], found[2], last=True)
    guess = {n: simulated()[f"/analysis/{n}/guess"].values[:, :HELD] for n in ("winner", "weak-one")}
    right = {n: g == np.arange(3)[:, None, None] for n, g in guess.items()}
    share = {n: r[..., SWITCH > 30].mean(axis=-1).ravel() for n, r in right.items()}
    each = share["winner"] - share["weak-one"]
    assert ahead.mean == pytest.approx(each.mean())
    assert ahead.se == pytest.approx(each.std(ddof=1) / np.sqrt(3 * HELD))


def told(tree) -> str:
    """The sentences above the tables."""
    return re.sub(r"\s+", " ", " ".join(Page(summary(tree, curves(tree))).said)).replace(" ,", ",")


def test_says_who_wins_and_by_how_much():
    said = told(simulated())
    assert "winner (kde of squeeze) tells the drives apart best: right in 100 % of cases at switch 40" in said
    assert "a blind guess is right in 33.3 %" in said
    assert re.search(r"several, against the best trained network, winner : it falls short of it at the end \(by", said)
    assert "At the end weak-one is not seen to tell more than the present field alone would (50 %)" in said
    assert "1 of 2 expectations missed" in said


def made(name, right, trained):
    """A classification of trials that are right or wrong at the last switch."""
    score = np.array([0.4, right.mean()])
    both = np.stack([np.zeros(len(right)), right], axis=1)
    return Curve(
        name, "", False, trained, not trained, np.array([1, 50]), {"score": score}, 0.2, len(right), 1, both, 50.0
    )


@pytest.mark.parametrize(
    ("plain", "verb"),
    [
        (90, "beats it at the end"),
        (60, "cannot be told from it at the end"),
        (10, "falls short of it at the end"),
    ],
)
def test_plain_statistics_are_held_against_networks(plain, verb):
    right = np.arange(100) * 7919 % 100
    both = [made("network", right < 60, True), made("plain", np.arange(100) < plain, False)]
    said = " ".join(findings(sorted(both, key=lambda c: -c.end), np.nan, []))
    assert verb in said


def test_an_impossible_score_is_said():
    tree = simulated()
    above = np.full(len(SWITCH), -0.5)
    whole = tree["/analysis/winner"].to_dataset()
    tree["/analysis/winner"] = xr.DataTree(whole.assign(above_ceiling=("time", above)))
    assert "Nothing exceeds the Bayes ceiling" in told(tree)
    above[2] = 0.05
    tree["/analysis/winner"] = xr.DataTree(whole.assign(above_ceiling=("time", above)))
    assert "winner (by 0.050 at switch 3): no unseen trial can be told so well" in told(tree)


def test_scores_of_training_trials_do_not_compete():
    tree = simulated()
    resolved = json.loads(tree.attrs["resolved"])
    resolved["analysis"]["winner"]["score"] = "all"
    tree.attrs["resolved"] = json.dumps(resolved)
    assert "several tells the drives apart best" in told(tree)
    assert "winner, 100 % at the end, is scored on the very trials fitted to" in told(tree)


def test_what_ends_early_is_said():
    assert "No score so late: early (" in told(recorded())


def test_scores_are_compared_at_the_same_switches():
    tree = simulated()
    early = tree["/analysis/winner"].to_dataset().isel(time=slice(0, 4))
    tree["/analysis/winner"] = xr.DataTree(early)
    assert "several tells the drives apart best" in told(tree)
    assert "No score so late: winner (" in told(tree)


def test_labels_keep_their_distance_and_order():
    placed = spread(np.array([1.0, 1.0, 0.5, 0.99]), 0.1, 0.0, 1.02)
    assert np.diff(np.sort(placed)).min() > 0.099
    assert np.argsort(placed, kind="stable").tolist() == [2, 3, 0, 1]
    assert placed[2] == 0.5


def test_a_line_that_ends_without_a_value_says_so():
    """NaN at the end of a line is drawn by name: it is bad, never absent."""
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    named(axes, [("first", 0.5, SOFT), ("second", float("nan"), SOFT)], 0.1)
    figure.canvas.draw()
    assert [text.get_text() for text in axes.texts] == ["first", "second: no value"]


def test_every_method_can_be_cited():
    keys = {key for noun in (*NOUNS, *PARTS) for word in words(noun).values() for key in word.cites}
    known = {p.stem: p.read_text() for p in BIBLIOGRAPHY.glob("*.bib")}
    assert keys <= set(known)
    for key, entry in known.items():
        assert re.match(rf"@\w+\{{{key},\n", entry)
        assert entry.count("{") == entry.count("}")


def test_cites_what_is_used_and_nothing_else(small):
    experiment = loads(small)
    text = bibliography(experiment)
    used = re.findall(r"@\w+\{(\w+),", text)
    assert used[0] == ITSELF
    assert set(used[1:]) == {key for word in experiment.words().values() for key in word.cited()}
    assert "\n\n".join(cited(experiment.said())) + "\n" == text


def test_words_unknown_here_leave_only_spindsl():
    assert cited({"system": {"kind": "from-elsewhere"}}) == [reference(ITSELF)]
