"""Drives, sets of named fields, as a protocol and a recording both speak of them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from .errors import MeaningError
from .graph import Promise, Stage, Task
from .seeds import philox_key
from .spec import Count, Label, Labels, Words

if TYPE_CHECKING:
    import xarray as xr

Order = Literal["random", "random-with-repeats", "periodic"]


class Subsets(Words):
    """Every subset of `size` of the fields is a drive, named by its fields."""

    kind: Literal["subsets"]
    size: Count = Field(description="number of fields in a drive")

    def sets(self, fields: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        if self.size > len(fields):
            raise MeaningError(
                f"subsets of {self.size} of {len(fields)} fields",
                "drives", "size", code="E203", hint=f"at most {len(fields)}",
            )  # fmt: skip
        joint = "" if all(len(f) == 1 for f in fields) else "+"
        sets = {joint.join(names): names for names in combinations(fields, self.size)}
        if len(sets) < comb(len(fields), self.size):
            raise MeaningError("two subsets would have the same name; rename the fields", "fields", code="E107")
        return sets


class List(Words):
    """Drives by name, each a list of fields."""

    kind: Literal["list"]
    sets_: Annotated[dict[Label, Labels], Field(alias="sets", min_length=1, description="name = [fields]")]

    def sets(self, fields: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        for name, members in self.sets_.items():
            for k, member in enumerate(members):
                if member not in fields:
                    raise MeaningError(
                        f"drive {name!r} names the field {member!r}, which is not declared",
                        "drives", "sets", name, k, code="E202", hint=f"declared are {', '.join(fields)}",
                    )  # fmt: skip
        for name, members in self.sets_.items():
            twin = next(n for n, m in self.sets_.items() if set(m) == set(members))
            if twin != name:
                message = f"drives {twin!r} and {name!r} have the same fields and cannot be told apart"
                raise MeaningError(message, "drives", "sets", name, code="E107")
        return dict(self.sets_)


Drives = Annotated[Subsets | List, Field(discriminator="kind")]


def nulls(
    order: str, drives: Mapping[str, tuple[str, ...]], fields: tuple[str, ...], trials: int, switches: tuple[int, ...]
) -> Stage:
    """The stage `nulls`: scores that need no memory in matter, for `trials` histories of each drive.

    `ceiling`, of the best guess from all fields so far, and `memoryless`, from the present field alone;
    expectations at equal priors. For 4-of-5 drives 1/(5 - D_t) on average, D_t distinct fields, and 1/4.
    """
    said = {"order": order, "drives": {n: list(f) for n, f in drives.items()}, "fields": list(fields)}
    gives = {
        "ceiling": Promise(("time",), "1", "Bayes ceiling: best score from all fields so far"),
        "ceiling_se": Promise(("time",), "1", "standard error of the ceiling, over histories"),
        "memoryless": Promise(("time",), "1", "best score from the present field alone"),
    }
    return Stage(
        "nulls", expect, said | {"trials": trials, "switches": list(switches)}, gives,
        code=("spindsl.kernels.orders", "spindsl.kernels.philox"), group="/protocol", coords={"switch": switches},
    )  # fmt: skip


def expect(task: Task) -> xr.Dataset:
    """Null scores from the histories of fields of all trials, the very ones the simulation uses."""
    import xarray as xr

    from .kernels.orders import ORDERS, bayes_score, evidence, schedule

    said, last = task.said, max(task.said["switches"])
    at = np.array(said["switches"]) - 1
    trials = np.arange(said["trials"], dtype=np.uint64)
    order = ORDERS.index(said["order"])
    member = np.array([[d.index(f) if f in d else -1 for f in said["fields"]] for d in said["drives"].values()])
    size = (member >= 0).sum(axis=1, keepdims=True)
    present = np.where(member >= 0, 1.0 / size, 0.0)[..., None] * np.ones(
        last
    )  # P(field now | drive), (drive, field, t)
    if said["order"] == "periodic":
        present = (member[..., None] == np.arange(last) % size[..., None]).astype(float)
    known = present.max(axis=0) / np.maximum(present.sum(axis=0), 1e-300)
    ceiling, memoryless = [], []
    for name, drive in said["drives"].items():
        row = schedule(order, len(drive), trials, last, philox_key(task.seed, "order", name))
        history = np.array([said["fields"].index(f) for f in drive])[row]
        ceiling.append(bayes_score(evidence(order, history, member))[:, at])
        memoryless.append(known[history[:, at], at])
    ceiling, memoryless = np.concatenate(ceiling), np.concatenate(memoryless)
    return xr.Dataset({
        "ceiling": ("time", ceiling.mean(axis=0)),
        "ceiling_se": ("time", ceiling.std(axis=0) / np.sqrt(len(ceiling))),
        "memoryless": ("time", memoryless.mean(axis=0)),
    })  # fmt: skip
