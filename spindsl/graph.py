"""A graph of stages: what is computed from what, and in which pieces.

A stage may be cut in three ways, all of them invisible in its result:

    parts   named pieces that know nothing of each other (the drives, the temperatures)
    split   a count of independent pieces, taken in blocks (trials, chains; the times of per-time fits)
    grows   a count that can only be extended from its end (the switches of a trajectory, the samples of a chain)

Extents (how many trials, which switches) are no part of a stage's identity, so asking for more computes
only the difference.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic

import numpy as np
from typing_extensions import TypeVar

if TYPE_CHECKING:
    import xarray as xr

    from .forms import Form
    from .outline import Outline

P = TypeVar("P", default=Any)  # parameters of a stage: a frozen model or dataclass
Q = TypeVar("Q", default=Any)  # parameters of one of its parts


@dataclass(frozen=True)
class Promise:
    """What a stage says of one variable; checked when it comes out."""

    dims: tuple[str, ...]
    units: str
    long_name: str
    dtype: str = "float64"
    attrs: Mapping[str, Any] = field(default_factory=dict)
    hidden: bool = False  # kept in the store, not shown in the result
    label: bool = False  # a number that names something: no mean is taken of it


NUMBERED = {"time": "switch", "sample": "sample"}  # what grows, and the coordinate that numbers it
SPINS = {"flag_values": np.array([-1, 1], dtype=np.int8), "flag_meanings": "down up"}


@dataclass(frozen=True)
class Split:
    """Independent pieces `labels` along `dim`, of which one task takes up to `block` neighbours.

    `dim` is "trial", "chain" or "switch" (a coordinate of the dimension `time`).
    """

    dim: str
    labels: tuple[int, ...]
    block: int


@dataclass(frozen=True)
class Task(Generic[P, Q]):
    """One piece of one stage, as its `run` sees it: `def fit(task: Task[Ednn, Temperature], …)`."""

    seed: int
    params: P  # that decide the numbers
    disorder: int = 0  # seed of what is quenched
    files: Mapping[str, Path] = field(default_factory=dict)
    part: str = ""  # name of the part
    part_params: Q = field(default_factory=dict)  # pyright: ignore[reportAssignmentType]  # of this part alone
    labels: tuple[int, ...] = ()  # of the split dimension
    grown: tuple[int, int] = (0, 0)  # first and last number of the growing dimension
    before: xr.Dataset | None = None  # the piece that ends where this one begins
    tick: Callable[[float], None] = lambda fraction: None  # report progress; raises Stopped if asked to stop


@dataclass(frozen=True)
class Stage:
    """One step: `run(task, **inputs)` gives a Dataset with the promised variables.

    `params` is a frozen model or dataclass: it travels as it is to `run`, and its JSON is part of the key.
    """

    name: str
    run: Callable[..., xr.Dataset]
    params: Any  # that decide the numbers
    gives: Mapping[str, Promise]
    needs: tuple[str, ...] = ()
    parts: Mapping[str, Any] = field(default_factory=lambda: {"": {}})  # parameters of each part, by its name
    split: Split | None = None
    grows: int = 0  # the last switch
    files: Mapping[str, Path] = field(default_factory=dict)  # read by it; known by their sha256
    group: str = ""  # of the result; "" keeps the stage out of it
    sizes: Mapping[str, int] = field(default_factory=dict)  # of dimensions without coordinate
    coords: Mapping[str, tuple] = field(default_factory=dict)  # labels of the whole result, by dimension
    dim: str = "drive"  # that the parts become
    apart: bool = False  # a part sees, of what it needs along that dimension, its own place alone
    timeless: bool = False  # reads nothing of its inputs that depends on time
    accelerated: bool = False  # runs whole on a GPU, if there is one
    interpreted: bool = False  # holds the interpreter: pieces run in processes of their own
    across: str = ""  # path of a swept parameter: takes what it needs at all its values, as a dimension in front
    quenched: bool = False  # draws disorder only: its seed is that of the realization
    seconds: float = 0.0  # estimated, one core
    seed: int = 0  # of all that is thermal: the root's, or that of a point of a sweep
    disorder: int = 0  # of all that is quenched: the root's, or that of a realization
    energy: Outline | None = None  # of matter that has one, or of a model that has learned one
    form: Form | None = None  # in which a model states the energy that it has learned
    observed: int | None = (
        None  # how many observations a model at equilibrium is fitted to; 0 where it is told the energy
    )
    keywords: Mapping[str, str] = field(default_factory=dict)  # of `run`, for needs that it calls otherwise

    @property
    def cut(self) -> bool:
        """Whether the stage is made of parts, which become the dimension `dim`."""
        return "" not in self.parts

    def size(self, dim: str) -> int:
        """Length of a dimension of the whole result, 1 if it is only known later."""
        return len(self.coords[dim]) if dim in self.coords else self.sizes.get(dim, 1)

    @property
    def bytes(self) -> int:
        """Estimated size of the result in memory."""
        return sum(np.dtype(p.dtype).itemsize * math.prod(map(self.size, p.dims)) for p in self.gives.values())

    def checked(self, result: xr.Dataset) -> xr.Dataset:
        """Hold one piece against the promises and label its variables; TypeError names what differs."""
        if set(result.data_vars) != set(self.gives):
            raise TypeError(f"{self.name} gave {sorted(map(str, result.data_vars))}, promised {sorted(self.gives)}")
        for name, promise in self.gives.items():
            dims = promise.dims[1:] if self.cut and promise.dims[:1] == (self.dim,) else promise.dims
            if result[name].dims != dims or result[name].dtype != np.dtype(promise.dtype):
                found = f"{result[name].dims} {result[name].dtype}"
                raise TypeError(f"{self.name}.{name} is {found}, promised {dims} {promise.dtype}")
            result[name].attrs = {"long_name": promise.long_name, "units": promise.units, **promise.attrs}
        return result


@dataclass(frozen=True)
class Node:
    """A stage at one place of a sweep, and the nodes that give what it needs."""

    stage: Stage
    sources: Mapping[str, tuple[str, ...]]  # name of a needed stage -> node, or those at all values of `across`
    place: tuple[int | None, ...] = ()  # number along each axis, None where the stage does not vary along it

    @property
    def needed(self) -> set[str]:
        """Nodes that it needs."""
        return {at for several in self.sources.values() for at in several}


@dataclass(frozen=True)
class Graph:
    """Nodes by name, in an order in which each comes after what it needs.

    Without a sweep the name of a node is that of its stage.
    """

    nodes: Mapping[str, Node]
    axes: tuple[Any, ...] = ()  # of the sweep, see `sweeping.Axis`

    def __post_init__(self) -> None:
        known = set()
        for name, node in self.nodes.items():
            missing = node.needed - known
            if missing or set(node.sources) != set(node.stage.needs):
                raise TypeError(f"{name} needs {sorted(missing)}, which come later or never")
            known.add(name)

    @classmethod
    def of(cls, stages: Mapping[str, Stage]) -> Graph:
        """Without a sweep."""
        return cls({name: Node(s, {n: (n,) for n in s.needs}) for name, s in stages.items()})

    @property
    def stages(self) -> dict[str, Stage]:
        """Stages by the names of their nodes."""
        return {name: node.stage for name, node in self.nodes.items()}
