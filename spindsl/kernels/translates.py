"""Translates of a template, a set of offsets, on a grid whose sites are numbered in C order."""

from collections.abc import Sequence

import numpy as np


def translates(template: Sequence[Sequence[int]], sides: tuple[int, ...], periodic: bool = True) -> np.ndarray:
    """Sites of a template at all places where it fits, (place, body)."""
    at = np.indices(sides).reshape(len(sides), -1).T[:, None] + np.array(template)
    if not periodic:
        at = at[((at >= 0) & (at < sides)).all(axis=(1, 2))]
    return np.asarray(np.ravel_multi_index(tuple(np.moveaxis(at % sides, -1, 0)), sides))


def distinct(template: Sequence[Sequence[int]], sides: tuple[int, ...], periodic: bool = True) -> np.ndarray:
    """The same, each set of sites once and sorted, (term, body)."""
    return np.unique(np.sort(translates(template, sides, periodic), axis=1), axis=0)
