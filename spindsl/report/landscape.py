"""Numbers over the points of a sweep: scores, nulls, what one score is ahead of another, observables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .estimates import Lead, median, times
from .nulls import nulls
from .reading import Curve, curves, excess, group, groups, late, lead
from .slices import Parameter, Place, points, realizations, told

if TYPE_CHECKING:
    import xarray as xr

NORMAL = 1.96  # standard errors in half a 95 % interval
FIELD = "present field alone"  # the memoryless null


@dataclass(frozen=True)
class Value:
    """A number with what it may be wrong by; NaN where that is not known."""

    mean: float = np.nan
    se: float = np.nan
    low: float = np.nan
    high: float = np.nan


@dataclass(frozen=True)
class Quantity:
    """One number against the parameters, by place."""

    name: str
    says: str
    values: Mapping[Place, Value]

    def array(self, line: str, shape: Sequence[int]) -> np.ndarray:
        """One of mean, se, low, high as an array over the parameters."""
        out = np.full(tuple(shape), np.nan)
        for place, value in self.values.items():
            out[place] = getattr(value, line)
        return out


@dataclass(frozen=True)
class Landscape:
    """A sweep: its parameters, and the curves and the memoryless null of every point."""

    parameters: Sequence[Parameter]
    curves: Mapping[Place, Sequence[Curve]]
    trees: Mapping[Place, xr.DataTree]
    nulls: Mapping[str, Mapping[Place, float]]  # by name, over the last switches
    varied: Sequence[Parameter] = ()  # those that the trajectories depend on
    depends: Mapping[str, Sequence[int]] = field(default_factory=dict)  # numbers of those that an analysis depends on
    count: int = 1  # realizations

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(p) for p in self.parameters)

    @property
    def names(self) -> list[str]:
        """The analyses, the best at its best point first."""
        ends: dict[str, float] = {}
        for some in self.curves.values():
            for c in some:
                ends[c.name] = np.fmax(ends.get(c.name, -1.0), np.nan_to_num(c.end, nan=-1.0))
        return sorted(ends, key=lambda name: -ends[name])

    def at(self, name: str, place: Place) -> Curve | None:
        """The curve of an analysis at a point."""
        return next((c for c in self.curves[place] if c.name == name), None)

    def one(self, name: str) -> Curve:
        """Any curve of an analysis, for what it reads and whether it is trained."""
        return next(c for some in self.curves.values() for c in some if c.name == name)

    def score(self, name: str) -> Quantity:
        """The score of an analysis over the last switches of each point."""
        found = {p: ended(c) for p in self.curves if (c := self.at(name, p)) is not None}
        return Quantity(name, self.one(name).reads, found)

    def told(self, place: Place, of: str = "") -> str:
        """A point in words; of an analysis only what it depends on."""
        mine = self.depends.get(of, range(len(place)))
        return told([self.parameters[k] for k in mine], tuple(place[k] for k in mine))

    def apart(self, name: str) -> dict[Place, Curve]:
        """The curves of an analysis at those points that differ for it, one of each."""
        seen: dict[str, tuple[Place, Curve]] = {}
        for place in self.curves:
            curve = self.at(name, place)
            if curve is not None and np.isfinite(curve.end):
                seen.setdefault(self.told(place, name), (place, curve))
        return dict(seen.values())

    @property
    def peak(self) -> tuple[Place, Curve] | None:
        """Where and by what the drive is told best, without scores of training trials where there are others.

        Of equals, where the best trained network does best.
        """
        every = [(p, c) for p, some in self.curves.items() for c in some if np.isfinite(c.end)]
        every = [pc for pc in every if not pc[1].fitted] or every
        return max(every, key=lambda pc: (round(pc[1].end, 9), self.network(pc[0]))) if every else None

    def network(self, place: Place) -> float:
        """The best score of a trained network at a point, -1 without."""
        return max((c.end for c in self.curves[place] if c.trained and np.isfinite(c.end)), default=-1.0)

    @property
    def here(self) -> dict[str, int]:
        """The point that the page looks at closely: that of the peak, else the first."""
        place = self.peak[0] if self.peak else next(iter(self.curves))
        return {p.name: k for p, k in zip(self.parameters, place, strict=True)}

    def contests(self) -> dict[Place, tuple[Curve, Curve, Lead]]:
        """At each point the best trained network, the best plain statistic, and how far the first is ahead."""
        found = {}
        for place, some in self.curves.items():
            honest = [c for c in some if np.isfinite(c.end) and not c.fitted]
            network = next((c for c in honest if c.trained), None)
            plain = next((c for c in honest if c.plain), None)
            between = lead(network, plain, last=True) if network and plain else None
            if network and plain and between:
                found[place] = (network, plain, between)
        return found

    def level(self, place: Place) -> float:
        """The score without memory at a point, of chance where it is not known."""
        level = self.nulls.get(FIELD, {}).get(place, np.nan)
        return level if np.isfinite(level) else next((c.chance for c in self.curves[place]), np.nan)

    def forgetful(self, sigmas: float) -> list[Place]:
        """Points at which no score is seen to be above that without memory by so many standard errors."""
        found = []
        for place, some in self.curves.items():
            honest = [c for c in some if np.isfinite(c.end) and not c.fitted]
            above = [excess(c, self.level(place)) for c in honest]
            if honest and not any(e is None or e.sigmas >= sigmas for e in above):
                found.append(place)
        return found

    def above(self, trained: bool) -> Quantity:
        """How far the best network, or the best plain statistic, of each point is above the score without memory."""
        values = {}
        for place, some in self.curves.items():
            best = next(
                (c for c in some if (c.trained if trained else c.plain) and np.isfinite(c.end) and not c.fitted), None
            )
            found = excess(best, self.level(place)) if best else None
            if best and found:
                values[place] = bounded(found, best.each)
        return Quantity("network" if trained else "plain statistic", "", values)


def ended(curve: Curve) -> Value:
    """The score at the end with its interval and its standard error; several fits of one realization have none."""
    low, high = curve.reach
    known = curve.ends[np.isfinite(curve.ends)]
    se = known.std(ddof=1) / np.sqrt(len(known)) if len(known) > 1 else np.nan
    if curve.each is None and curve.networks == 1:
        se = (high - low) / 2 / NORMAL
    return Value(curve.end, float(se), low, high)


def landscape(tree: xr.DataTree) -> Landscape:
    """Every classification at every point of a sweep."""
    found, trees = points(tree)
    each = {p: curves(t) for p, t in trees.items()}
    levels: dict[str, dict[Place, float]] = {}
    for place, there in trees.items():
        for null in nulls(there, each[place]):
            kept = late(null.switch, each[place][0].final if each[place] else null.switch[-1])
            levels.setdefault(null.name, {})[place] = median(null.score[kept] if kept.any() else null.score)
    trajectory = group(tree, "/trajectory")
    dims = {d for v in trajectory.data_vars.values() for d in v.dims} if trajectory is not None else set()
    depends = {
        name: [k for k, p in enumerate(found) if any(p.name in v.dims for v in data.data_vars.values())]
        for name, data in groups(tree, "analysis").items()
    }
    return Landscape(found, each, trees, levels, [p for p in found if p.name in dims], depends, realizations(tree))


def bounded(found: Lead, each: np.ndarray | None) -> Value:
    """A difference with its 95 % interval: Student's over realizations, normal over trials."""
    reach = found.se * (NORMAL if each is None else times(len(each)))
    return Value(found.mean, found.se, found.mean - reach, found.mean + reach)


def differences(found: Mapping[Place, tuple[Curve, Curve, Lead]]) -> Quantity:
    """How far the best network is ahead of the best plain statistic."""
    values = {p: bounded(between, network.each) for p, (network, _, between) in found.items()}
    return Quantity("network − plain", "", values)
