"""A network of small windows, one and the same everywhere, whose sum is the energy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import combinations, product
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import observations, sequences
from ..errors import DataError, MeaningError, together
from ..graph import Promise, Stage, Task
from ..sampling import Ensemble
from ..seeds import generator, integer
from ..spec import Bottleneck, Count, Listed, Name, Positive, Words

if TYPE_CHECKING:
    import xarray as xr

    from ..kernels.tables import Table

KERNELS = ("ednn", "conditionals", "tables", "scoring", "walsh", "floats")
MOST = 20  # sites of a window whose patterns can be tabulated
ALONE = Lock()  # parallel loops may not be entered by two threads at once
SKIP_STEPS, DECAY = 6, 1e-6  # of scoring, which fits the products by themselves


class Regression(Words):
    """The published route: least squares of E = -ln q / beta of random configurations, less its mean over them."""

    labels: Name = Field(
        description="the bottleneck that says ln q: made, gru or pixelcnn; of several fits each has its share"
    )
    configurations: Count = Field(
        description="random configurations of each fit that labels, of independent spins without any energy"
    )


class Ednn(Bottleneck):
    """E(s) = sum_w g(s_w), g = network(s_w) + sum_S a_S prod_(k in S) s_k, |S| <= skip, with windows w of side f + 2c
    around blocks of side f that tile the lattice.

    Mills et al., Chem. Sci. 10, 4129 (2019); in Sprague et al. 2021 f = 2, c = 1, hidden layers of 32 and 64 (ReLU),
    no products beside. g is learned as numbers of all 2^b patterns of a window: by pseudolikelihood of observations,
    which knows no Hamiltonian and no sequence model, or by regression as published. The products go on to patterns
    that were never seen, where a network says anything; what it adds to them can be drawn towards them, `shrink`.
    """

    watches: ClassVar = ("beta", "chain", "sample")
    neural: ClassVar = True
    cites: ClassVar = ("mills2019", "kingma2014adam")

    kind: Literal["ednn"]
    focus: Count = Field(description="side f of the blocks that tile the lattice")
    context: Annotated[int, Field(ge=0)] = Field(description="sites c that a window sees beyond its block on each side")
    hidden: Annotated[tuple[Count, ...], Field(min_length=1), Listed] = Field(description="sizes of the hidden layers")
    skip: Annotated[int, Field(ge=0, le=2)] = Field(
        description="most spins of the products beside the network; 0 for the network alone, as published"
    )
    train: Literal["pseudolikelihood"] | Regression = Field(
        description="by pseudolikelihood of observations, or by regression on the energies of a sequence model"
    )
    steps: Count = Field(description="steps of Adam")
    batch: Count = Field(description="configurations a step")
    learning_rate: Positive = Field(description="of the first step")
    last: Positive | None = Field(
        default=None, description="learning rate of the last step, reached geometrically; absent: as of the first"
    )
    shrink: Positive | None = Field(
        default=None,
        description="what a pattern seen n times adds to the products keeps n / (n + shrink); absent: all",
    )
    observations: Count | None = Field(default=None, description="look at so many only; absent for all")

    @property
    def labelled(self) -> bool:
        """Whether it learns from energies."""
        return isinstance(self.train, Regression)

    def refers(self) -> tuple[str, ...]:
        return (self.train.labels,) if isinstance(self.train, Regression) else ()

    def cited(self) -> Iterator[str]:
        yield from super().cited()
        yield "sprague2021" if self.labelled else "besag1975"

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory, system = sources["trajectory"], sources["system"]
        sides, periodic = observations.lattice(system)
        together([*self.misfit(sides, periodic, system), *self.unfit(trajectory)])
        side = self.focus + 2 * self.context
        bits, found = side ** len(sides), few(side, len(sides))
        said = self.said() | {"name": name, "sides": sides, "clusters": list(found)}
        needs, code = "trajectory", (*observations.CODE, *(f"spindsl.kernels.{k}" for k in KERNELS))
        if isinstance(self.train, Regression):
            model = self.labelling(self.train.labels, sources)
            needs, code, said = model.name, (*code, *sequences.CODE), said | {"model": model.said}
            blind, asked = model.said.get("train") == "observations", model.said.get("observations")
            seen = observations.admitted(trajectory, asked, model.said.get("test", 0)) if blind else 0
            said |= {"observations": seen}
        parameters = sum(a * b for a, b in zip((bits, *self.hidden), (*self.hidden, 1)))
        seconds = self.steps * (2e-10 * parameters * 2**bits + 1e-8 * self.batch * bits * len(sides))
        return (Stage(
            f"bottleneck.{name}", fit, said, self.promises(), (needs,), group=f"/bottleneck/{name}", code=code,
            sizes={"pattern": 1 << bits, "step": self.steps, "axis": len(sides)},
            coords={"beta": trajectory.coords["beta"], "cluster": tuple(found)}, interpreted=True,
            seconds=seconds * len(trajectory.coords["beta"]), **Ensemble.of(trajectory).how,
        ),)  # fmt: skip

    def promises(self) -> dict[str, Promise]:
        """The energy of a window and what is read off it."""
        about = {"focus": self.focus, "context": self.context, "stride": self.focus}
        says, unit = ("square of E - E_label", "J2") if self.labelled else ("-ln P(s_i | the others)", "nat")
        return {
            "pattern_energy": Promise(
                ("beta", "pattern"), "J", "energy of a window by its pattern, bit b: spin b is up", attrs=about
            ),
            "patterns_seen": Promise(("beta",), "1", "number of patterns that were seen while learning", "int32"),
            "loss": Promise(("beta", "step"), unit, f"{says}, mean over the batch"),
            "offset": Promise(
                ("cluster", "axis"), "1", "place of the second spin less that of the first; 0 for one spin", "int16",
                label=True,
            ),
            "coupling": Promise(
                ("beta", "cluster"), "J", "coupling of one or two spins, E = - coupling prod s, mean over translations"
            ),
        }  # fmt: skip

    def misfit(self, sides: tuple[int, ...], periodic: bool, system: Stage) -> Iterator[MeaningError]:
        """Where windows do not tile such matter."""
        side, dims = self.focus + 2 * self.context, len(sides)
        if "colours" in system.said:
            yield MeaningError("windows are of spins ±1; these have colours", "kind", hint="colour-expansion")
        if not periodic:
            yield MeaningError("windows reach around; this lattice has open ends", "kind", hint="periodic = true")
        if off := [n for n in sides if n % self.focus]:
            fits = [f for f in range(1, min(sides) + 1) if not any(n % f for n in sides)]
            hint = f"focus = {' or '.join(map(str, fits))}"
            yield MeaningError(
                f"blocks of side {self.focus} do not tile a side of {off[0]}", "focus", code="E203", hint=hint
            )
        if side > min(sides):
            message = f"windows of side {self.focus} + 2 · {self.context} are larger than a side of {min(sides)}"
            yield MeaningError(message, "context", code="E203", hint="a smaller focus or context")
        if side**dims > MOST:
            message = f"windows of {side}^{dims} = {side**dims} sites have too many patterns to be tabulated"
            yield MeaningError(message, "context", code="E203", hint=f"at most {MOST} sites")

    def unfit(self, trajectory: Stage) -> Iterator[MeaningError]:
        """Keys that do not go together with how it is trained."""
        if self.drives is not None:
            yield MeaningError("at equilibrium there are no drives", "drives")
        if self.shrink is not None and not self.skip:
            yield MeaningError("it is drawn towards products of spins; skip = 0 has none", "shrink", hint="skip = 2")
        if isinstance(self.train, Regression):
            seen, what = self.train.configurations, "random configurations"
            if self.observations is not None:
                yield MeaningError("regression reads no observations", "observations", key=True)
        else:
            seen, what = observations.admitted(trajectory, self.observations), "observations"
        if self.batch > seen:
            message = f"a batch of {self.batch} is more than the {seen} {what}"
            yield MeaningError(message, "batch", code="E203", hint=f"at most {seen}")

    def labelling(self, labels: str, sources: Mapping[str, Stage]) -> Stage:
        """The stage of the sequence model that says the energies."""
        try:
            return sequences.sequence(labels, sources)
        except MeaningError as error:
            raise MeaningError(str(error), "train", "labels", code=error.code, hint=error.hint) from error


def few(side: int, dims: int) -> dict[int, tuple[int, ...]]:
    """One spin, and two in their lowest corner, of a window: bit sets, and the place of the second from the first."""
    places = list(product(range(side), repeat=dims))
    found = {1: (0,) * dims}
    for (k, a), (m, b) in combinations(enumerate(places), 2):
        if not any(map(min, a, b)):
            found[1 << k | 1 << m] = tuple(y - x for x, y in zip(a, b))
    return dict(sorted(found.items()))


def fit(task: Task, **inputs: xr.Dataset) -> xr.Dataset:
    """The energy at one temperature."""
    import numba
    import torch

    from ..kernels import ednn

    torch.set_num_threads(1)  # the runner gives every thread a task; more would be the same cores twice
    numba.set_num_threads(1)
    said, (found,) = task.said, inputs.values()
    shape = ednn.Shape(said["focus"], said["context"], tuple(said["hidden"]), len(said["sides"]))
    window = ednn.windows(shape, said["sides"])
    with ALONE:
        if isinstance(said["train"], dict):
            spins, labels = labelled(task, found)
            pattern = ednn.seen(window, spins)
            model, flat = begun(task, shape)
            slope = partial(regressed, pattern, labels)
        else:
            pattern = ednn.seen(window, observations.observed(said, found))
            model, flat, slope = likely(task, shape, pattern, window)
        table, loss = descended(task, model, flat, slope, len(pattern))
    seen = np.bincount(pattern.ravel(), minlength=1 << shape.bits)
    return told(said, shape, model, table, seen, loss)


def begun(task: Task, shape: Any, start: Any = None) -> tuple[Table, Any]:
    """A table and its first parameters; beside products, of coefficients `start`, the network begins small."""
    import torch

    from ..kernels import tables

    said = task.said
    g = torch.Generator().manual_seed(integer(task.seed, "bottleneck", said["name"], task.part, "start"))
    model, flat = tables.begun(shape, tables.few(shape.bits, said["skip"]), g, 1e-2 if said["skip"] else 1.0)
    if start is not None:
        flat[len(flat) - len(model.terms) :] = start
    return model, flat


def regressed(pattern: np.ndarray, labels: np.ndarray, table: Any, rows: np.ndarray) -> tuple[float, Any]:
    """Loss of regression and its gradient by the table."""
    from ..kernels import conditionals

    return conditionals.labelled(table, pattern[rows], labels[rows])


def labelled(task: Task, found: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Random configurations (n, site) and their energies less the mean, (n): of several fits equal numbers, each less
    its own; DataError where one is infinite."""
    said, beta = task.said, task.about["beta"]
    rng = generator(task.seed, "bottleneck", said["name"], task.part, "configurations")
    fits = said["model"].get("networks", 1)
    size = (fits, said["train"]["configurations"], int(np.prod(said["sides"])))
    spins = 2 * rng.integers(2, size=size, dtype=np.int8) - 1
    E = np.stack([sequences.labels(said["model"], found, s, beta, k) for k, s in enumerate(spins)])
    return spins.reshape(-1, size[-1]), (E - E.mean(axis=1, keepdims=True)).ravel()


