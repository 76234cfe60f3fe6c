"""What changes where one phase of the protocol ends and the next begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .landscape import Value
from .markup import Html, joined, table, tag
from .observed import averaged, averages, estimated, observed
from .reading import switches
from .repeated import phases
from .slices import realizations
from .traces import unit
from .verdict import CLEAR, listed

if TYPE_CHECKING:
    import xarray as xr

SHARE = 50  # of the shortest phase, one part in so many is looked at on either side


@dataclass(frozen=True)
class Jump:
    """A change of an observable at the beginning of a phase, mean and error over realizations."""

    observable: str
    unit: str
    drive: str
    after: float
    phase: str
    value: Value


def beside(tree: xr.DataTree) -> int:
    """How many switches before and after are compared."""
    starts = [s for s, _ in phases(tree)]
    every = switches(tree["/trajectory"].to_dataset())
    return max(1, int(min(np.diff([*starts, float(every[-1])])) // SHARE)) if starts else 0


def jumps(tree: xr.DataTree) -> list[Jump]:
    """Of every observable and drive, at every new phase: mean over the first switches less that over the last before.

    Of each realization one difference of means over its trials; the error is over realizations.
    """
    if realizations(tree) < 2 or len(phases(tree)) < 2 or not (found := observed(tree)):
        return []
    data = tree["/trajectory"].to_dataset()
    every, wide = switches(data), beside(tree)
    names = [str(d) for d in data["drive"].values] if "drive" in data.dims else [""]
    out = []
    for name, variable in found.items():
        each = averages(variable)
        for start, phase in phases(tree)[1:]:
            after, before = ((every > a) & (every <= a + wide) for a in (start, start - wide))
            if after.any() and before.any():
                rise = averaged(each[..., after]) - averaged(each[..., before])
                one = [estimated(rise[:, d]) for d in range(len(names))]
                out += [
                    Jump(name.replace("_", " "), unit(variable), drive, start, phase, value)
                    for drive, value in zip(names, one, strict=True)
                ]
    return out


def told(found: list[Jump]) -> list[Html]:
    """Which drives are noticed: of the first observable, the jumps by two standard errors."""
    first = [j for j in found if j.observable == found[0].observable]
    said = []
    for name in dict.fromkeys(j.drive for j in first):
        mine = [j for j in first if j.drive == name]
        clear = [j for j in mine if abs(j.value.mean) >= CLEAR * j.value.se and j.value.mean]
        if not clear:
            said.append(
                joined(["Under ", tag("b", name), f" the {mine[0].observable} does not change with the phase."])
            )
            continue
        each = [f"{'rises' if j.value.mean > 0 else 'falls'} by {amount(j)} after switch {j.after:g}" for j in clear]
        said.append(joined(["Under ", tag("b", name), f" the {mine[0].observable} ", listed(each), "."]))
    return said


def amount(jump: Jump) -> str:
    """11.2 ± 0.4 K."""
    said = rounded(jump.value.se, abs(jump.value.mean), jump.value.se)
    return f"{' ± '.join(said)} {jump.unit}".strip().replace(" ", "\N{NO-BREAK SPACE}")


def rounded(se: float, *values: float) -> list[str]:
    """Numbers to two digits of their error."""
    digits = int(np.clip(1 - np.floor(np.log10(se)), 0, 6)) if se > 0 and np.isfinite(se) else 3
    return [f"{v:.{digits}f}".replace("-", "−") for v in values]


def jumped(tree: xr.DataTree, found: list[Jump]) -> Html:
    """The table of jumps: a row an observable and phase, a column a drive."""
    if not found:
        return Html("")
    drives = list(dict.fromkeys(j.drive for j in found))
    rows = []
    for name, after in dict.fromkeys((j.observable, j.after) for j in found):
        mine = {j.drive: j for j in found if (j.observable, j.after) == (name, after)}
        one = next(iter(mine.values()))
        title = joined([name, tag("small", one.unit) if one.unit else ""])
        rows.append([title, f"{after:g}, {one.phase}", *(cell(mine[d].value) for d in drives)])
    count, wide = realizations(tree), beside(tree)
    spanned = f"{wide} switches" if wide > 1 else "switch"
    note = (
        f"Mean over the first {spanned} of a phase less that over the last {spanned} before it, ± standard error over "
    )
    note += f"{count} realizations; below it Student's 95 % interval."
    return table(("observable", "after switch", *drives), rows, note, class_="scores")


def cell(value: Value) -> Html:
    """A change with its error and interval."""
    mean, se, low, high = rounded(value.se, value.mean, value.se, value.low, value.high)
    plus = "+" if value.mean > 0 else ""
    return joined([f"{plus}{mean} ± {se}".replace(" ", "\N{NO-BREAK SPACE}"), tag("small", f"{low} to {high}")])
