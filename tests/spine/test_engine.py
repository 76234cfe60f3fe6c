"""A piece is a function of the run's folder, the node and the piece: any engine gives the same bytes."""

import json
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from spindsl.engine import Runner
from spindsl.errors import ConflictError
from spindsl.planning import plan
from spindsl.run import Elsewhere, compute, opened, workplace
from spindsl.store import keys


def planned(text: str, folder: Path) -> Path:
    """A run directory with its text and plan, nothing computed."""
    folder.mkdir(parents=True)
    (folder / "e.toml").write_text(text)
    run = opened(folder / "e.toml", folder / "runs")
    path, _ = run.directory(keys(run.graph()))
    run.describe(path)
    return path


def blocks(path: Path) -> dict[str, bytes]:
    """All files of the store, by name."""
    store = path.parent.parent / ".store"
    return {str(f.relative_to(store)): f.read_bytes() for f in sorted(store.rglob("*.nc"))}


def test_fresh_processes_give_the_same_bytes_as_threads(still, tmp_path):
    one, other = planned(still, tmp_path / "a"), planned(still, tmp_path / "b")
    place = workplace(one.absolute())
    Runner(place.graph, place.store, 2).run()
    place = workplace(other.absolute())
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        Runner(place.graph, place.store, 2, engine=Elsewhere(pool, other)).run()
    assert blocks(one) and blocks(one) == blocks(other)


def test_a_process_needs_nothing_but_the_folder(still, tmp_path):
    path = planned(still, tmp_path / "a")
    place = workplace(path.absolute())
    row = next(r for r in plan(place.graph, place.store) if r.node == "system")
    code = "import sys, pathlib; from spindsl.run import compute, workplace; from spindsl.planning import plan;"
    code += "f = pathlib.Path(sys.argv[1]); w = workplace(f);"
    code += "compute(f, 'system', next(r for r in plan(w.graph, w.store) if r.node == 'system').pieces[0])"
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, cwd=tmp_path)
    assert row.pieces[0].path.exists()


def test_a_folder_with_unlike_keys_is_refused(still, tmp_path):
    path = planned(still, tmp_path / "a")
    known = json.loads((path / "plan.json").read_text())
    known["keys"]["system"] = {"": "0123456789abcdef"}
    (path / "plan.json").write_text(json.dumps(known))
    place = plan_of(path)
    with pytest.raises(ConflictError, match="run it again"):
        compute(path, "system", place)


def plan_of(path: Path):
    """The one piece of the system."""
    from spindsl.run import resumed

    run = resumed(path)
    return next(r for r in plan(run.graph(), run.store) if r.node == "system").pieces[0]


def test_numba_is_loaded_before_threads_need_it(small, tmp_path):
    """Two stages that load it at once would find half of it."""
    path = planned(small, tmp_path / "a")
    code = """
import sys, pathlib
from spindsl.engine import Runner
from spindsl.run import workplace

class Seen(BaseException):
    pass

class Engine:
    def submit(self, *piece):
        numba = sys.modules.get("numba")
        raise Seen(numba is not None and not numba.__spec__._initializing)

place = workplace(pathlib.Path(sys.argv[1]))
assert "numba" not in sys.modules
try:
    Runner(place.graph, place.store, 2, engine=Engine()).run()
except Seen as seen:
    assert seen.args[0]
else:
    raise AssertionError("nothing was computed")
"""
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, cwd=tmp_path)
