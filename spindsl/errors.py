"""What can go wrong, by whose fault it is. The exit codes are those of the command line."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Finding:
    """One mistake (or, with a W code, one warning) in an experiment file, at its place."""

    code: str  # E1xx language, E2xx meaning, E3xx data; W2xx physics lints, W3xx data
    message: str
    path: tuple[str | int, ...] = ()
    line: int = 0  # 1-based; 0 where the place is not known
    column: int = 0
    width: int = 1
    hint: str = ""
    notes: tuple[str, ...] = field(default=())
    key: bool = False  # the key is wrong, not its value

    @property
    def told(self) -> str:
        """What is wrong, and what to do."""
        return f"{self.message}; {self.hint}" if self.hint else self.message

    @property
    def warns(self) -> bool:
        return self.code.startswith("W")


class SpindslError(Exception):
    """Anything spindsl raises on purpose."""

    exit_code = 1


class SpecError(SpindslError):
    """The experiment file is wrong; holds every finding at once."""

    exit_code = 3

    def __init__(self, findings: list[Finding]):
        super().__init__("\n".join(f"{f.code} {'.'.join(map(str, f.path))}: {f.told}" for f in findings))
        self.findings = findings


class MeaningError(ValueError):
    """Raised by a word whose keys are each right but wrong together; becomes a finding at `path`.

    `others` are further ones, found at the same time.
    """

    def __init__(self, message: str, *path: str | int, code: str = "E201", hint: str = "", key: bool = False):
        super().__init__(message)
        self.path, self.code, self.hint, self.key = path, code, hint, key
        self.others: tuple[MeaningError, ...] = ()

    def findings(self, *path: str | int) -> Iterator[Finding]:
        """As mistakes of the table at a path."""
        yield Finding(self.code, str(self), (*path, *self.path), hint=self.hint, key=self.key)
        for other in self.others:
            yield from other.findings(*path)


def together(errors: Iterable[MeaningError]) -> None:
    """Raise all the errors as one, if there are any."""
    several = list(errors)
    if several:
        several[0].others = tuple(several[1:])
        raise several[0]


class DataError(SpindslError):
    """A data file is absent, or holds what it should not; `path` is the key that it is blamed on, if one is known."""

    exit_code = 3

    def __init__(self, message: str, *path: str | int, code: str = "E301", hint: str = ""):
        super().__init__(message)
        self.path, self.code, self.hint = path, code, hint


class FilesError(SpecError, DataError):
    """A SpecError all of whose findings are of data files."""

    def __init__(self, findings: list[Finding]):
        DataError.__init__(self, "\n".join(f.told for f in findings), code=findings[0].code, hint=findings[0].hint)
        self.findings = findings


class StoreError(SpindslError):
    """A file in the store is truncated, foreign or inconsistent. It is named and never loaded."""

    exit_code = 5


class ConflictError(SpindslError):
    """The run directory belongs to something else."""

    exit_code = 5


class SpaceError(SpecError):
    """The run would not fit on the disk."""


class StageError(SpindslError):
    """A stage failed; what was finished is kept."""

    exit_code = 4


class Stopped(SpindslError):
    """Interrupted by a signal; resumable."""

    def __init__(self, signal: int):
        super().__init__("stopped; resume with the same command")
        self.exit_code = 128 + signal
