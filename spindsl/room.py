"""Whether an experiment fits into the memory and on the disk of a machine, before anything is computed.

Estimates are lower bounds: the whole result of a stage beside the results that it needs, all of which are put together
in memory, and neighbour lists where there are edges.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

from . import factors
from .errors import Finding, MeaningError
from .graph import Stage
from .spec import Protocol

KEYS = {  # of the dimensions of a trajectory
    "trial": "trials", "time": "switches", "chain": "chains", "sample": "samples",
}  # fmt: skip
UNNAMED = {d for p in factors.VARIABLES.values() for d in p.dims} - {"spin"}  # dimensions that no file speaks of
EDGE = 24  # bytes an edge of neighbour lists: a number and a coupling, from either end


@dataclass(frozen=True)
class Limits:
    """What a machine has left, in bytes."""

    memory: float
    disk: float
    folder: Path = Path()  # whose disk it is


def limits(folder: Path) -> Limits:
    """Those of this machine: memory to be had without swapping, within that of a container; disk of the folder."""
    while not folder.exists():
        folder = folder.absolute().parent
    return Limits(min(available(), contained()), shutil.disk_usage(folder).free, folder)


def available(meminfo: Path = Path("/proc/meminfo")) -> float:
    """Bytes of memory that are available; infinite where the system does not say."""
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        return float(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return float("inf")


def contained(group: Path = Path("/sys/fs/cgroup")) -> float:
    """Bytes of memory that a container leaves; infinite outside of one."""
    try:
        return float((group / "memory.max").read_text()) - float((group / "memory.current").read_text())
    except (OSError, ValueError):  # absent, or "max"
        return float("inf")


def countless(protocol: Protocol, system: Stage, have: Limits) -> None:
    """MeaningError for more configurations than memory holds, before they are numbered."""
    numbers = protocol.counts()
    if not numbers:
        return
    width = max(system.sizes.get("spin", 1), system.sizes.get("particle", 1))
    most = max(numbers, key=lambda k: numbers[k])
    needed = max(prod(numbers.values()) * width, 64 * numbers[most])
    applied = protocol.applied()
    if applied * 8 > have.memory:  # the fields of one trial, recorded or not
        numbers, most, needed = {"switches": applied}, "switches", applied * 8
    if needed > have.memory:
        made = " × ".join(f"{v:,} {k}" for k, v in numbers.items() if v > 1)
        raise MeaningError(
            f"{made} of {width:,} spins or particles take at least {size(needed)} of memory, "
            f"this machine has {size(have.memory)} left", most, code="E206", hint=f"fewer {most}",
        )  # fmt: skip


def crowded(stages: Mapping[str, Stage], have: Limits) -> Iterator[tuple[Stage, Finding]]:
    """The stages that memory does not hold, the first of those that need one another; each with its mistake."""
    lost: set[str] = set()
    for name, stage in stages.items():
        if lost & set(stage.needs):
            lost.add(name)
            continue
        known = [stage, *(stages[n] for n in stage.needs if n in stages)]
        edges = max(s.sizes.get("edge", 0) for s in known)
        needed = sum(s.bytes for s in known) + EDGE * edges + (evidence(stages) if name == "nulls" else 0)
        if needed > have.memory:
            lost.add(name)
            yield stage, memory(stage, needed, have)


def memory(stage: Stage, needed: float, have: Limits) -> Finding:
    """The mistake of a stage that memory does not hold, at the table that it is of."""
    dims = {d: stage.size(d) for p in stage.gives.values() for d in p.dims if d not in UNNAMED}
    largest = sorted((d for d in dims if dims[d] > 1), key=lambda d: -dims[d])[:3]
    what = " × ".join(f"{dims[d]:,} {d}" for d in largest)
    message = (
        f"{stage.name} takes at least {size(needed)} of memory ({what}), this machine has {size(have.memory)} left"
    )
    hint = (
        "fewer edges: fewer spins, or a sparser graph" if largest[:1] == ["edge"] else f"fewer of {', '.join(largest)}"
    )
    return Finding("E206", message, place(stage), hint=hint)


def evidence(stages: Mapping[str, Stage]) -> int:
    """Bytes of what the fields of each trial of a drive tell of every drive at every switch."""
    trajectory = stages.get("trajectory")
    return 8 * trajectory.size("trial") * trajectory.size("drive") * trajectory.grows if trajectory else 0


def place(stage: Stage) -> tuple[str, ...]:
    """The key that a stage is as large as it is by, or its table."""
    noun, _, name = stage.name.partition(".")
    if name:
        return noun, name.partition(".")[0], "kind"
    if noun == "system":
        return "system", "spins"
    dims = {d: stage.size(d) for p in stage.gives.values() for d in p.dims if d in KEYS}
    return "protocol", KEYS[max(dims, key=lambda d: dims[d])] if dims else "kind"


def size(count: float) -> str:
    """Bytes for people."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:,.1f} GB" if count < 1000 else f"{count:,.0f} GB"
