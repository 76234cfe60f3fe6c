"""Cases that fail today, each with its reason. A pattern is searched in what `Failure.cause` says.

The list is to become empty: a case that is mended needs no line, and an unused line fails nothing.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Known(NamedTuple):
    """A failure that is known."""

    pattern: str
    reason: str


KNOWN: tuple[Known, ...] = (
    # refused, but not as it should be
    Known(r"^refusal: no hint", "refused without a hint"),
    Known(r"^check: DataError", "a data file is refused by `check` as an error without code, line and hint"),
    # tracebacks in `check`
    Known(r"^check: KeyError: 'rule'", "a dynamics of sweeps under cyclic-drive"),
    Known(r"^check: KeyError: .*\(threshold\.py", "threshold of a bottleneck"),
    Known(r"^check: KeyError: 'system'", "a reference of recorded matter"),
    Known(r"^check: KeyError: 'spin'", "enumeration of discs"),
    Known(r"^check: (KeyError|AttributeError): .*'attrs'", "inversion and predictions of a spin glass"),
    # valid, then a failure that the text or a file decides
    Known(r"^run: .*(could not be broadcast|parameter multi_index).*system=learned", "learned on other dimensions"),
    Known(r"^run: .*is a product of \d+ spins.*system=learned", "clusters of learned products of three spins"),
    Known(r"^run: .*reference\.chain .*'periodic'", "the chain of a spin glass"),
    Known(r"^run: .*levels-\d+  ", "levels of what is no plane, or has no whole energies"),
    Known(r"^run: .*(kernel density|covariance) of \d+ features needs more than", "a joint density of too few trials"),
    Known(r"^run: .*no (couplings|energy|tables) can be fitted", "a fit of few observations"),
    Known(r"^run: .*SVD did not converge", "decoding along lines where a latent variable does not vary"),
    # valid and run, then no report
    Known(r"^report: .*StopIteration \(bezier", "an arrow of a figure has no length"),
    Known(r"^report: .*x and y must have same first dimension", "novelty of several networks"),
)


def known(cause: str) -> Known | None:
    """The line that a failure is known by."""
    return next((k for k in KNOWN if re.search(k.pattern, cause)), None)
