"""Who watches a run, and who may stop it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

from .errors import Stopped


class Progress(Protocol):
    """Whoever wants to know how far a run has come."""

    def stage(self, name: str, pieces: int, cached: int) -> None: ...
    def advance(self, name: str, fraction: float) -> None: ...
    def done(self, name: str, seconds: float) -> None: ...


class Silent:
    """Nobody."""

    def __enter__(self) -> Silent:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    def stage(self, name: str, pieces: int, cached: int) -> None: ...
    def advance(self, name: str, fraction: float) -> None: ...
    def done(self, name: str, seconds: float) -> None: ...


@dataclass
class Stop:
    """Set by a signal; every piece looks at it now and then."""

    signal: int = 0

    def check(self) -> None:
        if self.signal:
            raise Stopped(self.signal)


@dataclass
class Seen:
    """The tick of one piece: hands on what is new, and stops when asked."""

    advance: Callable[[float], None]
    stop: Stop
    last: float = 0.0

    def __call__(self, fraction: float) -> None:
        self.stop.check()
        self.advance(fraction - self.last)
        self.last = fraction
