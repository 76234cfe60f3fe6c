"""Functions that hold the interpreter, each in a process of its own.

A network of this size spends half of its time between products of matrices, where threads wait for one
another; processes do not. The workers (loky's) outlive a run and are started when they are first needed.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor
from concurrent.futures import TimeoutError as Late
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr
    from loky import ProcessPoolExecutor

    from .graph import Task


ONE = threading.Lock()
POOLS: dict[int, ProcessPoolExecutor] = {}  # by number of workers


class Processes:
    """As many processes as workers, once one is asked for."""

    def __init__(self, workers: int):
        self.workers = workers

    def __enter__(self) -> Processes:
        self.killed = False
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None and self.killed:
            POOLS.pop(self.workers).shutdown(wait=True, kill_workers=True)

    def executor(self) -> ProcessPoolExecutor:
        """The one pool of so many workers, started by whoever asks first."""
        from loky import ProcessPoolExecutor

        with ONE:
            if self.workers not in POOLS:
                POOLS[self.workers] = ProcessPoolExecutor(self.workers, timeout=600)
                atexit.register(POOLS[self.workers].shutdown, wait=True, kill_workers=True)
            return POOLS[self.workers]

    def call(
        self, run: Callable[..., xr.Dataset], task: Task, inputs: Mapping[str, xr.Dataset], check: Callable[[], None]
    ) -> xr.Dataset:
        """`run(task, **inputs)` elsewhere; `check` is asked now and then and may raise."""
        future = self.executor().submit(alone, run, replace(task, tick=unheard), dict(inputs))
        while True:
            try:
                return future.result(timeout=0.2)
            except Late:
                self.killed = True  # unless the check passes
                check()
                self.killed = False
            except BrokenExecutor as error:
                POOLS.pop(self.workers, None)
                raise RuntimeError("a worker process has ended, perhaps for want of memory") from error


def unheard(fraction: float) -> None:
    """A tick that nobody hears."""


def alone(run: Callable[..., xr.Dataset], task: Task, inputs: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """With one thread of BLAS."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return run(task, **inputs)
