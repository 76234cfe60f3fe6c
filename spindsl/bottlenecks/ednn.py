"""A network of small windows, one and the same everywhere, whose sum is the energy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import observations, patterns, sequences
from ..architectures import Fitted
from ..errors import DataError, MeaningError, together
from ..factors import Lattice
from ..forms import FORMS, learned_outline, untiled
from ..graph import Promise, Stage, Task
from ..hamiltonian import energy_of
from ..observations import Learner, Seen
from ..outline import Outline
from ..sampling import Ensemble, Temperature
from ..seeds import generator, integer
from ..spec import Bottleneck, Count, Listed, Name, Positive, Words

if TYPE_CHECKING:
    import xarray as xr
    from torch import Tensor

    from ..kernels.ednn import Shape
    from ..kernels.tables import Table
    from ..patterns import Slope

MOST = 20  # sites of a window whose patterns can be tabulated
ALONE = Lock()  # parallel loops may not be entered by two threads at once


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
        lattice, energy = observations.lattice(system), energy_of(system)
        together([*self.misfit(lattice, energy), *self.unfit(trajectory)])
        side, dims = self.focus + 2 * self.context, len(lattice.sides)
        bits, model, needs = side**dims, None, "trajectory"
        if isinstance(self.train, Regression):
            labels, model = self.labelling(self.train.labels, sources)
            needs = labels.name
            if model.seen is not None:
                observations.admitted(trajectory, model.seen.observations, model.seen.test)
        parameters = sum(a * b for a, b in zip((bits, *self.hidden), (*self.hidden, 1)))
        seconds = self.steps * (2e-10 * parameters * 2**bits + 1e-8 * self.batch * bits * dims)
        return (Stage(
            f"bottleneck.{name}", fit, Tabulated(name, self, lattice.sides, model), self.promises(energy.unit),
            (needs,), group=f"/bottleneck/{name}", 
            sizes={"pattern": 1 << bits, "step": self.steps, "axis": dims},
            coords={"beta": trajectory.coords["beta"], "cluster": tuple(patterns.few(side, dims))}, interpreted=True,
            energy=learned_outline(system, most=bits, table=True, misfit=untiled(self.focus, self.context)),
            form=FORMS["patterns"],
            seconds=seconds * len(trajectory.coords["beta"]), **Ensemble.of(trajectory).how,
        ),)  # fmt: skip

    def promises(self, J: str) -> dict[str, Promise]:
        """The energy of a window and what is read off it, in units of J."""
        about = {"focus": self.focus, "context": self.context, "stride": self.focus, **FORMS["patterns"].mark}
        says, unit = ("square of E - E_label", f"{J}2") if self.labelled else ("-ln P(s_i | the others)", "nat")
        return {
            "pattern_energy": Promise(
                ("beta", "pattern"), J, "energy of a window by its pattern, bit b: spin b is up", attrs=about
            ),
            "patterns_seen": Promise(("beta",), "1", "number of patterns that were seen while learning", "int32"),
            "loss": Promise(("beta", "step"), unit, f"{says}, mean over the batch"),
            "offset": Promise(
                ("cluster", "axis"), "1", "place of the second spin less that of the first; 0 for one spin", "int16",
                label=True,
            ),
            "coupling": Promise(
                ("beta", "cluster"), J, "coupling of one or two spins, E = - coupling prod s, mean over translations"
            ),
        }  # fmt: skip

    def misfit(self, lattice: Lattice, energy: Outline) -> Iterator[MeaningError]:
        """Where windows do not tile such matter."""
        sides, side = lattice.sides, self.focus + 2 * self.context
        dims = len(sides)
        if energy.colours:
            yield MeaningError("windows are of spins ±1; these have colours", "kind", hint="colour-expansion")
        if not lattice.periodic:
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
            yield MeaningError("at equilibrium there are no drives", "drives", hint="drop it")
        if self.shrink is not None and not self.skip:
            yield MeaningError("it is drawn towards products of spins; skip = 0 has none", "shrink", hint="skip = 2")
        if isinstance(self.train, Regression):
            seen, what = self.train.configurations, "random configurations"
            if self.observations is not None:
                yield MeaningError("regression reads no observations", "observations", key=True, hint="drop it")
        else:
            seen, what = observations.admitted(trajectory, self.observations), "observations"
        if self.batch > seen:
            message = f"a batch of {self.batch} is more than the {seen} {what}"
            yield MeaningError(message, "batch", code="E203", hint=f"at most {seen}")

    def labelling(self, labels: str, sources: Mapping[str, Stage]) -> tuple[Stage, Fitted]:
        """The sequence model that says the energies, and its stage."""
        try:
            return sequences.sequence(labels, sources)
        except MeaningError as error:
            raise MeaningError(str(error), "train", "labels", code=error.code, hint=error.hint) from error


@dataclass(frozen=True)
class Tabulated(Learner):
    """What decides the energy that is learned; `model` says the energies for a regression."""

    name: str
    word: Ednn
    sides: tuple[int, ...]
    model: Fitted | None = None

    @property
    def seen(self) -> Seen | None:
        """Of a regression, what its model has learned from."""
        return self.model.seen if self.model else Seen(self.word.observations)

    @property
    def sites(self) -> int:
        """Number of sites."""
        return int(np.prod(self.sides))

    def shape(self) -> Shape:
        """The window and its network."""
        from ..kernels.ednn import Shape

        return Shape(self.word.focus, self.word.context, self.word.hidden, len(self.sides))


Fit = Task[Tabulated, Temperature]


def fit(task: Fit, **inputs: xr.Dataset) -> xr.Dataset:
    """The energy at one temperature."""
    import numba
    import torch

    from ..kernels import ednn

    torch.set_num_threads(1)  # the runner gives every thread a task; more would be the same cores twice
    numba.set_num_threads(1)
    params, word, (found,) = task.params, task.params.word, inputs.values()
    shape = params.shape()
    window = ednn.windows(shape, params.sides)
    with ALONE:
        if isinstance(word.train, Regression) and params.model is not None:
            spins, labels = labelled(task, word.train, params.model, found)
            pattern = ednn.seen(window, spins)
            slope, start = patterns.regression(pattern, labels), None
        else:
            pattern = ednn.seen(window, observations.observed(found, word.observations))
            slope, start = likely(task, shape, pattern, window)
        model, flat = patterns.begun(shape, word.skip, stream(task, "start"), start)
        table, loss = descended(task, model, flat, slope, len(pattern))
    seen = np.bincount(pattern.ravel(), minlength=1 << shape.bits)
    return patterns.told(shape, model, table, seen, loss, word.shrink)


def stream(task: Fit, name: str) -> int:
    """The seed of a stream of one temperature."""
    return integer(task.seed, "bottleneck", task.params.name, task.part, name)


def likely(task: Fit, shape: Shape, pattern: np.ndarray, window: np.ndarray) -> tuple[Slope, Tensor | None]:
    """The pseudolikelihood with its gradient, and products that were fitted by themselves first."""
    sites, beta, skip, start = task.params.sites, task.part_params.beta, task.params.word.skip, None
    if skip:
        start = patterns.coefficients(shape, skip, pattern, window, sites, beta, stream(task, "products"))
    return patterns.pseudolikelihood(pattern, window, sites, beta), start


def labelled(task: Fit, train: Regression, model: Fitted, found: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Random configurations (n, site) and their energies less the mean, (n): of several fits equal numbers, each less
    its own; DataError where one is infinite."""
    rng = generator(task.seed, "bottleneck", task.params.name, task.part, "configurations")
    size = (model.networks, train.configurations, task.params.sites)
    spins = 2 * rng.integers(2, size=size, dtype=np.int8) - 1
    E = np.stack([sequences.labels(model, found, s, task.part_params.beta, k) for k, s in enumerate(spins)])
    return spins.reshape(-1, size[-1]), (E - E.mean(axis=1, keepdims=True)).ravel()


def descended(task: Fit, model: Table, flat: Tensor, slope: Slope, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The table, float64, and the loss of each step; DataError where they are no numbers."""
    from ..kernels import tables

    word = task.params.word
    loss = np.zeros(word.steps)

    def mark(step: int, value: float) -> None:
        loss[step] = value
        task.tick((step + 1) / (word.steps + 1))

    rng = generator(task.seed, "bottleneck", task.params.name, task.part, "batches")
    last = word.learning_rate if word.last is None else word.last
    batches = tables.shuffled(count, word.batch, rng)
    flat = tables.descended(model, flat, batches, slope, word.steps, word.learning_rate, last, mark)
    table = model.values(flat.double()).numpy()
    if not np.isfinite(table).all() or not np.isfinite(loss).all():
        message = f"at beta = {task.part_params.beta:g} training diverges; a smaller learning rate, or a larger batch"
        raise DataError(message)
    return table, loss