def likely(task: Task, shape: Any, pattern: np.ndarray, window: np.ndarray) -> tuple[Table, Any, Callable]:
    """A table, its first parameters, the pseudolikelihood and its gradient: products are fitted by themselves first."""
    import torch

    from ..kernels import conditionals, scoring, tables

    said, beta = task.said, task.about["beta"]
    sites, start = int(np.prod(said["sides"])), None
    where = conditionals.gathered(window, sites)
    if said["skip"]:
        g = torch.Generator().manual_seed(integer(task.seed, "bottleneck", said["name"], task.part, "products"))
        alone = tables.Table([(shape.bits, 1)], tables.few(shape.bits, said["skip"]))
        prior = scoring.Prior(DECAY, 0.0)
        try:
            flat = scoring.scored(
                alone, torch.zeros(alone.parameters), pattern, window, sites, beta, prior, g, SKIP_STEPS
            )
        except torch.linalg.LinAlgError as error:  # pyright: ignore[reportPrivateImportUsage]
            raise DataError(f"at beta = {beta:g} no products can be fitted: {error}") from error
        start = alone.skip(flat).clone()
        start[np.searchsorted(alone.terms, 1 << np.arange(shape.bits))] += flat[: shape.bits]

    def slope(table, rows):
        return conditionals.valued(table, pattern[rows], window, where, beta)

    return *begun(task, shape, start), slope


