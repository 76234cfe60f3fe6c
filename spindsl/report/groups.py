"""The groups of a result, and the experiment that it carries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr


def resolved(tree: xr.DataTree) -> dict[str, Any]:
    """The experiment with its defaults, empty where the result does not carry it."""
    return json.loads(tree.attrs.get("resolved", "{}"))


def group(tree: xr.DataTree, path: str) -> xr.Dataset | None:
    """A group with its own coordinates, or None."""
    try:
        return tree[path].to_dataset()
    except KeyError:
        return None


def groups(tree: xr.DataTree, noun: str) -> dict[str, xr.Dataset]:
    """The bottlenecks or analyses by name."""
    return {name: node.to_dataset() for name, node in tree[noun].children.items()} if noun in tree.children else {}


def switches(dataset: xr.Dataset) -> np.ndarray:
    """The numbers of the switches, else the times, else 1, 2, …"""
    for name in ("switch", "time"):
        if name in dataset.coords:
            return dataset[name].values
    return np.arange(1, dataset.sizes.get("time", 0) + 1)
