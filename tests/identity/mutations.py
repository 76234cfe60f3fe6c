"""Change one thing in a copy of the sources, run one stage before and after: where numbers change, the key must.

    python mutations.py OUT.jsonl [COUNT]

Run again it goes on where it stopped. Sites are chosen among functions that were executed (by `sys.setprofile`), and
among constants, class attributes and registrations of their modules, never by what the walk reaches. Each mutation is a
process that is forked from one that has loaded all libraries, and imports the mutated copy.
"""

import ast
import compileall
import copy
import hashlib
import json
import os
import random
import runpy
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from itertools import zip_longest
from pathlib import Path

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
LIMIT = 30  # s that a mutated stage may take
SWAPS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.Lt: ast.LtE, ast.LtE: ast.Lt,
         ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.And: ast.Or, ast.Or: ast.And}  # fmt: skip
CHANGEABLE = (ast.Return, ast.Constant, ast.BinOp, ast.BoolOp, ast.Compare, ast.FunctionDef, ast.Dict)


@dataclass(frozen=True)
class Site:
    """One mutation of one file."""

    file: str
    line: int
    kind: str
    number: int  # of the node in the file


def mutated(source: str, number: int) -> tuple[str, str, int]:
    """The source with its node changed, what kind of change it was, and the line; "" where nothing can be changed."""
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    node = nodes[number]
    kind = change(node, tree)
    return (ast.unparse(ast.fix_missing_locations(tree)) if kind else "", kind, getattr(node, "lineno", 0))


def change(node: ast.AST, tree: ast.Module) -> str:
    """Change one node in place; gives the kind of change."""
    if isinstance(node, ast.Return) and node.value is not None:
        node.value = ast.Call(ast.Name("_changed", ast.Load()), [node.value], [])
        at = 1 + max((k for k, n in enumerate(tree.body) if isinstance(n, ast.ImportFrom) and n.module == "__future__"),
                     default=0 if ast.get_docstring(tree) else -1)  # fmt: skip
        tree.body.insert(at, CHANGED)
        return "returned value"
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        node.value = node.value + 1 if isinstance(node.value, int) else node.value * 1.25 + 0.125
        return "constant"
    if isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in SWAPS:
        node.op = SWAPS[type(node.op)]()
        return "operator"
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        node.ops[0] = SWAPS[type(node.ops[0])]()
        return "comparison"
    if isinstance(node, ast.FunctionDef) and node.decorator_list and "register" in ast.unparse(node.decorator_list[0]):
        node.decorator_list = []
        return "registration"
    if isinstance(node, ast.Dict) and len(node.values) > 1:
        node.values = [*node.values[1:], node.values[0]]
        return "table"
    return ""


CHANGED = ast.parse('''
def _changed(x):
    import numpy
    if isinstance(x, tuple) and not hasattr(x, "_fields"):
        return (_changed(x[0]), *x[1:]) if x else x
    if isinstance(x, bool):
        return not x
    if isinstance(x, (int, float, numpy.number)):
        return type(x)(x + 1)
    if isinstance(x, numpy.ndarray) and x.dtype.kind in "iuf":
        return (x + 1).astype(x.dtype)
    if hasattr(x, "data_vars"):
        return x.map(lambda v: (v + 1).astype(v.dtype) if v.dtype.kind in "iuf" else v, keep_attrs=True)
    if isinstance(x, list):
        return x[::-1]
    return x
''').body[0]  # fmt: skip


def hashed(dataset: object) -> str:
    """Hash of all values of a dataset."""
    digest = hashlib.sha256()
    for name in sorted(dataset.variables):
        values = dataset[name].values
        digest.update(f"{name}{values.dtype}{values.shape}".encode())
        digest.update(values.tobytes() if values.dtype != object else repr(values.tolist()).encode())
    return digest.hexdigest()


@dataclass
class Seen:
    """A stage that was run once: with what, how long, what it called and gave."""

    noun: str
    kind: str
    node: str
    task: dict[str, object]
    inputs: dict[str, object]
    seconds: float
    called: set[tuple[str, int]]  # files and first lines
    result: str = ""
    key: str = ""


def observed(folder: Path, names: list[tuple[str, str]]) -> list[Seen]:
    """Run the examples once; every first piece of every stage."""
    from enrolled import lowered
    from executed import load_all

    from spindsl.engine import Runner
    from spindsl.graph import Graph, Node
    from spindsl.store import Store

    load_all()
    found: list[Seen] = []
    for noun, kind in names:
        home = folder / f"{noun}-{kind}"
        home.mkdir()
        graph = lowered(noun, kind, *texts(noun), home, SHARED["written"])
        nodes = {n: Node(watched(noun, kind, n, node.stage, found), node.sources, node.place)
                 for n, node in graph.nodes.items()}  # fmt: skip
        Runner(Graph(nodes, graph.axes), Store(folder / "store"), 1).run()
        print(noun, kind, len(found), flush=True)
    return found


