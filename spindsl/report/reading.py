"""What a result holds, as curves; computed anew are only medians, differences and their standard errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..ensemble import drives, samples
from ..quenched import spread
from .estimates import Lead, estimate, mean, median, student
from .groups import group, groups, resolved, switches
from .kinds import traits

if TYPE_CHECKING:
    import xarray as xr

LATE = 50  # switches


@dataclass(frozen=True)
class Curve:
    """The score of one classification against the switch, (time); over several networks the median."""

    name: str
    reads: str  # what it reads and how, as the experiment says
    fitted: bool  # to the very trials that it is scored on
    trained: bool  # reads a bottleneck that was trained by gradient
    plain: bool  # is a plain statistic
    switch: np.ndarray
    lines: Mapping[str, np.ndarray]  # score, low, high, and whatever else was concluded
    chance: float
    trials: int
    networks: int
    right: np.ndarray | None  # (sample, time) fraction of networks that guess right, or each's score; NaN: not scored
    final: float  # the last switch at which any analysis scores
    each: np.ndarray | None = None  # (realization, time) score of each, where there are several

    def __getitem__(self, line: str) -> np.ndarray:
        """Score, low, high, band_low, …, (time); NaN where it was not concluded."""
        return self.lines.get(line, np.full(len(self.switch), np.nan))

    @property
    def end(self) -> float:
        """Median score over the last switches; of several realizations the mean of their medians."""
        return mean(self.ends) if self.each is not None else median(self["score"][self.late])

    @property
    def by(self) -> str:
        """What is compared in pairs."""
        return "trial by trial" if self.each is None else "realization by realization"

    @property
    def ends(self) -> np.ndarray:
        """Median score of each realization over the last switches."""
        return np.array([] if self.each is None else [median(one[self.late]) for one in self.each])

    @property
    def reach(self) -> tuple[float, float]:
        """95 % interval of `end`: Student's over realizations, else the medians of those at the last switches."""
        if self.each is not None:
            return student(self.ends)
        return median(self["low"][self.late]), median(self["high"][self.late])

    @property
    def late(self) -> np.ndarray:
        """Mask of the last switches of the experiment."""
        return late(self.switch, self.final)

    def over(self, switches: np.ndarray) -> np.ndarray | None:
        """Fraction of these switches at which each sample is guessed right, NaN where not scored."""
        if self.right is None:
            return None
        at = np.isin(self.switch, switches)
        scored = np.isfinite(self.right[:, at]).any(axis=1) if at.any() else np.zeros(len(self.right), bool)
        out = np.full(len(self.right), np.nan)
        out[scored] = np.nanmean(self.right[scored][:, at], axis=1)
        return out


def lead(first: Curve, second: Curve, last: bool) -> Lead | None:
    """Paired difference over the last switches, or over all those before; None without common trials."""
    both = np.intersect1d(known(first), known(second))
    both = both[late(both, first.final) == last]
    a, b = first.over(both), second.over(both)
    if a is None or b is None or not len(both):
        return None
    return estimate(a - b)


def excess(curve: Curve, level: float) -> Lead | None:
    """How far the score is above a level, over the last switches."""
    share = curve.over(curve.switch[curve.late])
    return None if share is None else estimate(share - level)


def known(curve: Curve) -> np.ndarray:
    """The switches at which there is a score."""
    return curve.switch[np.isfinite(curve["score"])]


