"""spindsl: a declarative experiment language for driven and disordered matter.

Read the package in this order; each file uses only those after it in the list of ARCHITECTURE.md:

    experiment   TOML text -> Experiment, a frozen model whose tables are words
    systems, dynamics, protocols, bottlenecks, analyses: one word a file
    lower        Experiment -> Graph of stages
    graph        what a stage is, and how it may be cut
    store        where pieces of results lie, by what they are made of
    engine       computes what is lacking
    kernels      arrays in, arrays out
    run, result  the run directory and the DataTree in it
    report, cli  what people see
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .experiment import load, loads
    from .result import open_result as open
    from .run import opened

__version__ = "0.1.0"
__all__ = ["load", "loads", "open", "opened"]
HOMES = {"load": "experiment", "loads": "experiment", "open": "result", "opened": "run"}


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module 'spindsl' has no attribute {name!r}")
    return getattr(import_module(f".{HOMES[name]}", __name__), "open_result" if name == "open" else name)
