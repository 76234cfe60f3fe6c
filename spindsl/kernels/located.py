"""numba's locator of compiled code, as `compiled` wants it. numba alone imports this file."""

from __future__ import annotations

from numba.core.caching import UserProvidedCacheLocator

from .compiled import outside

Plain = tuple[object, str]


class Stamp:
    """What an index of compiled code is valid for, compared and written as it is at that time."""

    def __init__(self, source: object):
        self.source = source  # hash of the function's own file

    def now(self) -> Plain:
        return self.source, outside()

    def __eq__(self, other: object) -> bool:
        return self.now() == (other.now() if isinstance(other, Stamp) else other)

    def __hash__(self) -> int:
        return hash(self.source)

    def __reduce__(self) -> tuple[type[tuple], tuple[Plain]]:
        return tuple, (self.now(),)


class Locator(UserProvidedCacheLocator):
    """Code lies in NUMBA_CACHE_DIR, one index a function."""

    def get_source_stamp(self) -> Stamp:
        return Stamp(super().get_source_stamp())
