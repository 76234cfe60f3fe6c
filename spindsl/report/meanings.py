"""What latent space means: its points in the colours of observables, what is decoded from it, and the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..ensemble import drives, samples
from .canvas import GRID, INK, SERIES, SOFT, Plate, colours, grid, panel
from .figures import keyed
from .markup import Html, joined, table, tag
from .reading import group, groups, resolved, switches

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

UNITS = {"interaction energy": "K", "field energy": "K", "next power": "K s⁻¹", "power": "K s⁻¹"}
OWN = {"next_power": "power", "field_energy": "power"}  # the direction shown for what has none of its own
FAR = 0.5  # standard deviations


@dataclass(frozen=True)
class Colouring:
    """One panel of points: a name for each, or a number."""

    title: str
    unit: str
    number: np.ndarray  # (sample) of the name, or the value
    names: Sequence[str] = ()


@dataclass(frozen=True)
class Walk:
    """One panel of an observable along a line, (point)."""

    title: str
    unit: str
    under: str
    position: np.ndarray
    generated: np.ndarray  # mean, low, high
    nearest: np.ndarray  # mean, low, high
    far: np.ndarray
    real: tuple[float, float]
    control: float


def means(data: xr.Dataset) -> bool:
    """Whether an analysis tells what latent space means."""
    return "r2" in data and "generated" in data


def meanings(tree: xr.DataTree) -> Iterator[Plate]:
    """Fig. 2 of Zhong et al. for every analysis that has it, at the last switch that was decoded."""
    said = resolved(tree).get("analysis", {})
    for name, data in groups(tree, "analysis").items():
        if not means(data):
            continue
        of = said.get(name, {}).get("of", "")
        last = float(switches(data)[-1])
        points = located(tree, of, last)
        if points is not None:
            caption = joined([
                tag("b", f"What the latent space of {of or name} shows"), f", after switch {last:g}: ",
                "a point is a trial, the same points in each panel. ", *explained(data, "power"),
                *explained(data, "magnetization"),
                "Colour scales leave out the outermost 2 % on either side.",
            ])  # fmt: skip
            yield Plate(f"meaning-{name}", caption, partial(coloured, points, list(colourings(tree, last))))
        walks = list(walked(data))
        if walks:
            yield Plate(f"decoded-{name}", decoded(data, of or name, last), partial(strolled, walks))


def located(tree: xr.DataTree, of: str, switch: float) -> np.ndarray | None:
    """Latent points (sample, latent) of a bottleneck at a switch, of the first network."""
    source = group(tree, f"/bottleneck/{of}") if of else None
    if source is None or switch not in switches(source):
        return None
    mean = source["latent_mean"].isel(time=int(np.flatnonzero(switches(source) == switch)[0]))
    return samples(mean.isel(network=0) if "network" in mean.dims else mean)


def colourings(tree: xr.DataTree, switch: float) -> Iterator[Colouring]:
    """The drive, the field that was on, and what the result shows of power and magnetization."""
    trajectory, protocol = group(tree, "/trajectory"), group(tree, "/protocol")
    if trajectory is None:
        return
    at = int(np.flatnonzero(switches(trajectory) == switch)[0])
    label, names = drives(trajectory)
    if len(names) > 1:
        yield Colouring("drive", "", label, names)
    if "field" in trajectory and protocol is not None and "field" in protocol.coords:
        on = samples(trajectory["field"])[:, at]
        known = [str(f) for f in protocol["field"].values]
        yield Colouring(
            "field that was on", "", np.where(on < 0, len(known), on), [*known, *(["none"] if (on < 0).any() else [])]
        )
    if "power" in trajectory and np.isfinite(power := samples(trajectory["power"])[:, at]).any():
        yield Colouring("power", "K s⁻¹, absorbed at the switch", power)
    if "spins" in trajectory:
        s = samples(trajectory["spins"].isel(time=at))
        yield Colouring("magnetization", "mean spin", s.mean(axis=1, dtype=float))


def coloured(z: np.ndarray, panels: Sequence[Colouring], width: int) -> Figure:
    """The same points (sample, latent) in several colours."""
    figure, axes = grid(width, len(panels), 1.12, most=4)
    order = np.random.default_rng(0).permutation(len(z))  # so that no colour lies on top
    size = 9 * min(1.0, (1500 / len(z)) ** 0.5)
    x, y = z[:, 0], z[:, 1] if z.shape[1] > 1 else np.linspace(-1, 1, len(z))[np.argsort(order)]
    for ax, one in zip(axes, panels, strict=True):
        panel(ax, one.title, one.unit, room=True)
        dots = {"s": size, "alpha": 0.8, "lw": 0, "rasterized": True}
        if one.names:
            tints = np.array(colours(len(one.names)))
            ax.scatter(x[order], y[order], c=tints[one.number[order]], **dots)
            if len(one.names) <= 5:
                keys(ax, one.names, tints.tolist())
        else:
            low, high = np.nanquantile(one.number, (0.02, 0.98))
            drawn = ax.scatter(x[order], y[order], c=one.number[order], cmap=scale(), vmin=low, vmax=high, **dots)
            bar = figure.colorbar(drawn, ax=ax, orientation="horizontal", fraction=0.05, pad=0.03, aspect=22)
            if bar.solids is not None:
                bar.solids.set(rasterized=True, alpha=1)
            bar.outline.set_visible(False)
            bar.ax.tick_params(length=2, labelsize=10)
            bar.locator = ticks()
        ax.set_xticks([])
        ax.set_yticks([])
        ax.spines[:].set_color(GRID)
        ax.spines[:].set_visible(True)
    return figure


def scale() -> ListedColormap:
    """Colours of numbers: violet to yellow, of middling lightness throughout, seen on white and on black."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(colormaps["plasma"](np.linspace(0.24, 0.9, 64)))


