"""Functions that numba compiles in the place of a verb, without their annotations."""

from collections.abc import Callable
from types import FunctionType
from typing import TypeVar

F = TypeVar("F", bound=Callable[..., object])


def bare(function: F) -> F:
    """The same function without annotations: numba compares those of an overload with those of its implementation."""
    if not isinstance(function, FunctionType):
        return function
    plain = FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    plain.__doc__ = function.__doc__
    return plain  # pyright: ignore[reportReturnType]  # of the same signature, which a copy cannot tell