sys.path.append(str(HERE.parent))  # what conftest imports
SHARED = runpy.run_path(str(HERE.parent / "conftest.py"))


def texts(noun: str) -> tuple[str, str]:
    """The experiments that examples stand in."""
    small = SHARED["SMALL"].replace("1000.0", "10.0").replace("dwell = 100.0", "dwell = 1.0")
    plain = small[: small.index("[bottleneck.vae]")]
    return plain if noun in ("system", "dynamics", "protocol", "topology", "couplings") else small, SHARED["STILL"]


def watched(noun: str, kind: str, node: str, stage: object, found: list[Seen]) -> object:
    """The stage, which notes its first piece."""
    import functools
    from dataclasses import replace

    @functools.wraps(stage.run)
    def run(task: object, **inputs: object) -> object:
        if any((s.noun, s.kind, s.node) == (noun, kind, node) for s in found):
            return stage.run(task, **inputs)
        called: set[tuple[str, int]] = set()
        given = {f.name: getattr(task, f.name) for f in fields(task) if f.name != "tick"}
        kept = {n: d.copy(deep=True) for n, d in inputs.items()}
        sys.setprofile(lambda frame, event, _: called.add((frame.f_code.co_filename, frame.f_code.co_firstlineno)))
        began = time.time()
        try:
            result = stage.run(task, **inputs)
        finally:
            sys.setprofile(None)
        found.append(Seen(noun, kind, node, given, kept, time.time() - began, called))
        return result

    return replace(stage, run=run)


def again(one: Seen) -> tuple[str, str]:
    """The numbers and the closure's key of a stage, by the code that is imported now."""
    from enrolled import lowered

    from spindsl.graph import Task
    from spindsl.identity import closure
    from spindsl.params import as_json

    with tempfile.TemporaryDirectory() as home:
        stage = lowered(one.noun, one.kind, *texts(one.noun), Path(home), SHARED["written"]).stages[one.node]
        task = dict(one.task) | {"files": {k: Path(home) / Path(p).name for k, p in one.task["files"].items()}}
        key = closure(stage.run, (stage.params, stage.parts)).key
        task["params"], task["part_params"] = stage.params, stage.parts.get(one.task["part"], one.task["part_params"])
        key += hashlib.sha256(
            json.dumps([as_json(stage.params), as_json(dict(stage.parts))], sort_keys=True).encode()
        ).hexdigest()
        return hashed(stage.run(Task(**task), **{n: d.copy(deep=True) for n, d in one.inputs.items()})), key


