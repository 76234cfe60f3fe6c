"""Which switches of a trajectory are recorded, under any drive."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from .errors import MeaningError
from .spec import Count, Switches, Words


@dataclass(frozen=True)
class Slots:
    """The switches that are recorded: every n-th, or these. What a trajectory is told; no extent is part of it."""

    every: int
    switches: tuple[int, ...] | None = None

    def recorded(self, first: int, last: int) -> tuple[int, ...]:
        """Those among the switches first..last, ascending."""
        wanted = self.switches or range(self.every, last + 1, self.every)
        return tuple(k for k in sorted(wanted) if first <= k <= last)

    def count(self, last: int) -> int:
        """How many of the switches 1..last are recorded, without numbering them."""
        return len(self.switches) if self.switches else last // self.every

    def slot(self, first: int, last: int) -> np.ndarray:
        """Where each of the switches first..last is recorded, (switch) int64, -1 for nowhere."""
        at = self.recorded(first, last)
        slot = np.full(last - first + 1, -1)
        slot[np.array(at, dtype=np.int64) - first] = np.arange(len(at))
        return slot


class Record(Words):
    """What is kept of a trajectory: after which switches. A drive adds what it observes."""

    every: Count = Field(default=1, description="keep every n-th switch")
    switches: Switches | None = Field(default=None, description="keep these switches instead")

    @property
    def slots(self) -> Slots:
        return Slots(self.every, self.switches)

    def fits(self, last: int) -> None:
        """MeaningError of the protocol unless something is recorded, and nothing after the last switch."""
        late = [s for s in self.switches or () if s > last]
        if late:
            raise MeaningError(
                f"switch {late[0]} is after the last, {last}", "record", "switches", code="E203", hint=f"at most {last}"
            )
        if self.every > last:
            hint = f"at most {last}"
            raise MeaningError("nothing would be recorded", "record", "every", code="E203", hint=hint)
