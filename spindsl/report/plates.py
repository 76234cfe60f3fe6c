"""Which figures a result has to show, and their captions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from . import scores as drawing
from .canvas import Plate
from .markup import joined, tag
from .meanings import meanings, means
from .nulls import nulls
from .questions import asked
from .reading import Curve, groups, known, resolved
from .repeated import first, noted, quenched, several, shading, thin
from .traces import latents, observables, training
from .verdict import percent

if TYPE_CHECKING:
    import xarray as xr

GREY = {
    "Bayes ceiling": "Dashed grey: the Bayes ceiling, the best that the fields so far allow; "
    "a score may pass it by chance, its band may not. ",
    "present field alone": "Dotted grey: what the present field alone would give, without memory. ",
    "chance": "Solid grey: chance. ",
}


def scores(tree: xr.DataTree, curves: Sequence[Curve]) -> Iterator[Plate]:
    """All scores together, then each with its band and control."""
    if not curves:
        return
    levels, trials = nulls(tree, curves), sorted({c.trials for c in curves if c.trials})
    count = f" ({' to '.join(map(str, dict.fromkeys((trials[0], trials[-1]))))})" if trials else ""
    many = ", ".join(c.name for c in curves if c.networks > 1)
    fits = f"; of {many} {several(curves)}" if many else ""
    apart = "; right, the last switches on a linear axis" if len(drawing.ending(curves)) else ""
    caption = joined([
        tag("b", "Score against switch. "),
        f"The fraction of the scored trials{count} whose drive is guessed right, after each switch{apart}. ",
        f"{shading(curves)}{fits}. ",
        *(GREY[level.name] for level in levels),
    ])  # fmt: skip
    yield Plate("scores", caption, partial(drawing.scores, curves, levels))
    text = f"Shading as above; thin lines: {thin(curves)}; colourless: the same "
    text += "analysis with the names of the drives shuffled, with its interval. Grey as above."
    caption = joined([tag("b", "Each score with its band and its control. "), text])
    yield Plate("controls", caption, partial(drawing.closely, curves, levels))


def confusions(tree: xr.DataTree, curves: Sequence[Curve]) -> Iterator[Plate]:
    """Which drives are taken for which, at the last time."""
    found = groups(tree, "analysis")
    shown, at = [], set()
    for curve in curves:
        if "confusion" not in found[curve.name]:
            continue
        share = found[curve.name]["confusion"]
        share = share.mean([d for d in ("network", "realization") if d in share.dims])
        last = int(np.flatnonzero(np.isfinite(curve["score"]))[-1]) if len(known(curve)) else -1
        at.add(curve.switch[last])
        shown.append((curve.name, curve.reads, share.isel(time=last)))
    if shown:
        blind = f" A blind guess gives {percent(1 / shown[0][2].sizes['guessed'])} everywhere."
        caption = joined([
            tag("b", "What is taken for what. "),
            "Per cent of the scored trials of a drive (row) guessed to be each drive (column), ",
            f"after switch {' or '.join(f'{k:g}' for k in sorted(at))}.", blind,
            " No intervals: each row holds but its share of the trials.",
        ])  # fmt: skip
        yield Plate("confusion", caption, partial(drawing.confusion, shown))


def plates(tree: xr.DataTree, curves: Sequence[Curve]) -> dict[str, list[Plate]]:
    """All the figures, by the section of the page that they belong to."""
    one = first(tree)
    return {
        "scores": list(scores(tree, curves)),
        "latent": noted(tree, latents(one)),
        "meaning": noted(tree, meanings(one)),
        "confusion": list(confusions(tree, curves)),
        "observables": list(observables(tree) if one is tree else quenched(tree)),
        "training": noted(tree, training(one)),
    }


def others(tree: xr.DataTree, curves: Sequence[Curve]) -> dict[str, xr.Dataset]:
    """Analyses of no kind that is shown elsewhere."""
    shown = {c.name for c in curves} | {name for one in asked(tree) if one.noun == "analysis" for name in one.found}
    said = resolved(tree).get("analysis", {})

    def beside(name: str) -> bool:
        """Whether it is a further group of an analysis that is shown: NAME-field, of which the file has no table."""
        return name not in said and any(name.startswith(f"{one}-") for one in shown)

    found = {n: d for n, d in groups(tree, "analysis").items() if n not in shown and not beside(n)}
    return {name: data for name, data in found.items() if not means(data)}
