"""A fit grown term by term: what exceeds chance enters, what is within chance leaves, until neither is left."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np


class Fit(Protocol):
    """What a search knows of the terms that are in."""

    @property
    def chosen(self) -> Sequence[int] | np.ndarray:
        """Numbers of the candidates in the fit, in the order in which they entered."""
        ...


F = TypeVar("F", bound=Fit)


class Search(Protocol[F]):
    """How terms are fitted and tested."""

    def fitted(self, chosen: Sequence[int], before: F) -> F:
        """The fit of these terms, starting from the one `before`."""
        ...

    def within(self, fit: F) -> Sequence[int]:
        """Terms in the fit that chance explains, likeliest first."""
        ...

    def beyond(self, fit: F, shut: Sequence[int]) -> tuple[F, Sequence[int]]:
        """The fit with what was learned of the candidates left out, and those that chance does not explain, first the
        least likely; none of those that are `shut` out."""
        ...


def grown(search: Search[F], fit: F, dropped: np.ndarray, *, new: Sequence[int] = (), singly: bool = True,
          again: int = 1, rounds: int | None = None) -> F:  # fmt: skip
    """The fit that no candidate wants to enter, grown from `fit`; terms `new` enter first of all.

    `singly`: the first of those that may enter or leave does so alone, and terms leave until none may; else all at
    once. A term that was `dropped` (candidate), counted here, `again` times is shut out. ValueError after `rounds`.
    """
    few = 1 if singly else len(dropped)
    for _ in range(again * len(dropped) + 1 if rounds is None else rounds):
        if len(new):
            fit = search.fitted([*fit.chosen, *new], fit)
            fit = pruned(search, fit, dropped, few)
        fit, open = search.beyond(fit, np.flatnonzero(dropped >= again).tolist())
        new = open[:few]
        if not len(new):
            return fit
    raise ValueError(f"the terms do not settle in {rounds} rounds: too few observations for these couplings")


def pruned(search: Search[F], fit: F, dropped: np.ndarray, few: int) -> F:
    """Without the terms that chance explains: `few` are dropped at a time; those that are all dropped at once are not
    tested again."""
    while gone := list(search.within(fit)[:few]):
        dropped[gone] += 1
        fit = search.fitted([k for k in fit.chosen if k not in gone], fit)
        if few > 1:
            break
    return fit
