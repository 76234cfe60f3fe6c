"""Cases that fail today, each with its reason. A pattern is searched in what `Failure.cause` says.

The list is to become empty: a case that is mended needs no line, and an unused line fails nothing.
"""

from __future__ import annotations

from typing import NamedTuple


class Known(NamedTuple):
    """A failure that is known."""

    pattern: str
    reason: str


KNOWN: tuple[Known, ...] = ()
