"""Progress of a run: nested bars on a terminal, else one plain line now and then."""

from __future__ import annotations

import sys
import time
from types import TracebackType

EVERY = 30.0  # s between plain lines


def progress() -> Bars | Lines:
    """Whatever suits where stderr goes."""
    return Bars() if sys.stderr.isatty() else Lines()


class Lines:
    """A line when a stage ends, and every 30 s within one."""

    def __enter__(self) -> Lines:
        self.done_so_far, self.said = 0.0, time.monotonic()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    def stage(self, name: str, pieces: int, cached: int) -> None:
        self.done_so_far = 0.0

    def advance(self, name: str, fraction: float) -> None:
        self.done_so_far += fraction
        if time.monotonic() - self.said > EVERY:
            self.said = time.monotonic()
            print(f"{name}: {100 * self.done_so_far:.0f} %", file=sys.stderr, flush=True)

    def done(self, name: str, seconds: float) -> None:
        if seconds > 1:
            print(f"{name}: done in {seconds:.0f} s", file=sys.stderr, flush=True)


class Bars:
    """A bar a stage, with what was stored already, rate and time left."""

    def __enter__(self) -> Bars:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        self.bars = Progress(
            TextColumn("{task.description:<24}"), BarColumn(24), TextColumn("{task.percentage:>4.0f} %"),
            TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("{task.fields[stored]}"),
            console=Console(stderr=True),
        )  # fmt: skip
        self.tasks = {}
        self.bars.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.bars.stop()

    def stage(self, name: str, pieces: int, cached: int) -> None:
        self.tasks[name] = self.bars.add_task(name, total=1.0, stored=f"{cached}/{pieces} stored" if cached else "")

    def advance(self, name: str, fraction: float) -> None:
        self.bars.advance(self.tasks[name], fraction)

    def done(self, name: str, seconds: float) -> None:
        self.bars.update(self.tasks[name], completed=1.0)