def ticks() -> MaxNLocator:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(3)


def keys(ax: Axes, names: Sequence[str], tints: Sequence[str]) -> None:
    """Names by colour below a panel."""
    from matplotlib.lines import Line2D

    dots = [Line2D([], [], ls="", marker="o", ms=5.5, color=c, label=n) for n, c in zip(names, tints, strict=True)]
    ax.legend(
        handles=dots, loc="upper left", bbox_to_anchor=(-0.03, -0.01), ncols=len(names), frameon=False,
        handletextpad=0.0, columnspacing=0.8, fontsize=11, borderpad=0.1,
    )  # fmt: skip


def first(variable: xr.DataArray) -> xr.DataArray:
    """At the last switch, of the first network."""
    one = variable.isel(time=-1)
    return one.isel(network=0) if "network" in one.dims else one


def walked(data: xr.Dataset) -> Iterator[Walk]:
    """Every observable along the diagonal, then each along a direction of its own."""
    names = [str(n) for n in data["direction"].values]
    shared = "diagonal" if "diagonal" in names else names[0]
    for own in (False, True):
        for observable in map(str, data["observable"].values):
            along = OWN.get(observable, observable) if own else shared
            along = along if along in names else "magnetization" if "magnetization" in names else names[-1]
            one = {n: first(data[n]).sel(observable=observable) for n in data.data_vars if "observable" in data[n].dims}
            line = {n: v.sel(direction=along).values for n, v in one.items() if "direction" in v.dims}
            if not np.isfinite(line["generated"]).any():
                continue
            says = "on the line z1 = z2" if along == "diagonal" else f"along {along.replace('_', ' ')}"
            title = observable.replace("_", " ")
            generated, nearest = (
                np.array([line[f"{n}{e}"] for e in ("", "_low", "_high")]) for n in ("generated", "nearest")
            )
            yield Walk(
                title, UNITS.get(title, ""), says, data["point"].values, generated, nearest,
                first(data["distance"]).sel(direction=along).values > FAR,
                (float(one["observed_low"]), float(one["observed_high"])), float(one["control"]),
            )  # fmt: skip


def strolled(walks: Sequence[Walk], width: int) -> Figure:
    """Observables of generated configurations against the position, beside the real ones."""
    count = len(walks) // 2
    figure, axes = grid(width, len(walks), 0.95, most=max(count, 3) if count <= 4 else 4)
    for ax, one in zip(axes, walks, strict=True):
        ax.axhspan(*one.real, color=INK, alpha=0.07, lw=0)
        ax.axhline(one.control, color=SOFT, lw=1, ls=(0, (1.5, 1.5)))
        ax.plot(one.position, one.generated[0], color=SERIES[0])
        ax.fill_between(one.position, *one.generated[1:], color=SERIES[0], alpha=0.25, lw=0)
        for far in (False, True):
            at = one.far == far
            middle, low, high = one.nearest[:, at]
            face = "none" if far else SERIES[1]
            dot = {"fmt": "o", "ms": 4, "mfc": face, "mec": SERIES[1], "ecolor": SERIES[1], "elinewidth": 1}
            ax.errorbar(one.position[at], middle, [middle - low, high - middle], **dot)
        panel(ax, one.title, f"{one.under}{', ' if one.unit else ''}{one.unit}", room=True)
        ax.locator_params(nbins=4)
    named = ("decoded", "real trials nearest")
    keyed(figure, named, SERIES[:2])
    return figure