def forked(work: Callable[[], object]) -> dict[str, object]:
    """What `work` gives in a process of its own; {} if it fails or takes too long."""
    reading, writing = os.pipe()
    if not (child := os.fork()):
        os.close(reading)
        signal.alarm(LIMIT)
        warnings.simplefilter("ignore")
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            os.write(writing, json.dumps(work()).encode())
        except BaseException as error:
            os.write(writing, json.dumps({"error": f"{type(error).__name__}: {error}"[:200]}).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return json.loads(told) if told else {"error": "too long"}


def anew(one: Seen) -> dict[str, object]:
    """The same with all modules of ours imported again."""
    for name in [n for n in sys.modules if n.partition(".")[0] in ("spindsl", "enrolled", "executed")]:
        del sys.modules[name]
    from executed import lighten

    lighten()
    result, key = again(one)
    return {"result": result, "key": key}


def sites(seen: list[Seen], copied: Path) -> Iterator[tuple[Site, Seen, str]]:
    """Mutations, each with the quickest stage that executes it, in an order drawn at random."""
    home = str(copied / "spindsl")
    quick: dict[tuple[str, int], Seen] = {}
    loose: dict[str, list[Seen]] = {}
    for one in sorted(seen, key=lambda s: s.seconds):
        for place in one.called:
            if place[0].startswith(home):
                quick.setdefault(place, one)
                loose.setdefault(place[0], []).append(one)
    rng, drawn = random.Random(1), []
    for file in sorted(loose):
        source = Path(file).read_text()
        tree = ast.parse(source)
        aside, standing = prose(tree), outside_bodies(tree)
        functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
        for number, node in enumerate(ast.walk(tree)):
            kind = change(copy.deepcopy(node), ast.Module([], [])) if isinstance(node, CHANGEABLE) else ""
            if not kind or number in aside:
                continue
            line = node.lineno
            around = [f for f in functions if first(f) <= line <= f.end_lineno]
            inner = min(around, key=lambda f: f.end_lineno - f.lineno) if around else None
            by = quick.get((file, first(inner))) if inner else rng.choice(loose[file])
            if by:
                kind = kind if kind != "constant" else standing.get(number, kind)
                drawn.append((Site(file.removeprefix(home + "/"), line, kind, number), by))
    rng.shuffle(drawn)
    several: dict[str, list[tuple[Site, Seen]]] = {}
    for one in drawn:
        several.setdefault(one[0].kind, []).append(one)
    for row in zip_longest(*several.values()):  # of every kind in turn, while there are some
        for site, by in filter(None, row):
            text, _, _ = mutated((copied / "spindsl" / site.file).read_text(), site.number)
            yield site, by, text


def outside_bodies(tree: ast.Module) -> dict[int, str]:
    """What a constant is that stands in no body of a function, by the number of its node."""
    inside: dict[int, str] = {}
    for one in ast.walk(tree):
        if isinstance(one, ast.FunctionDef):
            several, kind = [*one.args.defaults, *filter(None, one.args.kw_defaults)], "default"
        elif isinstance(one, ast.ClassDef | ast.Module):
            several = [n for n in one.body if isinstance(n, ast.Assign | ast.AnnAssign)]
            kind = "class attribute" if isinstance(one, ast.ClassDef) else "constant of a module"
        else:
            continue
        inside |= {id(n): kind for part in several for n in ast.walk(part)}
    return {number: inside[id(n)] for number, n in enumerate(ast.walk(tree)) if id(n) in inside}


def first(node: ast.FunctionDef) -> int:
    """The first line of a function as its code has it."""
    return min([node.lineno, *(d.lineno for d in node.decorator_list)])


def prose(tree: ast.Module) -> set[int]:
    """Numbers of the nodes that stand in an exception that is raised, or in an annotation."""
    inside: set[int] = set()
    for one in ast.walk(tree):
        parts = (
            [one] if isinstance(one, ast.Raise) else [getattr(one, "annotation", None), getattr(one, "returns", None)]
        )
        inside.update(id(n) for part in parts if part for n in ast.walk(part))
    return {number for number, node in enumerate(ast.walk(tree)) if id(node) in inside}


def drive(out: Path, count: int, names: list[tuple[str, str]]) -> None:
    """Mutate until `count` mutations have changed numbers; what is known already is not done again."""
    copied = Path(os.environ["MUTATED"])
    known = {json.loads(r)["site"] for r in out.read_text().splitlines()} if out.exists() else set()
    done = sum(json.loads(r).get("changed", False) for r in out.read_text().splitlines()) if out.exists() else 0
    with tempfile.TemporaryDirectory() as folder, out.open("a") as log:
        seen = observed(Path(folder), names)
        base: dict[int, dict[str, object]] = {}
        for site, one, text in sites(seen, copied):
            label = f"{site.file}:{site.line} {site.kind} {site.number} {one.noun}/{one.kind} {one.node}"
            if done >= count or label in known or not text:
                continue
            known.add(label)
            before = base.setdefault(id(one), forked(lambda one=one: anew(one)))
            if "error" in before:
                print("no base", label, before, flush=True)
                continue
            path = copied / "spindsl" / site.file
            kept, stamp = path.read_text(), path.stat()
            path.write_text(text)
            os.utime(path, (stamp.st_atime, stamp.st_mtime + 10))  # or compiled code of the other would do
            try:
                after = forked(lambda one=one: anew(one))
            finally:
                path.write_text(kept)
                os.utime(path, (stamp.st_atime, stamp.st_mtime))
            row = {"site": label, "error": after.get("error", "")}
            if not row["error"]:
                row |= {"changed": after["result"] != before["result"], "key": after["key"] != before["key"]}
                done += row["changed"]
            log.write(json.dumps(row) + "\n")
            log.flush()


QUICK = [("system", "ising"), ("system", "hysterons"), ("dynamics", "arrhenius"), ("system", "random-organization")]


def main() -> None:
    """Copy the sources once, then start over within the copy, without a compiler."""
    out, count = Path(sys.argv[1]).absolute(), int(sys.argv[2]) if len(sys.argv) > 2 else 300
    if "MUTATED" not in os.environ:
        with tempfile.TemporaryDirectory() as copied:
            shutil.copytree(ROOT / "spindsl", Path(copied) / "spindsl", ignore=shutil.ignore_patterns("__pycache__"))
            compileall.compile_dir(copied, quiet=1)
            plain = {"NUMBA_DISABLE_JIT": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
            env = os.environ | plain | {"MUTATED": copied, "PYTHONPATH": copied}
            code = os.spawnve(os.P_WAIT, sys.executable, [sys.executable, __file__, *sys.argv[1:]], env)
        raise SystemExit(code)
    from enrolled import ENROLLED

    wanted = [tuple(n.split("/")) for n in sys.argv[3:]] or ENROLLED
    drive(out, count, [n for n in ENROLLED if n in wanted])


if __name__ == "__main__":
    main()
