"""Terms that a translation-invariant energy may have, low order first.

A template is a set of offsets from a site, its own first: ((0, 0), (0, 1)) is the bond along the last axis. Its terms
are its translates on the lattice. Two templates that are translates of each other are one; nothing else is
identified: neither rotations nor reflections are assumed to be symmetries.
"""

from itertools import combinations, product

import numpy as np

Template = tuple[tuple[int, ...], ...]


def candidates(
    sides: tuple[int, ...], reach: int | None, order: int, window: int, periodic: bool = True
) -> list[Template]:
    """Templates by size: the field; pairs up to `reach` along each axis; 3 … `order` sites in a box of side `window`.

    `reach` None means every pair of the lattice. Each template once, of size 1 first.
    """
    span = [range(-(n // 2), n // 2 + 1) if reach is None else range(-min(reach, n - 1), reach + 1) for n in sides]
    origin = (0,) * len(sides)
    sets = [(origin,)] if order >= 1 else []
    sets += [(origin, d) for d in product(*span)] if order >= 2 else []
    box = list(product(*(range(min(window, n)) for n in sides)))
    sets += [t for k in range(3, order + 1) for t in combinations(box, k)]
    found = {canonical(t, sides, periodic): None for t in sets}
    return sorted((t for t in found if len(t) > 1 or t == (origin,)), key=lambda t: (len(t), extent(t, sides), t))


def canonical(template: Template, sides: tuple[int, ...], periodic: bool = True) -> Template:
    """The least of the translates of a template that hold the origin; a site named twice counts once."""
    offsets = np.unique(np.array(template) % sides if periodic else np.array(template), axis=0)
    if not periodic:
        return _rows(offsets - offsets.min(axis=0))
    moved = [np.unique((offsets - o) % sides, axis=0) for o in offsets]
    return min(
        (_rows(_near(m, sides)) for m in moved), key=lambda t: (extent(t, sides), [tuple(-np.array(x)) for x in t])
    )


def extent(template: Template, sides: tuple[int, ...]) -> float:
    """Sum over the sites of their squared distances to one another, around the torus."""
    x = np.array(template)
    d = np.abs(x[:, None] - x[None])
    return float((np.minimum(d, np.abs(np.array(sides) - d)) ** 2).sum())


def _near(offsets: np.ndarray, sides: tuple[int, ...]) -> np.ndarray:
    half = np.array(sides) // 2
    return np.where(offsets > half, offsets - sides, offsets)


def _rows(offsets: np.ndarray) -> Template:
    rows = sorted(tuple(int(v) for v in o) for o in offsets)
    return tuple(sorted(rows, key=lambda o: any(o)))