def descended(task: Task, model: Table, flat: Any, slope: Callable, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The table, float64, and the loss of each step; DataError where they are no numbers."""
    from ..kernels import tables

    said, loss = task.said, np.zeros(task.said["steps"])

    def mark(step: int, value: float) -> None:
        loss[step] = value
        task.tick((step + 1) / (said["steps"] + 1))

    rng = generator(task.seed, "bottleneck", said["name"], task.part, "batches")
    last = said.get("last", said["learning_rate"])
    batches = tables.shuffled(count, said["batch"], rng)
    flat = tables.descended(model, flat, batches, slope, said["steps"], said["learning_rate"], last, mark)
    table = model.values(flat.double()).numpy()
    if not np.isfinite(table).all() or not np.isfinite(loss).all():
        message = f"at beta = {task.about['beta']:g} training diverges; a smaller learning rate, or a larger batch"
        raise DataError(message)
    return table, loss


def told(said: Mapping[str, Any], shape: Any, model: Table, table: np.ndarray, seen: np.ndarray, loss: np.ndarray):
    """Drawn to its products if asked for, and what is read off it."""
    import xarray as xr

    from ..kernels import walsh

    if "shrink" in said:
        table = walsh.shrunk(table, seen.astype(float), model.terms, said["shrink"])
    clusters, J = walsh.couplings_of(table, shape.side, shape.dims, shape.step)
    offset = np.array(list(few(shape.side, shape.dims).values()), dtype=np.int16)
    return xr.Dataset({
        "pattern_energy": ("pattern", table), "patterns_seen": ((), np.int32((seen > 0).sum())), "loss": ("step", loss),
        "offset": (("cluster", "axis"), offset),
        "coupling": ("cluster", -J[np.searchsorted(clusters, said["clusters"])]),
    })  # fmt: skip
