"""U, |M|, C and chi against temperature, beside exact truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ...thermo import QUANTITIES, SAMPLED
from ..canvas import SOFT, Plate, colour, grid
from ..figures import keyed
from ..markup import Html, joined, table, tag
from .agreement import BOUND
from .asked import Asked, Part
from .series import label

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

SHOWN = ("energy", "abs_magnetization", "heat_capacity", "susceptibility")
REMEMBERED = ("energy", "abs_magnetization", "magnetization")


def places(data: xr.Dataset) -> Iterator[tuple[str, xr.Dataset]]:
    """A dataset a place of the sweep, of several realizations the first, with its name."""
    data = data.isel(realization=0) if "realization" in data.dims else data
    front = [d for d in data["energy"].dims if d != "beta"]
    for at in np.ndindex(*(data.sizes[d] for d in front)):
        place = dict(zip(front, at))
        names = [f"{d} {label(data[d].values[k]) if d in data.coords else k}" for d, k in place.items()]
        yield ", ".join(names), data.isel(place)


def exact(asked: Asked, name: str) -> xr.Dataset | None:
    """The reference that an analysis is held against."""
    against = asked.said[name].get("against")
    return asked.group(f"/reference/{against}") if against else None


def curves(asked: Asked) -> Iterator[tuple[str, xr.Dataset, xr.Dataset | None]]:
    """Each analysis at each place of a sweep, at the temperatures that are there, and what is exact."""
    for name, data in asked.found.items():
        truth = exact(asked, name)
        several = list(places(truth)) if truth is not None else []
        for k, (at, one) in enumerate(places(data)):
            known = np.flatnonzero(np.isfinite(one["energy"].values))
            beside = several[min(k, len(several) - 1)][1].isel(beta=known) if several else None
            yield ", ".join(v for v in (name, at) if v), one.isel(beta=known), beside


def plates(asked: Asked) -> Iterator[Plate]:
    """All quantities in one plate, where there is more than one temperature."""
    found = list(curves(asked))
    if all(one.sizes["beta"] < 2 for _, one, _ in found):
        return
    grey = any(truth is not None for *_, truth in found)
    caption = joined([
        tag("b", "Energy, order, heat capacity and susceptibility against inverse temperature. "),
        "Bars: two standard errors. ", "Grey: exact. " if grey else "",
    ])  # fmt: skip
    yield Plate("thermodynamics", caption, partial(drawn, found))


def drawn(found: Sequence[tuple[str, xr.Dataset, xr.Dataset | None]], width: int) -> Figure:
    """A panel a quantity, a colour an analysis."""
    figure, axes = grid(width, len(SHOWN), 0.62, most=2)
    for ax, variable in zip(axes, SHOWN, strict=True):
        for k, (_, one, truth) in enumerate(found):
            x = one["beta"].values
            if truth is not None and variable in truth:
                ax.plot(x, truth[variable].values, color=SOFT, lw=1, zorder=1)
            bar = {"yerr": 2 * one[f"{variable}_se"].values, "elinewidth": 1, "capsize": 2}
            ax.errorbar(x, one[variable].values, color=colour(k), marker="o", ms=3.5, lw=1, zorder=4, **bar)
        ax.set(xlabel="β, 1/J")
        ax.set_title(QUANTITIES[variable].title, fontweight="bold")
    if len(found) > 1:
        keyed(figure, [name for name, *_ in found], [colour(k) for k in range(len(found))])
    return figure


def rows(asked: Asked) -> Html:
    """Every value with its error and its distance from the exact one; how long chains remember."""
    body = []
    for name, one, _ in curves(asked):
        for k, beta in enumerate(one["beta"].values):
            cells = []
            for variable in SAMPLED:
                z = f" ({float(one[f'{variable}_z'][k]):+.1f})" if f"{variable}_z" in one else ""
                cells.append(f"{float(one[variable][k]):.5g} ± {float(one[f'{variable}_se'][k]):.1g}{z}")
            body.append((name, f"{beta:g}", *cells))
    note = "Per spin, with standard errors; in brackets the distance from the exact value in standard errors. "
    note += "Of several realizations the first."
    values = table(("", "β", *(QUANTITIES[q].symbol for q in SAMPLED)), body, note, class_="scores")
    return joined([values, chains(asked)])


def chains(asked: Asked) -> Html:
    """Correlation times in attempts, independent samples and agreement of chains."""
    found = asked.group("/diagnostics")
    if found is None or not {f"tau_{v}" for v in REMEMBERED} <= set(found):
        return Html("")
    body = []
    for at, one in places(found.assign(energy=found["tau_energy"])):
        for k in np.flatnonzero(np.isfinite(one["energy"].values)):
            here = one.isel(beta=k)
            cells = [f"{float(here[f'tau_{v}'] * here['distance']):.3g}" for v in REMEMBERED]
            cells += [f"{float(here['n_eff_energy']):.3g}", f"{float(here['r_hat_energy']):.4f}"]
            body.append((at or "chains", f"{float(here['beta']):g}", *cells))
    note = "Integrated correlation times in attempted flips (of clusters: in clusters), half the distance of samples "
    note += "where these know nothing of one another; of the energy the number of independent samples, and R-hat."
    return table(("", "β", "τ of E", "τ of |m|", "τ of m", "independent", "R-hat"), body, note, class_="scores")


def told(asked: Asked) -> Iterator[Html]:
    """Whether all agrees with what is exact."""
    for name, data in asked.found.items():
        z = {v: np.abs(data[v].values) for v in data if str(v).endswith("_z")}
        if not z:
            continue
        worst = max(z, key=lambda v: float(np.nanmax(z[v])))
        size, count = float(np.nanmax(z[worst])), sum(int(np.isfinite(v).sum()) for v in z.values())
        verdict = "agrees with" if size < BOUND else "is away from"
        told = f": the farthest of {count} numbers is {str(worst).removesuffix('_z').replace('_', ' ')}, "
        yield joined([tag("b", name), f" {verdict} exact truth{told}{size:.1f} standard errors away."])


PART = Part(told, plates, rows)