def late(switch: np.ndarray, final: float) -> np.ndarray:
    """Mask of the last 50 switches up to `final`, of a short run the last quarter."""
    return switch > final - min(LATE, max(1, final // 4))


def window(curves: Sequence[Curve]) -> str:
    """The last switches at which there is some score, in words."""
    return span(np.unique(np.concatenate([c.switch[c.late] for c in curves])))


def span(switch: np.ndarray) -> str:
    """Switches in words: 251–300."""
    return f"{switch[0]:g}" if len(switch) == 1 else f"{switch[0]:g}–{switch[-1]:g}"


def curves(tree: xr.DataTree) -> list[Curve]:
    """Every classification of a result, the best at the end first."""
    scored = {name: data for name, data in groups(tree, "analysis").items() if classified(data)}
    final = max((float(switches(data)[-1]) for data in scored.values()), default=0.0)
    found = [curve(tree, name, data, final) for name, data in scored.items()]
    return sorted(found, key=lambda c: -np.nan_to_num(c.end, nan=-1.0))


def classified(data: xr.Dataset) -> bool:
    """Whether there is a score of the drive against time, of one network or several."""
    drive = "confusion" not in data or "drive" in data["confusion"].dims
    return drive and "score" in data and {"time"} == set(data["score"].dims) - {"network", "realization"}


def curve(tree: xr.DataTree, name: str, data: xr.Dataset, final: float) -> Curve:
    """One classification."""
    said = resolved(tree)
    mine = said.get("analysis", {}).get(name, {})
    of, by = mine.get("of", ""), mine.get("by", {})
    about = traits(tree, "analysis", name)
    trials = int(data["trials_scored"].max()) if "trials_scored" in data else 0
    chance = float(data["chance"].mean()) if "chance" in data else np.nan
    each = across(data["score"]) if "realization" in data["score"].dims else None
    fits = data.sizes.get("network", 1) if "network" in data["score"].dims else 1
    kept = lines(data) if each is None else averages(data)
    told = right(tree, data) if each is None else each
    return Curve(
        name, " of ".join(w for w in (by.get("kind", ""), of) if w), mine.get("score") == "all",
        about.neural, about.plain, switches(data), dict(kept), chance, trials, fits, told, final, each,
    )  # fmt: skip


def lines(data: xr.Dataset) -> Iterator[tuple[str, np.ndarray]]:
    """Score, low, high and the rest, (time); of several networks the median, low and high their range."""
    for name, variable in data.data_vars.items():
        if variable.dims == ("time",):
            yield (
                str(name).replace("score_low", "low").replace("score_high", "high"),
                variable.values.astype(float),
            )
        elif set(variable.dims) == {"network", "time"} and not str(name).endswith(("_low", "_high")):
            yield str(name), variable.median("network").values
    if "network" in data["score"].dims:
        yield "low", data["score"].min("network").values
        yield "high", data["score"].max("network").values


def across(variable: xr.DataArray) -> np.ndarray:
    """A line of each realization, (realization, time); of several networks the median."""
    one = variable.median("network") if "network" in variable.dims else variable
    return one.transpose("realization", "time").values.astype(float)


def averages(data: xr.Dataset) -> Iterator[tuple[str, np.ndarray]]:
    """Means over realizations, (time); low and high are Student's 95 % interval of that mean."""
    for name, variable in data.data_vars.items():
        bound = str(name).endswith(("_low", "_high"))
        if {"realization", "time"} == set(variable.dims) - {"network"} and not bound:
            yield str(name), spread(across(variable), ["realization", "time"])[""]
    for name, line in {"score": "", "score_control": "control_"}.items():
        if name in data:
            found = spread(across(data[name]), ["realization", "time"])
            yield from ((f"{line}{end[1:]}", found[end]) for end in ("_low", "_high"))


def right(tree: xr.DataTree, data: xr.Dataset) -> np.ndarray | None:
    """Whether each sample is guessed right at each time, (sample, time); None where it was not kept."""
    trajectory = group(tree, "/trajectory")
    if trajectory is None or "guess" not in data or "drive" not in trajectory.coords:
        return None
    label, _ = drives(trajectory)
    guess = data["guess"] if "network" in data["guess"].dims else data["guess"].expand_dims("network")
    each = np.stack([samples(guess.isel(network=n)) for n in range(guess.sizes["network"])])
    hit = np.where(each >= 0, each == label[:, None], np.nan).astype(float)
    scored = np.isfinite(hit).all(axis=0)
    return np.where(scored, np.nan_to_num(hit).mean(axis=0), np.nan)
