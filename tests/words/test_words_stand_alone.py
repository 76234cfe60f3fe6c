"""A graph, a kind of couplings, a reader or a dynamics is added in files of its own: no other file speaks of it."""

import re
from pathlib import Path

import pytest

import spindsl
from spindsl.spec import Couplings, Dynamics, Reader, Topology, words

SOURCE = Path(spindsl.__file__).parent
ENROLLED = [word for noun in (Topology, Couplings, Reader, Dynamics) for word in words(noun).values()]


@pytest.mark.parametrize("word", ENROLLED, ids=lambda w: w.__name__)
def test_no_other_file_names_it(word):
    own = {word.__module__}
    if issubclass(word, Dynamics):
        rule = f"rules.{word.__module__.rpartition('.')[2]}"
        own |= {f"spindsl.kernels.{k}" for k in (rule, "chains", "clusters")}
    for path in SOURCE.rglob("*.py"):
        module = ".".join(("spindsl", *path.relative_to(SOURCE).with_suffix("").parts))
        if module not in own and not module.startswith(("spindsl.codes", "spindsl.diagnose")):
            found = re.search(rf"\b(class|import|=|\() *{word.__name__}\b", path.read_text())
            assert not found or word.__name__ in ("Normal", "Uniform"), (module, found)
            assert word.__module__ not in path.read_text()
