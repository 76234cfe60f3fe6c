"""Up to which amplitude does matter come to rest? The threshold of its activity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from ..driving import single
from ..errors import DataError, MeaningError
from ..graph import Promise, Stage, Task
from ..seeds import generator
from ..spec import Analysis, Count, Label

if TYPE_CHECKING:
    import xarray as xr

RESAMPLES = 400


class Threshold(Analysis):
    """The amplitude g_c above which activity A never dies out, A = C (g - g_c)^b, from drives of one amplitude each.

    Fitted by least squares to the activity of the last switches at those amplitudes at which no trial came to rest
    and the activity had settled: it is not below that of as many switches before by more than 3 standard errors
    over trials, there and at all larger amplitudes. Intervals by bootstrap over trials. `at_rest` and `all_active`
    bracket it in this finite time and size, whatever the law: the largest amplitude at which all trials came to
    rest, and the smallest at which none did. Corté et al., Nature Physics 4, 420 (2008).
    """

    cites: ClassVar = ("corte2008",)

    kind: Literal["threshold"]
    of: Label = Field(description='an observable that is 0 at rest, "activity"')
    last: Count = Field(description="number of the last recorded switches over which it is steady")

    def refers(self) -> str:
        return self.of

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory = sources["trajectory"]
        observed = self.of in trajectory.gives and trajectory.gives[self.of].dims == ("drive", "trial", "time")
        if "amplitudes" not in sources or not observed:
            raise MeaningError(f"{self.of!r} is no activity", "of", code="E204", hint='"activity", under cyclic-drive')
        amplitudes = tuple(single(about) for about in trajectory.parts.values())
        if None in amplitudes or len(amplitudes) < 4:
            hint = 'drives = { kind = "subsets", size = 1 } of 4 amplitudes or more, and no phases'
            raise MeaningError("a threshold is found from drives of one amplitude each", "of", hint=hint)
        count = len(trajectory.coords["switch"])
        if 2 * self.last > count:
            message = f"twice as many switches are compared, {count} are recorded"
            raise MeaningError(message, "last", code="E203", hint=f"at most {count // 2}")
        params = ThresholdParams(self, name, tuple(a for a in amplitudes if a is not None))
        return (Stage(
            f"analysis.{name}", look, params, promises(), ("trajectory",), group=f"/analysis/{name}",
            
            coords={"drive": trajectory.coords["drive"]}, seconds=10.0,
        ),)  # fmt: skip


@dataclass(frozen=True)
class ThresholdParams:
    """Which activity is looked at, and the amplitude of each drive."""

    word: Threshold
    name: str
    amplitudes: tuple[float, ...]


def promises() -> dict[str, Promise]:
    """Of each amplitude, and of all."""
    each = ("drive",)
    return {
        "amplitude": Promise(each, "1", "amplitude of the drive"),
        "steady": Promise(each, "1", "activity over the last switches, mean over trials"),
        "steady_se": Promise(each, "1", "its standard error over trials"),
        "resting": Promise(each, "1", "fraction of trials without activity at the last switch"),
        "resting_low": Promise(each, "1", "95 % Wilson interval of that fraction"),
        "resting_high": Promise(each, "1", "95 % Wilson interval of that fraction"),
        "settled": Promise(each, "1", "whether the drive is fitted: settled, and no trial at rest", "int8", label=True),
        "threshold": Promise((), "1", "amplitude above which activity never dies out, by the power law"),
        "threshold_low": Promise((), "1", "95 % interval of the threshold, bootstrap over trials"),
        "threshold_high": Promise((), "1", "95 % interval of the threshold, bootstrap over trials"),
        "threshold_se": Promise((), "1", "standard error of the threshold, bootstrap over trials"),
        "exponent": Promise((), "1", "exponent b of the activity above the threshold"),
        "exponent_low": Promise((), "1", "95 % interval of the exponent, bootstrap over trials"),
        "exponent_high": Promise((), "1", "95 % interval of the exponent, bootstrap over trials"),
        "at_rest": Promise((), "1", "largest amplitude at which, and below which, all trials came to rest"),
        "all_active": Promise((), "1", "smallest amplitude at which, and above which, no trial came to rest"),
    }


def look(task: Task[ThresholdParams], trajectory: xr.Dataset) -> xr.Dataset:
    """Steady activity, who rests, and the fit; DataError where fewer than 4 amplitudes are active."""
    import xarray as xr

    from ..kernels.intervals import pointwise, wilson
    from ..kernels.onset import power

    params, word = task.params, task.params.word
    amplitude, values = np.array(params.amplitudes), trajectory[word.of].values.astype(np.float64)
    order, trials, n = np.argsort(amplitude), values.shape[1], word.last
    steady, rest = values[..., -n:].mean(axis=2), values[..., -1] == 0
    drift = steady - values[..., -2 * n : -n].mean(axis=2)
    moving = -drift.mean(axis=1) > 3 * drift.std(axis=1, ddof=min(1, trials - 1)) / np.sqrt(trials)
    share = rest.mean(axis=1)
    low, high = wilson(share, trials, pointwise())
    awake = order[np.cumsum(share[order][::-1])[::-1] == 0]  # at and above which no trial rests
    active = order[np.cumsum((share + moving)[order][::-1])[::-1] == 0]
    if len(active) < 4 or trials < 2:
        found = f"{len(active)} amplitudes at and above which the activity of {trials} trials has settled above 0"
        raise DataError(f"{found}; needed are 4 of 2 trials or more: larger amplitudes, more switches, or more discs")
    x, y = amplitude[active], steady[active]
    se = y.std(axis=1, ddof=1) / np.sqrt(trials)
    best = power(x, y.mean(axis=1), se)
    rng = generator(task.seed, "analysis", params.name, "bootstrap")
    draws = [rng.integers(trials, size=(len(x), trials)) for _ in range(RESAMPLES)]
    again = np.array([power(x, np.take_along_axis(y, d, axis=1).mean(axis=1), se) for d in draws])
    bounds = np.quantile(again, (0.025, 0.975), axis=0)
    below = order[np.cumprod(share[order] == 1).astype(bool)]
    one = {
        "threshold": best[0], "threshold_low": bounds[0, 0], "threshold_high": bounds[1, 0],
        "threshold_se": again[:, 0].std(ddof=1), "exponent": best[2], "exponent_low": bounds[0, 2],
        "exponent_high": bounds[1, 2], "at_rest": amplitude[below].max() if len(below) else np.nan,
        "all_active": amplitude[awake].min(),
    }  # fmt: skip
    each = {"amplitude": amplitude, "steady": steady.mean(axis=1), "resting": share}
    each |= {"steady_se": steady.std(axis=1, ddof=1) / np.sqrt(trials), "resting_low": low, "resting_high": high}
    found = {n: ("drive", v) for n, v in each.items()} | {n: ((), float(v)) for n, v in one.items()}
    return xr.Dataset(found).assign(settled=("drive", np.isin(np.arange(len(amplitude)), active).astype(np.int8)))
