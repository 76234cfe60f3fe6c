"""Which pieces of a stage are stored, which are lacking, and how they are put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .graph import NUMBERED, Stage
from .store import Block, Store

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Piece:
    """One file of one part of a stage: stored, or to be computed."""

    part: str
    key: str
    labels: tuple[int, ...]
    grown: tuple[int, int]
    path: Path
    stored: bool
    before: Path | None = None  # the piece that this one continues


def survey(store: Store, stage: Stage, keys: Mapping[str, str], block: int | None = None) -> list[Piece]:
    """The pieces that together give the stage, as many as possible from the store.

    Pieces of one chain of growth come in order. `block` overrides the stage's own block size.
    """
    found: list[Piece] = []
    for part, key in keys.items():
        chains = chained(store.blocks(stage.name, key))
        wanted = set(stage.split.labels) if stage.split else {0}
        for chain in sorted(chains, key=lambda c: (-c[-1].stop, c[0])):
            if not wanted & set(chain[0].labels):
                continue
            reach = [b for b in chain if b.start <= max(stage.grows, 1)]
            found += [Piece(part, key, b.labels, (b.start, b.stop), b.path, True) for b in reach]
            if reach[-1].stop < stage.grows:
                grown = (reach[-1].stop + 1, stage.grows)
                path = store.place(stage, key, reach[0].labels, grown)
                found.append(Piece(part, key, reach[0].labels, grown, path, False, reach[-1].path))
            wanted -= set(chain[0].labels)
        grown = (1, stage.grows) if stage.grows else (0, 0)
        for labels in runs(sorted(wanted), block or (stage.split.block if stage.split else 1)):
            found.append(Piece(part, key, labels, grown, store.place(stage, key, labels, grown), False))
    return found


def chained(blocks: Sequence[Block]) -> list[list[Block]]:
    """Blocks of the same labels, each continuing the one before, from the start; overlaps left out."""
    chains: list[list[Block]] = []
    taken: set[int] = set()
    for first in sorted((b for b in blocks if b.start <= 1), key=lambda b: (-b.stop, b)):
        if taken & set(first.labels):
            continue
        taken |= set(first.labels)
        chain = [first]
        while follow := [b for b in blocks if b.labels == first.labels and b.start == chain[-1].stop + 1 > 1]:
            chain.append(max(follow, key=lambda b: b.stop))
        chains.append(chain)
    return chains


def runs(labels: Sequence[int], block: int) -> Iterable[tuple[int, ...]]:
    """Cut sorted labels into neighbours, at most `block` together."""
    run: list[int] = []
    for label in labels:
        if run and (label != run[-1] + 1 or len(run) == block):
            yield tuple(run)
            run = []
        run.append(label)
    if run:
        yield tuple(run)


def labelled(stage: Stage, piece: Piece, block: xr.Dataset, inputs: Iterable[xr.Dataset]) -> xr.Dataset:
    """A fresh piece with the labels by which it will be found again, and the drive of each trial if that is known."""
    for known in inputs:
        if "trial" in block.dims and "drive" not in {*block.dims, *block.coords} and "drive" in known.coords:
            block = block.assign_coords(drive=("trial", known["drive"].values))
    if stage.split and stage.split.dim in block.dims:
        block = block.assign_coords({stage.split.dim: list(piece.labels)})
    for dim, coord in NUMBERED.items():
        if dim not in block.dims:
            continue
        numbers = stage.coords[coord]
        if stage.split and stage.split.dim == coord:
            numbers = piece.labels
        elif stage.grows:
            numbers = [k for k in numbers if piece.grown[0] <= k <= piece.grown[1]]
        block = block.assign_coords({coord: (dim, np.array(numbers, dtype=np.int64))})
    return block


class Assembly:
    """The whole result of a stage, filled piece by piece in any order."""

    def __init__(self, stage: Stage):
        self.stage, self.arrays = stage, {}
        self.attrs, self.extra = {}, {}
        self.reach: dict[tuple, int] = {}  # how far each chain of growth has come

    def place(self, piece: Piece, block: xr.Dataset) -> None:
        """Copy a piece to where it belongs; labels that were not asked for are left out."""
        stage = self.stage
        source: dict[str, np.ndarray | slice] = {}
        target: dict[str, np.ndarray | slice] = {}
        for dim, coord in {"trial": "trial", "chain": "chain", **NUMBERED}.items():
            if coord in block.coords and dim in stage.coords:
                have, want = block[coord].values, np.array(stage.coords[coord])
                source[dim] = span(np.flatnonzero(np.isin(have, want)))
                target[dim] = span(np.flatnonzero(np.isin(want, have)))
        if stage.cut:
            target[stage.dim] = span(np.array([list(stage.parts).index(piece.part)]))
        chain = piece.part, piece.labels
        reach = self.reach.get(chain, 0)
        for name, promise in stage.gives.items():
            values = block[name].values
            values = values[None] if stage.cut and promise.dims[:1] == (stage.dim,) else values
            if name not in self.arrays:
                shape = [stage.size(d) if d in stage.coords else values.shape[i] for i, d in enumerate(promise.dims)]
                self.arrays[name] = np.empty(shape, values.dtype)
            if not NUMBERED.keys() & set(promise.dims) and piece.grown[1] < reach:
                continue  # a later piece of the chain has spoken
            at = tuple(target.get(d, slice(None)) for d in promise.dims)
            of = tuple(source.get(d, slice(None)) for d in promise.dims)
            self.arrays[name][at] = values[of]
        self.reach[chain] = max(reach, piece.grown[1])
        self.attrs = dict(block.attrs)
        self.extra |= {n: (c.dims, c.values) for n, c in block.coords.items() if n not in stage.coords}
        if not stage.cut and "drive" in block.coords:
            self.extra["drive"] = (block["drive"].dims, block["drive"].values)

    def dataset(self) -> xr.Dataset:
        """The whole, with the coordinates of the stage."""
        import xarray as xr

        stage = self.stage
        whole = xr.Dataset({n: (stage.gives[n].dims, v) for n, v in self.arrays.items()}, attrs=self.attrs)
        for name, labels in stage.coords.items():
            dim = "time" if name == "switch" else name
            if dim in whole.dims:
                whole = whole.assign_coords({name: (dim, np.array(labels))})
        extra = {n: v for n, v in self.extra.items() if set(v[0]) <= set(whole.dims)}
        whole = whole.assign_coords({n: v for n, v in extra.items() if n not in whole.coords})
        for name, promise in stage.gives.items():
            whole[name].attrs = {"long_name": promise.long_name, "units": promise.units, **promise.attrs}
        return whole


def span(index: np.ndarray) -> slice | np.ndarray:
    """Consecutive indices as a slice, others as they are."""
    if len(index) and index[-1] - index[0] + 1 == len(index):
        return slice(int(index[0]), int(index[-1]) + 1)
    return index
