"""Names that are computed within what a stage reaches: no walk follows them. Write a dictionary instead.

`getattr` and `setattr` with a name that is no literal, `import_module`, `__import__`, `globals`, `vars`, `locals`,
`eval` and `exec`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .reach import closure


def computed(stages: Iterable[tuple[Callable[..., object], object]]) -> dict[str, tuple[str, ...]]:
    """The calls at fault by definition, "module:name", over the closures of functions with their parameters."""
    found: dict[str, tuple[str, ...]] = {}
    for run, params in stages:
        for name, faults in closure(run, params).faults.items():
            found[name] = tuple(sorted({call for _, call in faults}))
    return dict(sorted(found.items()))
