"""Which amplitudes does matter remember? The kinks of its activity curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from ..driving import amplitudes
from ..errors import MeaningError
from ..graph import Promise, Stage, Task
from ..seeds import generator
from ..spec import Analysis, Count, Label, Positive

if TYPE_CHECKING:
    import xarray as xr

RESAMPLES = 1000


class Kinks(Analysis):
    """Read-out of remembered amplitudes: matter trained at a becomes active anew in cycles beyond a.

    The activity curve A(x) bends upward at a. The strength of a memory is the change of slope there, beyond the
    curve's own bending: S(x) = K(x) - [K(x - w) + K(x + w)] / 2, K(x) = [A(x + w) - 2 A(x) + A(x - w)] / w. Kinks
    are the highest maxima of S that stand out by `level` standard errors over trials; amplitudes that were never
    applied are the control. Keim and Nagel, Physical Review Letters 107, 010603 (2011).
    """

    cites: ClassVar = ("keim2011",)

    kind: Literal["kinks"]
    of: Label = Field(description='an activity curve: "features" of discs, "curve" of hysterons')
    width: Positive = Field(
        description="w, a multiple of the curve's step; memories nearer than 2 w disturb each other"
    )
    find: Count = Field(default=2, description="how many kinks to look for")
    level: Positive = Field(default=5.0, description="standard errors above 0 from which a maximum is a kink")

    def refers(self) -> str:
        return self.of

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory, applied = sources["trajectory"], sources.get("amplitudes")
        dim = trajectory.gives[self.of].dims[-1] if self.of in trajectory.gives else ""
        if applied is None or dim not in ("feature", "amplitude"):
            hint = 'of = "features" of discs or "curve" of hysterons, under the protocol cyclic-drive'
            raise MeaningError(f"{self.of!r} is no activity curve", "of", code="E204", hint=hint)
        grid = trajectory.coords[dim]
        step, applied = grid[0], amplitudes(applied)
        w = round(self.width / step)
        if w < 1 or abs(w * step - self.width) > 1e-9:
            raise MeaningError(
                "the width is no multiple of the curve's step", "width", code="E203", hint=f"a multiple of {step:g}"
            )
        for field, to in applied.items():
            if not grid[0] <= to - 2 * self.width + 1e-9 or to + 2 * self.width > grid[-1] + 1e-9:
                hint = f"the curve has to reach from {to - 2 * self.width:g} to {to + 2 * self.width:g}"
                raise MeaningError(f"the amplitude {field!r} is too near an end of the curve", "width", code="E203",
                                   hint=hint)  # fmt: skip
        params = KinksParams(self, name, step, w, tuple(applied.values()))
        coords = {k: trajectory.coords[k] for k in ("drive", "switch", "time")}
        coords |= {"field": tuple(applied), "amplitude": grid, "rank": tuple(range(1, self.find + 1))}
        return (Stage(
            f"analysis.{name}", look, params, promises(), ("trajectory",), 
            group=f"/analysis/{name}", coords=coords, seconds=0.01 * len(coords["drive"]) * len(coords["switch"]),
        ),)  # fmt: skip


@dataclass(frozen=True)
class KinksParams:
    """Which curve is looked at, and where."""

    word: Kinks
    name: str
    step: float  # of the curve
    w: int  # the width in such steps
    amplitudes: tuple[float, ...]  # that are applied


def promises() -> dict[str, Promise]:
    """What is told of each drive and time."""
    at, of, each = ("drive", "time", "amplitude"), ("drive", "time", "field"), ("drive", "time", "rank")
    return {
        "curve": Promise(at, "1", "activity curve, mean over trials"),
        "curve_se": Promise(at, "1", "its standard error over trials"),
        "slope_change": Promise(at, "1", "change of slope S of the mean curve, NaN near its ends"),
        "slope_change_se": Promise(at, "1", "its standard error over trials"),
        "strength": Promise(of, "1", "change of slope S at the amplitude, mean over trials"),
        "strength_se": Promise(of, "1", "its standard error over trials"),
        "strength_low": Promise(of, "1", "95 % interval of the strength, Student's t over trials"),
        "strength_high": Promise(of, "1", "95 % interval of the strength, Student's t over trials"),
        "z": Promise(of, "1", "strength in standard errors"),
        "kink": Promise(each, "1", "amplitude of the kink, strongest first, NaN where there is none"),
        "kink_low": Promise(each, "1", "95 % interval of it, bootstrap over trials, and half a step of the curve"),
        "kink_high": Promise(each, "1", "95 % interval of it, bootstrap over trials, and half a step of the curve"),
        "kink_z": Promise(each, "1", "slope change at the kink in standard errors, NaN where there is none"),
        "number": Promise(("drive", "time"), "1", "number of kinks that stand out", "int32"),
    }


def look(task: Task[KinksParams], trajectory: xr.Dataset) -> xr.Dataset:
    """Curves, their changes of slope, the strength of each amplitude, and the kinks."""
    import xarray as xr
    from scipy.stats import t as student

    from ..kernels import slopes

    params, word, w, step = task.params, task.params.word, task.params.w, task.params.step
    values = trajectory[word.of].transpose("drive", "trial", "time", ...).values.astype(np.float64)
    bend = slopes.kink(values, w, step)  # (drive, trial, time, amplitude)
    place = np.array(params.amplitudes) / step - 1
    at = np.clip(np.floor(place + 1e-9).astype(int), 0, values.shape[-1] - 2)
    share = np.clip(place - at, 0, 1)
    share[share < 1e-9] = 0.0
    strength = np.where(share == 0.0, bend[..., at], (1 - share) * bend[..., at] + share * bend[..., at + 1])
    curve, curve_se = estimated(values)
    change, change_se = estimated(bend)
    mean, se = estimated(strength)
    rng, trials = generator(task.seed, "analysis", params.name, "bootstrap"), values.shape[1]
    weight = rng.multinomial(trials, np.full(trials, 1 / trials), size=RESAMPLES) / trials
    reach = student.ppf(0.975, max(trials - 1, 1)) * se
    found = {k: np.full((*mean.shape[:2], word.find), np.nan) for k in ("kink", "kink_low", "kink_high", "kink_z")}
    number = np.zeros(mean.shape[:2], np.int32)
    z = ratio(change, change_se)
    for d, t in np.ndindex(number.shape):
        with np.errstate(invalid="ignore"):
            tops = slopes.peaks(change[d, t], z[d, t] > word.level, 2 * w)
        number[d, t] = len(tops)
        again = weight @ bend[d, :, t]
        for n, k in enumerate(tops[: word.find]):
            spread = (slopes.summit(again, k, w) + 1) * step
            found["kink"][d, t, n] = (slopes.summit(change[d, t], k, 0) + 1) * step
            low, high = np.quantile(spread, (0.025, 0.975))
            found["kink_low"][d, t, n], found["kink_high"][d, t, n] = low - step / 2, high + step / 2
            found["kink_z"][d, t, n] = z[d, t, k]
    at, of, each = ("drive", "time", "amplitude"), ("drive", "time", "field"), ("drive", "time", "rank")
    data = {"curve": curve, "curve_se": curve_se, "slope_change": change, "slope_change_se": change_se}
    told = {
        "strength": mean,
        "strength_se": se,
        "strength_low": mean - reach,
        "strength_high": mean + reach,
        "z": ratio(mean, se),
    }
    return xr.Dataset(
        {n: (at, v) for n, v in data.items()}
        | {n: (of, v) for n, v in told.items()}
        | {n: (each, v) for n, v in found.items()}
        | {"number": (("drive", "time"), number)}
    )


def estimated(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and its standard error over trials, dimension 1; NaN of a single trial."""
    count = values.shape[1]
    se = values.std(axis=1, ddof=1) / np.sqrt(count) if count > 1 else np.full_like(values[:, 0], np.nan)
    return values.mean(axis=1), se


def ratio(mean: np.ndarray, se: np.ndarray) -> np.ndarray:
    """In standard errors; 0 where the mean is exactly 0 in every trial."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((mean == 0) & (se == 0), 0.0, mean / se)
