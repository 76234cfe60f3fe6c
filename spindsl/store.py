"""The content store: blocks of results, found again by what they are made of.

    <runs>/.store/<stage>/<key>/000000-000049.s000001-000300.nc

The key hashes what decides the numbers: the resolved parameters without extents, the keys of what is
needed, the seed, data files by their sha256, and all the code that the stage's `run` reaches (see `identity`).
Extents (which trials, which switches) are in the file names. Files are written beside and renamed, so a
block is whole or absent; each carries its key and checksums, and none is loaded that does not fit.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import blocks
from .errors import StoreError
from .graph import Graph, Stage
from .identity import Closure, closure
from .identity.environment import environment, mark
from .params import as_json

if TYPE_CHECKING:
    import xarray as xr

FORMAT = 1
LABELS = ("switch", "drive", "group")  # coordinates that are no dimensions
BLOCK = re.compile(r"^(?:whole|(?P<first>\d+)-(?P<last>\d+))(?:\.s(?P<from>\d+)-(?P<to>\d+))?\.nc$")
WHY = re.compile(r"^why\.[0-9a-f]{8}\.json$")


@cache
def sha256(path: Path, stamp: tuple[int, int]) -> str:
    """Hash of a file's content; `stamp` (size, mtime) renews it within a process."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content(path: Path) -> str:
    """sha256 of a data file."""
    status = path.stat()
    return sha256(path, (status.st_size, status.st_mtime_ns))


@dataclass(frozen=True)
class Made:
    """What one part of a stage is made of, and its key."""

    key: str
    of: Mapping[str, Any]
    code: Closure


def made(graph: Graph) -> dict[str, dict[str, Made]]:
    """What every part of every node is made of."""
    found: dict[str, dict[str, Made]] = {}
    for name, node in graph.nodes.items():
        stage = node.stage
        reached = closure(stage.run, (stage.params, stage.parts))
        of = {
            "name": stage.name, "params": as_json(stage.params),
            "seed": [stage.disorder] if stage.quenched else [stage.seed, stage.disorder],
            "files": {k: content(p) for k, p in stage.files.items()},
            "code": reached.key,
        }  # fmt: skip
        found[name] = {}
        for part, about in stage.parts.items():
            needs = {
                n: [{"keys": seen(found[at], stage, part), **extents(graph.nodes[at].stage, stage)} for at in several]
                for n, several in node.sources.items()
            }
            whole = of | {"needs": needs, "part": part, "part_params": as_json(about)}
            found[name][part] = Made(short(whole), whole, reached)
    return found


def keys(graph: Graph) -> dict[str, dict[str, str]]:
    """The key of every part of every node: {node: {part: 16 hex digits}}."""
    return {name: {part: one.key for part, one in parts.items()} for name, parts in made(graph).items()}


def seen(parts: Mapping[str, Made], stage: Stage, part: str) -> list[str]:
    """Keys of those parts of a need that a part of `stage` sees."""
    return [parts[part].key] if stage.apart and part in parts else [one.key for one in parts.values()]


def extents(need: Stage, stage: Stage) -> dict[str, object]:
    """How much of `need` a piece of `stage` sees: nothing of it that both are split along."""
    much: dict[str, object] = {}
    if need.split and need.split.dim in ("trial", "chain"):
        much[need.split.dim] = len(need.split.labels)
    if "switch" in need.coords and not stage.timeless and not (stage.split and stage.split.dim == "switch"):
        much["switch"] = list(need.coords["switch"])
    if "sample" in need.coords and not stage.timeless:
        much["sample"] = len(need.coords["sample"])
    return much


def short(made_of: Mapping[str, object]) -> str:
    text = json.dumps(made_of, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, order=True)
class Block:
    """A stored piece: labels first..last of the split, numbers start..stop of what grows."""

    first: int
    last: int
    start: int
    stop: int
    path: Path

    @property
    def labels(self) -> tuple[int, ...]:
        return tuple(range(self.first, self.last + 1))


class Store:
    """Blocks on disk below one folder, shared by all runs."""

    def __init__(self, root: Path):
        self.root = root

    def folder(self, stage: str, key: str) -> Path:
        return self.root / stage / key

    def blocks(self, stage: str, key: str) -> list[Block]:
        """All stored blocks of one part of a stage; StoreError names a file that is none."""
        found, folder = [], self.folder(stage, key)
        for path in sorted(folder.glob("*")) if folder.is_dir() else ():
            match = BLOCK.match(path.name)
            if match:
                first, last, start, stop = (int(match[g] or 0) for g in ("first", "last", "from", "to"))
                found.append(Block(first, last, start, stop, path))
            elif not path.name.endswith(".part") and not WHY.match(path.name):
                raise StoreError(f"{path} is no block of the store; remove it")
        return found

    def place(self, stage: Stage, key: str, labels: tuple[int, ...], grown: tuple[int, int]) -> Path:
        """The file of a block."""
        name = f"{labels[0]:06d}-{labels[-1]:06d}" if stage.split else "whole"
        name += f".s{grown[0]:06d}-{grown[1]:06d}" if stage.grows else ""
        return self.folder(stage.name, key) / f"{name}.nc"

    def write(self, path: Path, key: str, block: xr.Dataset) -> None:
        """Store a block atomically: written beside, then renamed."""
        path.parent.mkdir(parents=True, exist_ok=True)
        attrs = block.attrs | {"spindsl_key": key, "spindsl_store": FORMAT}
        attrs["spindsl_environment"] = json.dumps(environment())
        beside = path.with_name(f"{path.name}.{os.getpid()}.part")
        blocks.write(beside, block.variables, attrs)
        os.replace(beside, path)

    def read(self, path: Path, key: str) -> xr.Dataset:
        """Load a block; StoreError names the file if it is truncated, damaged or not what it should be."""
        import xarray as xr

        try:
            variables, attrs = blocks.read(path)
        except (OSError, RuntimeError, ValueError) as error:
            raise StoreError(f"{path} is truncated or damaged ({error}); remove it and run again") from error
        if attrs.pop("spindsl_key", None) != key or attrs.pop("spindsl_store", None) != FORMAT:
            raise StoreError(f"{path} is foreign: it was not written for this place in the store; remove it")
        attrs.pop("spindsl_environment", None)
        return xr.Dataset(variables, attrs=attrs).set_coords([n for n in LABELS if n in variables])

    def explain(self, stage: str, one: Made) -> None:
        """Write beside the pieces of a key, once for each environment, what they are made of."""
        path = self.folder(stage, one.key) / f"why.{mark(environment())}.json"
        if path.exists():
            return
        reached = self.root / ".code" / f"{one.code.key}.json"  # shared by all that reach the same
        if not reached.exists():
            placed(reached, one.code.code)
        placed(path, {"of": one.of, "environment": environment()})

    def whys(self, stage: str, key: str = "*") -> list[Path]:
        """The files that say what pieces of a stage are made of."""
        return sorted(p for p in (self.root / stage).glob(f"{key}/why.*.json") if WHY.match(p.name))

    def environments(self, stage: str, keys: Iterable[str]) -> dict[str, dict[str, str]]:
        """The environments in which stored pieces were made, by mark."""
        files = {p.name.split(".")[1]: p for key in keys for p in self.whys(stage, key)}
        return {m: json.loads(p.read_text(encoding="utf-8"))["environment"] for m, p in sorted(files.items())}


def placed(path: Path, value: Any) -> None:
    """JSON to a file, atomically, whoever else writes it at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    beside.write_text(json.dumps(value, separators=(",", ":"), default=list), encoding="utf-8")
    os.replace(beside, path)
