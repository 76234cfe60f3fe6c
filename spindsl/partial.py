"""What is wrong in other layers of a file whose form is wrong: all mistakes of a file at once, none that follows."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import diagnose
from .diagnose import mending
from .errors import Finding, SpecError, SpindslError
from .experiment import Experiment
from .lower import lower
from .sweeping import owner

SIZED = ("E203", "E206", "E207", "E301", "E302", "E303", "E304", "E305")  # what follows from how much there is
NAMES = ("E202",)  # what follows from names that a protocol or a recording gives
UNEXPECTED = (ArithmeticError, LookupError, TypeError, ValueError, OSError)  # of stand-ins, whose fault it is not


def complete(error: SpecError, text: str, changes: tuple[str, ...], data: Path) -> SpecError:
    """The error with all that is wrong beside in the same file; as it is where the text cannot be read or mended."""
    try:
        table = tomllib.loads(text)
        diagnose.change(table, changes)
    except (ValueError, RecursionError, SpecError):
        return error
    copies = [found for size in (mending.SMALL, mending.LARGE) if (found := mended(table, size, data)) is not None]
    if not copies:
        return error
    first, *others = copies
    same = mending.common(first[1], others[0][1]) if others else first[1]
    rest = [f for f in same if independent(f, table, first[0], error.findings, alone=not others)]
    return SpecError(diagnose.arranged(text, [*error.findings, *rest], changes))


def mended(table: dict, size: int, data: Path) -> tuple[mending.Mended, list[Finding]] | None:
    """A mended copy and what is wrong with it, at the places of the file; None where it cannot be mended."""
    copied, experiment = mending.mended(Experiment, table, size) or (None, None)
    if copied is None or not isinstance(experiment, Experiment):
        return None
    found = [*copied.found, *lowered(experiment, data)]
    return copied, [mending.moved(f, copied) for f in found]


def lowered(experiment: Experiment, data: Path) -> Sequence[Finding]:
    """What does not fit together; nothing where a data file is absent, which is a warning of `check`."""
    names = [name for word in experiment.words().values() for name in word.files().values()]
    if not all((data / name).exists() for name in names):
        return ()
    try:
        lower(experiment, data)
    except SpecError as error:
        return error.findings
    except (SpindslError, *UNEXPECTED):
        return ()
    return ()


def independent(
    finding: Finding, table: dict, copied: mending.Mended, known: Sequence[Finding], alone: bool
) -> bool:  # fmt: skip
    """Whether a mistake is one of the file, and does not follow from another or from a stand-in."""
    if any(begins(finding.path, f.path) or begins(f.path, finding.path) for f in known if f.path):
        return False
    if owner(finding.path) in copied.lost or any(about(finding, name, table) for name in copied.lost):
        return False
    core = copied.touched & set(mending.CORE)
    if finding.code in SIZED:
        return not core and not alone
    if finding.code in NAMES:
        return not core & {"system", "protocol"} and not alone
    if finding.code == "E205":
        home = next(values(table, finding.path), "")
        return finding.path[-1] == "of" and (not core or str(home).startswith(mending.NAMED))
    return True


def about(finding: Finding, lost: str, table: dict) -> bool:
    """Whether a mistake is that a table that was left out is not there."""
    name = lost.rpartition(".")[2]
    given = [v for v in values(table, finding.path) if isinstance(v, str)]
    return repr(name) in finding.message or any(f"{v}.".startswith(f"{lost}.") for v in given)


def values(table: object, path: Sequence[str | int]) -> Iterator[object]:
    """The value at a path, if it is there."""
    if not path:
        yield table
    elif mending.there(table, path[:1]) and isinstance(table, dict | list):
        held = enumerate(table) if isinstance(table, list) else table.items()
        yield from values(next(value for key, value in held if key == path[0]), path[1:])


def begins(path: Sequence[str | int], first: Sequence[str | int]) -> bool:
    """Whether a path begins with another."""
    return tuple(path[: len(first)]) == tuple(first)
