"""The order of things on the page."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..cite import cited
from .canvas import NARROW, WIDE, Plate, inline, svg
from .estimates import median
from .jumps import jumped, jumps
from .jumps import told as noticed
from .kinds import traits
from .landscape import Landscape
from .markup import Html, joined, section, tag
from .meanings import meant
from .nulls import nulls
from .overall import extent, overview, sweep, swept_sections
from .plates import others, plates
from .questions.asked import Asked, asked, told
from .reading import Curve, curves, group, late, resolved, window
from .repeated import first
from .slices import at
from .style import CSS
from .sweeps import plates as swept
from .tables import expected, other, recorded, scored
from .verdict import findings, uncertain, verdict

if TYPE_CHECKING:
    import xarray as xr

    from ..result import Verdict


def write(tree: xr.DataTree, folder: Path) -> Path:
    """Write report.html, one file that needs no other, and figures/*.svg beside it; give the page's path."""
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    said, whole = resolved(tree), sweep(tree)
    here = at(tree, whole.here) if whole else tree
    found = curves(here)
    shown = {place: drawn(some, folder) for place, some in plates(here, found).items()}
    over = {place: drawn(some, folder) for place, some in swept(whole).items()} if whole else {}
    more = [questioned(one, folder) for one in asked(tree)]
    placed(folder / "report.html", page(tree, here, said, found, shown, whole, over, more))
    return folder / "report.html"


def questioned(one: Asked, folder: Path) -> Html:
    """What the analyses of a kind found: sentences, figures, a table."""
    return section(one.title, told(one), *drawn(one.part.figures(one), folder), one.part.table(one))


def drawn(some: Iterable[Plate], folder: Path) -> list[Html]:
    """Figures beside the page, and as they stand in it."""
    shown = []
    for plate in some:
        wide, narrow = svg(plate, WIDE), svg(plate, NARROW)
        placed(folder / "figures" / f"{plate.name}.svg", wide)
        shown.append(figure(plate, wide, narrow))
    return shown


def placed(path: Path, content: str) -> None:
    """Text to a file, whole or not at all."""
    beside = path.with_name(path.name + ".part")
    beside.write_text(content, encoding="utf-8")
    os.replace(beside, path)


def page(
    tree: xr.DataTree, here: xr.DataTree, said: Mapping[str, object], found: list[Curve],
    shown: Mapping[str, list[Html]], whole: Landscape | None, over: Mapping[str, list[Html]],
    more: Iterable[Html],
) -> str:  # fmt: skip
    """The whole page."""
    title = tree.attrs.get("title", "spindsl")
    provenance = json.loads(tree.attrs.get("provenance", "{}"))
    scores, changed = [*shown["scores"], scored(found) if found else ""], jumps(here)
    body = joined([
        tag("h1", title), facts(tree, said),
        overview(whole, expectations(tree)) if whole else summary(tree, found),
        tag("ul", *(tag("li", t) for t in noticed(changed))) if changed and not found else "",
        section("Expected and measured", expected(expectations(tree))),
        *more,
        swept_sections(whole, over) if whole else "",
        section("Scores", *scores),
        section("Other analyses", *(other(n, d) for n, d in others(tree, found).items())),
        section("Latent space", *shown["latent"], *shown["meaning"], *meant(first(here))),
        section("Confusion of drives", *shown["confusion"]),
        section("Observables", *shown["observables"], jumped(here, changed)),
        section("Training", *shown["training"]),
        section("Experiment", specification(tree, said)),
        section("Provenance", recorded(provenance, tree.attrs.get("history", ""))),
        section("Please cite", bibliography(said)),
    ])  # fmt: skip
    meta = tag("meta", charset="utf-8")
    meta += tag("meta", name="viewport", content="width=device-width, initial-scale=1")
    head = tag("head", Html(meta), tag("title", title), Html(f"<style>{CSS}</style>"))
    return "<!DOCTYPE html>\n" + tag("html", head, "\n", tag("body", body), lang="en") + "\n"


def figure(plate: Plate, wide: str, narrow: str) -> Html:
    """A figure at both widths, of which the page shows one, with its caption."""
    label = escape(re.sub(r"<[^>]*>", "", plate.caption.partition("</b>")[0]).strip(" ."))
    both = {"wide": wide, "narrow": narrow}
    drawn = [tag("div", inline(text, f"{plate.name}-{c}", label), class_=c) for c, text in both.items()]
    return tag("figure", *drawn, tag("figcaption", plate.caption), id=plate.name)


def facts(tree: xr.DataTree, said: Mapping[str, object]) -> Html:
    """What was looked at, in one line."""
    told = [title for noun in ("system", "dynamics", "protocol") if (title := traits(tree, noun).title)]
    trajectory = group(tree, "/trajectory")
    if trajectory is not None:
        counts = {"spin": "spins", "feature": "features", "trial": "trials", "time": "times recorded"}
        each = " a drive" if "drive" in trajectory.sizes else ""
        told += [f"{trajectory.sizes[d]} {name}" for d, name in counts.items() if d in trajectory.sizes]
        told = [f"{t}{each}" if t.endswith("trials") else t for t in told]
        told += [f"{len(np.unique(trajectory[c].values))} drives" for c in trajectory.coords if c == "drive"]
    told += extent(tree)
    told += [f"seed {said['seed']}"] if "seed" in said else []
    told += [f"spindsl {tree.attrs[a]}" for a in tree.attrs if a == "spindsl_version"]
    told = [t.replace(" ", "\N{NO-BREAK SPACE}") for t in told]
    return tag("p", " · ".join(told), class_="facts") if told else Html("")


def expectations(tree: xr.DataTree) -> list[Verdict]:
    """What the source reports and what was measured."""
    return json.loads(tree.attrs.get("expectations", "[]"))


def summary(tree: xr.DataTree, found: list[Curve]) -> Html:
    """The verdict and what follows from the numbers."""
    known = [n for n in nulls(tree, found) if n.name == "present field alone"]
    memoryless = median(known[0].score[late(known[0].switch, found[0].final)]) if known and found else np.nan
    told = [tag("li", t) for t in findings(found, memoryless, expectations(tree))]
    first = verdict(found)
    last = window(found) if found else ""
    each = (
        f"medians over switches {last}, differences are means over them" if "–" in last else f"those at switch {last}"
    )
    note = f"Shares are {each}. "
    note += uncertain(found)
    listed = tag("ul", *told) if told else ""
    return (
        joined([tag("p", first, class_="verdict"), listed, tag("p", note, class_="caption")])
        if first
        else joined([listed])
    )


def specification(tree: xr.DataTree, said: Mapping[str, object]) -> Html:
    """The experiment as it was written, and as it was understood."""
    written = tree.attrs.get("experiment", "")
    shown = tag("pre", coloured(written)) if written else ""
    full = tag("pre", json.dumps(said, indent=2, ensure_ascii=False)) if said else ""
    folded = tag("details", tag("summary", "With its defaults written out"), full) if full else ""
    return joined([shown, folded])


def coloured(toml: str) -> Html:
    """Comments in grey, tables in bold."""
    out = []
    for row in toml.splitlines():
        before = re.match(r"""(?:"[^"]*"|'[^']*'|[^#"'])*""", row)
        code = before[0] if before else ""
        rest = row[len(code) :]
        bold = tag("b", code) if code.startswith("[") else code
        out.append(joined([bold, tag("i", rest) if rest.startswith("#") else rest]))
    return joined(out, "\n")


def bibliography(said: Mapping[str, object]) -> Html:
    """BibTeX of the methods used."""
    entries = cited(said) if said else []
    return joined([tag("pre", "\n\n".join(entries))]) if entries else Html("")
