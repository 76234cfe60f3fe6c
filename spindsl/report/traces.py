"""The figures of matter and of bottlenecks that a result has to show, and their captions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..ensemble import drives, samples
from . import figures
from .canvas import Plate
from .figures import Track
from .kinds import traits
from .markup import joined, tag
from .reading import group, groups, switches

if TYPE_CHECKING:
    import xarray as xr

SHOWN = (0.0, 0.3, 0.55, 1.0)  # powers of the last switch, for latent spaces and losses
SAMPLED = (("drive", "trial", "time"), ("trial", "time"))
AXES = {1: "its one variable across, the drives above one another", 2: "both variables"}
BLIND = "the bottleneck never saw the names. "
TOLD = "the bottleneck was fitted with the names of the training trials. "


def chosen(switch: np.ndarray) -> list[int]:
    """Up to four places along the switches, from the first to the last, closer together at first."""
    wanted = [max(switch[-1], 1.0) ** power for power in SHOWN]
    return sorted({int(np.abs(switch - w).argmin()) for w in wanted})


def labels(tree: xr.DataTree) -> tuple[np.ndarray, list[str]] | None:
    """Drive of each sample, and the drives' names."""
    trajectory = group(tree, "/trajectory")
    if trajectory is None or "drive" not in trajectory.coords:
        return None
    return drives(trajectory)


def latents(tree: xr.DataTree) -> Iterator[Plate]:
    """The latent space of every bottleneck at up to four times."""
    names = labels(tree)
    for name, data in groups(tree, "bottleneck").items():
        if names is None or "latent_mean" not in data or "time" not in data["latent_mean"].dims:
            continue
        mean, switch = data["latent_mean"], switches(data)
        first = " The first of the independent fits is shown." if "network" in mean.dims else ""
        mean = mean.isel(network=0) if "network" in mean.dims else mean
        at = chosen(switch)
        points = [samples(mean.isel(time=k)) for k in at]
        about = traits(tree, "bottleneck", name)
        axes = AXES.get(mean.sizes["latent"], "the first two variables")
        caption = joined([
            tag("b", f"Latent space of {name}"), f" ({about.kind})" if about.kind else "",
            f": {axes}, one point a trial, colour by drive; ", TOLD if about.supervised else BLIND,
            "Each panel has its own scale. Points are trials: no interval, no chance, no control.", first,
        ])  # fmt: skip
        titles = [f"switch {switch[k]:g}" for k in at]
        yield Plate(f"latent-{name}", caption, partial(figures.latent, points, *names, titles))


def observables(tree: xr.DataTree) -> Iterator[Plate]:
    """Every recorded number a trial and time, labels of fields left out."""
    trajectory, protocol, names = group(tree, "/trajectory"), group(tree, "/protocol"), labels(tree)
    if trajectory is None or names is None:
        return
    each = [v for v in trajectory.data_vars.values() if v.dims in SAMPLED and np.isfinite(v.values).any()]
    each = [v for v in each if protocol is None or v.name not in protocol.coords]
    shown = {str(v.name).replace("_", " "): v for v in each}
    if not shown:
        return
    panels = [(name, unit(v), samples(v)) for name, v in shown.items()]
    says = "; ".join(f"{name}: {v.attrs['long_name']}" for name, v in shown.items() if "long_name" in v.attrs)
    caption = joined([
        tag("b", "Observables against switch. "),
        f"Mean over all {len(names[0])} trials (colourless, shading: one standard error over trials) "
        "and over those of each drive (colour). ", f"{says[:1].upper()}{says[1:]}." if says else "",
    ])  # fmt: skip
    yield Plate("observables", caption, partial(figures.observables, panels, *names, switches(trajectory)))


def unit(variable: Any) -> str:
    """The unit as it is printed, nothing for a pure number."""
    given = str(variable.attrs.get("units", ""))
    return "" if given == "1" else given.replace("-1", "⁻¹")


def training(tree: xr.DataTree) -> Iterator[Plate]:
    """Losses, and whatever else a bottleneck tells against time."""
    bottlenecks = groups(tree, "bottleneck")
    tracks = [track for name, data in bottlenecks.items() for track in tracked(name, data)]
    if not tracks:
        return
    many = any("network" in data.dims for data in bottlenecks.values())
    says = "; ".join(dict.fromkeys(t.says for t in tracks if t.says))
    text = "Against the epoch at a few switches, and against the switch; "
    text += "numbers at the lines name the switch or the latent variable. "
    text += "Median of independent fits, shading: their range. " if many else "One fit: no interval. "
    caption = joined([tag("b", "How the bottlenecks fitted. "), text, f"Shown: {says}." if says else ""])
    yield Plate("training", caption, partial(figures.training, tracks))


def tracked(name: str, data: xr.Dataset) -> Iterator[Track]:
    """The panels of one bottleneck: lines against the epoch, and against the switch."""
    switch = switches(data)
    for key, variable in data.data_vars.items():
        rest = set(variable.dims) - {"network"}
        if rest == {"epoch", "time"}:
            each = {f"{switch[k]:g}": variable.isel(time=k) for k in chosen(switch)}
        elif rest == {"time", "latent"}:
            each = {str(k + 1): variable.isel(latent=k) for k in range(min(data.sizes["latent"], 4))}
        elif rest in ({"epoch"}, {"time"}):
            each = {"": variable}
        else:
            continue
        x = ("epoch", np.arange(1, data.sizes["epoch"] + 1)) if "epoch" in rest else ("switch", switch)
        title, says = f"{name}: {str(key).replace('_', ' ')}", str(variable.attrs.get("long_name", ""))
        yield Track(title, unit(variable), says, *x, [(n, *middle(v)) for n, v in each.items()])


def middle(variable: xr.DataArray) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Median and range over networks; a line alone without."""
    if "network" not in variable.dims:
        return variable.values, None, None
    return tuple(getattr(variable, f)("network").values for f in ("median", "min", "max"))
