"""Which figures a sweep has to show, and their captions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from . import maps as drawing
from .canvas import SERIES, Plate
from .landscape import FIELD, Landscape, Quantity, differences
from .maps import Map
from .markup import Html, joined, tag
from .observed import averaged, surfaces, window
from .reading import span
from .slices import Parameter, Place, places
from .told import amount

MOST = 9  # panels of small multiples
WIDEST = "Across and up the two parameters along which any of the numbers changes most, of its largest."
DASHES = {"chance": (1.0, 0.0), FIELD: (1.5, 1.5), "Bayes ceiling": (5.0, 2.0)}
GREY = {"chance": "solid: chance", FIELD: "dotted: present field alone", "Bayes ceiling": "dashed: Bayes ceiling"}


@dataclass(frozen=True)
class Look:
    """The colours of maps: from which number to which (else each panel its own), their bar, and what is below."""

    limits: tuple[float, float] | None = None
    bar: str = ""
    against: str = ""


def plates(found: Landscape) -> dict[str, list[Plate]]:
    """All the figures of a sweep, by the section that they belong to."""
    return {"scores": [*scores(found), *contests(found)], "observables": list(observables(found))}


def when(found: Landscape) -> str:
    """The last switches in words."""
    every = [c.switch[c.late] for some in found.curves.values() for c in some]
    kept = np.unique(np.concatenate(every)) if every else np.array([])
    return (f"over switches {span(kept)}" if len(kept) > 1 else f"at switch {span(kept)}") if len(kept) else ""


def errors(found: Landscape, what: str) -> str:
    """What the intervals are."""
    count, flat = amount(found), len(found.parameters) == 1
    if count > 1:
        shown = "bars: Student's 95 % interval" if flat else "± one standard error"
        return f"Mean over {count} realizations; {shown} over realizations. "
    kind = "Wilson's 95 % interval" if what == "score" else "95 % interval"
    shown = (
        f"bars: {kind}"
        if flat
        else f"± one standard error{', a quarter of Wilson’s 95 % interval,' * (what == 'score')}"
    )
    return f"One realization; {shown} over its trials. "


def scores(found: Landscape) -> Iterator[Plate]:
    """Every score against the parameters."""
    quantities = [found.score(name) for name in found.names]
    if not quantities:
        return
    head = tag("b", f"Score against {axes(found.parameters)}. ")
    text = f"{'Median' if 'over' in when(found) else 'Score'} {when(found)} of each point. {errors(found, 'score')}"
    many = ", ".join(n for n in found.names if found.one(n).networks > 1)
    if many:
        fits = "the median of independent fits, and for bars their range"
        fits = fits if found.count == 1 else "the median of independent fits in each realization"
        text += f"Of {many} {fits}. "
    if len(found.parameters) == 1:
        nulls = {n: (found.nulls[n], DASHES[n]) for n in DASHES if n in found.nulls}
        grey = f"Grey, {', '.join(GREY[n] for n in nulls)}." if nulls else ""
        caption = joined([head, text, grey])
        yield Plate("sweep-scores", caption, partial(drawing.scores, found.parameters[0], quantities, nulls))
        return
    blind = [c.chance for some in found.curves.values() for c in some if np.isfinite(c.chance)]
    low = min(blind, default=0.0)
    most = max((v.mean for q in quantities for v in q.values.values() if np.isfinite(v.mean)), default=1.0)
    high = 1.0 if most > 0.9 else np.ceil(10 * max(most, low + 0.1)) / 10
    colours = f"Colour: from chance ({low:.3g}) or less, without colour, to {high:g}. Framed: the highest of a panel. "
    look = Look((low, float(high)), "score")
    yield from spread(found, quantities, "sweep-scores", head, text + colours, look, plane(found, quantities))


def contests(found: Landscape) -> Iterator[Plate]:
    """The network against the best plain statistic, and both against the score without memory."""
    each = found.contests()
    quantities = [differences(each)] if each else []
    level = FIELD if FIELD in found.nulls else "chance"
    for trained in (True, False):
        one = found.above(trained)
        quantities += [Quantity(f"{one.name} − {level}", "", one.values)] if one.values else []
    if not quantities:
        return
    by = "realizations" if amount(found) > 1 else "trials"
    head = tag("b", "What is ahead of what. " if each else f"How far above {level}. ")
    text = "At each point the best trained network, the best plain statistic (which profits from being the best of "
    text += f"several) and {level}: differences of scores {when(found)}, paired over {by}, "
    if len(found.parameters) == 1:
        text += "with their 95 % interval. Grey: no difference."
        yield Plate("sweep-lead", joined([head, text]), partial(drawing.panels, found.parameters[0], quantities, True))
        return
    most = max(abs(v.mean) for q in quantities for v in q.values.values())
    text += "± one standard error. Blue: the first is ahead; orange: the second. "
    look, across = Look((0.0, float(most) or 1.0), "difference", SERIES[1]), [found.score(n) for n in found.names]
    yield from spread(found, quantities, "sweep-lead", head, text, look, plane(found, across))


def observables(found: Landscape) -> Iterator[Plate]:
    """What was recorded, over the last switches, against the parameters that it depends on."""
    if "/trajectory" not in next(iter(found.trees.values())).groups:
        return
    depends = found.varied
    if not depends:
        return
    there = {
        p: t for p, t in found.trees.items() if all(k == 0 for k, q in zip(p, found.parameters) if q not in depends)
    }
    few = {tuple(k for k, q in zip(p, found.parameters) if q in depends): t for p, t in there.items()}
    some = list(surfaces(few))
    if not some:
        return
    reduced = Landscape(depends, dict.fromkeys(few, ()), few, {}, count=found.count)
    quantities = [q for q, _ in some]
    head = tag("b", f"Observables against {axes(depends)}. ")
    said = "; ".join(f"{q.name}: {says}" for q, says in some if says)
    text = f"Mean over drives and trials at switch {window(list(few.values()))}. {errors(reduced, 'observable')}"
    text += f"{said[:1].upper()}{said[1:]}. "
    if len(depends) == 1:
        yield Plate("sweep-observables", joined([head, text]), partial(drawing.panels, depends[0], quantities, False))
        return
    text += "Colour: each panel from its lowest to its highest number. "
    yield from spread(reduced, quantities, "sweep-observables", head, text, Look(), plane(reduced, quantities))


def axes(parameters: Sequence[Parameter]) -> str:
    """The parameters in words."""
    return " and ".join((", ".join(p.title for p in parameters[:-1]), parameters[-1].title)).removeprefix(" and ")


def spread(
    found: Landscape,
    quantities: Sequence[Quantity],
    name: str,
    head: Html,
    text: str,
    look: Look,
    across: tuple[int, int],
) -> Iterator[Plate]:
    """Maps over two parameters: a panel a quantity, or of more parameters a figure a quantity."""
    if len(found.shape) == 2:
        shown = [panel(q, found, across, {}, look) for q in quantities]
        yield Plate(name, joined([head, text]), partial(drawing.maps, shown, look.bar))
        return
    rest = [k for k in range(len(found.shape)) if k not in across]
    slices = places([found.parameters[r] for r in rest])
    others = " and ".join(found.parameters[r].title for r in rest)
    for k, quantity in enumerate(quantities):
        kept = best(quantity, rest, slices)
        shown = [panel(quantity, found, across, dict(zip(rest, s, strict=True)), look) for s in kept]
        same = all(np.array_equal(shown[0].mean, m.mean, equal_nan=True) for m in shown)
        if same:
            shown, says = [replace(shown[0], title=quantity.name)], f"It does not depend on {others}. "
        elif len(kept) == len(slices):
            says = f"A panel for each {others}. "
        else:
            says = f"A panel for each of the {len(kept)} combinations of {others}, of {len(slices)}, that hold the "
            says += "highest numbers. "
        title = joined([head, tag("b", f"{quantity.name}: "), text, says, WIDEST])
        yield Plate(f"{name}-{k + 1}" if k else name, title, partial(drawing.maps, shown, look.bar))


def panel(quantity: Quantity, found: Landscape, xy: tuple[int, int], at: Mapping[int, int], look: Look) -> Map:
    """One map: the plane of two parameters at places of the others."""
    shape = found.shape
    where = tuple(at.get(k, slice(None)) for k in range(len(shape)))
    every, (mean, se) = quantity.array("mean", shape), (quantity.array(line, shape)[where] for line in ("mean", "se"))
    low, high = look.limits or (float(np.nanmin(every)), float(np.nanmax(every)))
    title = ", ".join(found.parameters[r].told(k) for r, k in at.items()) or quantity.name
    x, y = (found.parameters[k] for k in xy)
    says = "" if at else quantity.says
    return Map(title, says, mean, se, x, y, low, high, against=look.against, marked=not look.against)


def plane(found: Landscape, quantities: Sequence[Quantity]) -> tuple[int, int]:
    """The two parameters along which a mean over all others has the widest range, in the order of the result."""
    wide = np.zeros(len(found.shape))
    for quantity in quantities:
        every = quantity.array("mean", found.shape)
        for k in range(every.ndim):
            along = averaged(np.moveaxis(every, k, 0).reshape(every.shape[k], -1))
            along = along[np.isfinite(along)] / (np.nanmax(np.abs(every)) or 1.0)
            wide[k] = max(wide[k], np.ptp(along) if len(along) else 0.0)
    first, second = sorted(np.argsort(-wide, kind="stable")[:2].tolist())
    return first, second


def best(quantity: Quantity, rest: Sequence[int], slices: Sequence[Place]) -> list[Place]:
    """All combinations of the other parameters, of many those with the highest number, in order."""
    if len(slices) <= MOST:
        return list(slices)
    top = dict.fromkeys(slices, -np.inf)
    for place, value in quantity.values.items():
        at = tuple(place[r] for r in rest)
        top[at] = np.fmax(top[at], value.mean)
    chosen = sorted(slices, key=lambda s: -top[s])[:MOST]
    return [s for s in slices if s in chosen]