def explained(data: xr.Dataset, quantity: str) -> Iterator[str]:
    """R^2 of a quantity in words, at the last switch, median of independent fits."""
    if quantity not in data["quantity"].values:
        return
    r2 = {str(f): middle(data["r2"].isel(time=-1).sel(fit=f, quantity=quantity)) for f in data["fit"].values}
    if not np.isfinite(list(r2.values())).any():
        return
    said = f"Of the variance of the {quantity}, {r2['linear']:.2f} is explained by a direction, {r2['radial']:.2f} by "
    said += f"the distance from the middle, {r2['quadratic']:.2f} by both to second order"
    said += f"; {r2['field']:.2f} by the field that was on, without latent space" if "field" in r2 else ""
    yield f"{said}. "


def middle(variable: xr.DataArray) -> float:
    """The value, or the median of independent fits."""
    return float(np.median(variable.values))


def decoded(data: xr.Dataset, of: str, last: float) -> Html:
    """The caption of what is decoded."""
    said = "Configurations drawn from what is decoded along two lines, against the position in standard deviations of "
    said += "the prior (of principal components, in their own; blue; shading: 95 % interval of the mean over "
    said += "what is drawn) and the real trials nearest in latent space (with 95 % intervals; hollow where they lie "
    said += f"more than {FAR:g} standard deviations away, so that the decoder extrapolates). Grey: 95 % of all real "
    said += "trials. Dotted: decoded anywhere, whatever the point, which is what position tells nothing would give. "
    said += "The next power is that of a switch to any other field. "
    told = []
    for observable in map(str, data["observable"].values):
        one = data.isel(time=-1).sel(observable=observable)
        found, blind = middle(one["fidelity"]), largest(one["fidelity_control"])
        told.append(f"{observable.replace('_', ' ')} {found:.2f} ({blind:.2f})")
    said += "Correlation of a held-out trial with one configuration decoded at its own point, in brackets the 95 % "
    said += f"quantile with trials of the same field shuffled: {', '.join(told)}."
    return joined([tag("b", f"What is decoded from {of}"), f", after switch {last:g}. ", said])


def meant(tree: xr.DataTree) -> Iterator[Html]:
    """The numbers of every such analysis: R^2 by quantity and fit, fidelity and bias by observable."""
    for name, data in groups(tree, "analysis").items():
        if not means(data):
            continue
        when = f"after switch {float(switches(data)[-1]):g}"
        many = " Medians of independent fits, with the outermost of their intervals." if "network" in data.dims else ""
        kinds = [str(f) for f in data["fit"].values]
        last = data.isel(time=-1)
        rows = [
            (
                q.replace("_", " "),
                *(cell(last.sel(quantity=q, fit=f), "r2") for f in kinds),
                blind(last.sel(quantity=q)),
            )
            for q in map(str, data["quantity"].values)
        ]
        note = f"Cross-validated R² over trials, {when}, below it its 95 % interval over trials.{many} Control: the "
        note += "quantity shuffled, 95 % quantile, the largest of the fits."
        yield table((joined([tag("b", name), ": R²"]), *kinds, "control"), rows, note, class_="scores")
        rows = [
            (o.replace("_", " "), cell(one := last.sel(observable=o), "fidelity"),
             f"{largest(one['fidelity_control']):.2f}", cell(one, "bias"), f"{middle(one['observed']):.4g}")
            for o in map(str, data["observable"].values)
        ]  # fmt: skip
        note = f"One configuration decoded at the latent point of each held-out trial against that trial, {when}: "
        note += "correlation, that with trials of the same field "
        note += "shuffled (95 % quantile), decoded minus real (K, K/s), mean of the real."
        yield table((joined([tag("b", name), ": decoded"]), "correlation", "control", "bias", "observed"), rows, note,
                    class_="scores")  # fmt: skip


def cell(one: xr.Dataset, name: str) -> Html:
    """0.54 over 0.51–0.57."""
    value = middle(one[name])
    if not np.isfinite(value):
        return Html("")
    low, high = float(one[f"{name}_low"].min()), float(one[f"{name}_high"].max())
    return joined([tag("span", f"{value:.2f}"), tag("small", f"{low:.2f} to {high:.2f}")])


def blind(one: xr.Dataset) -> str:
    """The control of the fit that has the largest."""
    return f"{largest(one['r2_control_high']):.3f}"


def largest(variable: xr.DataArray) -> float:
    return float(variable.max())
