"""Run examples in plain Python and note every function of ours that is executed inside `run`.

    NUMBA_DISABLE_JIT=1 python executed.py OUT.json [noun/kind …]

Writes, for every stage that was computed: its definitions reached, those executed, and code executed that is reached
by none. This is no walk of syntax trees: `sys.setprofile` sees what Python calls.
"""

import functools
import importlib
import json
import pkgutil
import runpy
import sys
import tempfile
import time
import types
from dataclasses import replace
from pathlib import Path

from enrolled import ENROLLED, lowered

import spindsl
from spindsl.engine import Runner
from spindsl.graph import Graph, Node
from spindsl.identity import closure
from spindsl.identity.index import Index, Place
from spindsl.identity.reach import shown
from spindsl.store import Store

HOME = Path(spindsl.__file__).parent
OPTIMIZED = 1  # flag of code of functions, not of class bodies
ASIDE = {f"spindsl.{n}" for n in ("watching", "progress", "engine")}  # progress callbacks
SKIPPED = {"spindsl.cli", "spindsl.kernels.located"}
SMALLER = {"CHAINS": 8, "BURN": 2, "BATCH": 50}  # chains of kernels.inversion.moments, minutes in plain Python


def load_all() -> None:
    """Import every module, so that what imports execute is not seen as executed by a stage."""
    for module in pkgutil.walk_packages([str(HOME)], "spindsl."):
        if module.name not in SKIPPED:
            importlib.import_module(module.name)
    lighten()


def lighten() -> None:
    """Make long chains short: what they execute is the same."""
    moments = importlib.import_module("spindsl.kernels.inversion.moments")
    for name, value in SMALLER.items():
        setattr(moments, name, value)


def profiled(stage: object, seen: dict[str, set[types.CodeType]]) -> object:
    """The stage with a `run` that notes what it calls."""

    @functools.wraps(stage.run)
    def run(*args: object, **inputs: object) -> object:
        called = seen.setdefault(stage.name, set())

        def note(frame: types.FrameType, event: str, _: object) -> None:
            if event == "call":
                called.add(frame.f_code)

        sys.setprofile(note)
        try:
            return stage.run(*args, **inputs)
        finally:
            sys.setprofile(None)

    return replace(stage, run=run)


class Places:
    """Which definition a piece of code belongs to."""

    def __init__(self, index: Index):
        self.index = index
        self.modules = {str(path): name for name, path in index.files.items()}

    def of(self, code: types.CodeType) -> Place | None:
        """The smallest definition around its first line; None for what is not ours or no function."""
        name = self.modules.get(code.co_filename)
        if name is None or name in ASIDE or not code.co_flags & OPTIMIZED:
            return None
        around = [
            (d.lines[1] - d.lines[0], k) for k, d in enumerate(self.index.module(name).definitions)
            if d.lines[0] <= code.co_firstlineno <= d.lines[1]
        ]  # fmt: skip
        return (name, min(around)[1]) if around else (name, -1)


def noted(graph: Graph, seen: dict[str, set[types.CodeType]]) -> dict[str, dict]:
    """By stage: functions reached, those of them executed, and what was executed outside."""
    found = {}
    for stage in graph.stages.values():
        if stage.name not in seen:
            continue
        reached = closure(stage.run, (stage.params, stage.parts))
        places = Places(reached.index)
        executed = {p for p in map(places.of, seen[stage.name]) if p}
        functions = {p for p in reached.places if reached.index.definition(p).kind in ("function", "method")}
        outside = [
            f"{p[0]}:{reached.index.definition(p).name if p[1] >= 0 else '?'}" for p in executed - reached.places
        ]
        found[stage.name] = {
            "run": f"{stage.run.__module__}:{stage.run.__qualname__}", "reached": len(functions),
            "executed": len(functions & executed), "outside": sorted(outside),
            "idle": sorted(shown(reached.index, p) for p in functions - executed),
        }  # fmt: skip
    return found


def examples(names: list[str], folder: Path) -> dict[str, dict]:
    """Run examples, one store for all: a stage that is the same in several is computed once."""
    shared = runpy.run_path(str(Path(__file__).parents[1] / "conftest.py"))
    small, still = shared["SMALL"].replace("1000.0", "10.0").replace("dwell = 100.0", "dwell = 1.0"), shared["STILL"]
    plain = small[: small.index("[bottleneck.vae]")]
    found = {}
    for noun, kind in ENROLLED:
        if names and f"{noun}/{kind}" not in names:
            continue
        began, home = time.time(), folder / f"{noun}-{kind}"
        home.mkdir()
        base = plain if noun in ("system", "dynamics", "protocol", "topology", "couplings") else small
        graph = lowered(noun, kind, base, still, home, shared["written"])
        seen: dict[str, set[types.CodeType]] = {}
        nodes = {n: Node(profiled(node.stage, seen), node.sources, node.place) for n, node in graph.nodes.items()}
        Runner(Graph(nodes, graph.axes), Store(folder / "store"), 1).run()
        found |= {f"{noun}/{kind} {name}": one for name, one in noted(graph, seen).items()}
        print(f"{noun}/{kind}", len(seen), f"{time.time() - began:.1f} s", flush=True)
    return found


if __name__ == "__main__":
    load_all()
    with tempfile.TemporaryDirectory() as folder:
        Path(sys.argv[1]).write_text(json.dumps(examples(sys.argv[2:], Path(folder)), indent=1))
