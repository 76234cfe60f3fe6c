"""numba's locator of compiled code, as `compiled` wants it. numba alone imports this file."""

from __future__ import annotations

from typing import Any

from numba.core.caching import IndexDataCacheFile, UserProvidedCacheLocator

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

    def get_source_stamp(self) -> Any:
        return Stamp(super().get_source_stamp())


def read(self: IndexDataCacheFile) -> dict[object, str]:
    """An index as numba reads it; an empty one where it names types of a package that is not installed any more."""
    try:
        return READ(self)
    except (ImportError, AttributeError):
        return {}


READ = IndexDataCacheFile._load_index
IndexDataCacheFile._load_index = read  # numba itself would let a package that is gone stop every kernel
