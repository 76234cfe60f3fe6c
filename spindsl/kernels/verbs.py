"""Verbs of the kernels: one function, a method for each type of its first argument, in plain and in compiled code.

    @compiled()
    @singledispatch
    def rate(rule, j, e): ...            the verb

    @rate.register(Rule)
    def _(rule, j, e): ...               its method for one NamedTuple; another package adds methods in the same way

Plain Python finds the method by the class of the value, compiled code by the class of its type: the same method.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeVar

from numba.extending import overload

if TYPE_CHECKING:
    from functools import _SingleDispatchCallable as Verb

    from numba import types

    T = TypeVar("T")


def compiled(inline: Literal["always", "never"] = "never") -> Callable[[Verb[T]], Verb[T]]:
    """Let compiled code call a verb; `inline` puts its methods into their callers.

    Not strict: numba would refuse a method whose annotations are not those of `method_of`, and they never are.
    """

    def decorate(verb: Verb[T]) -> Verb[T]:
        @overload(verb, inline=inline, strict=False)
        def method_of(first: types.NamedTuple, *others: types.Type) -> Callable[..., T]:
            return verb.dispatch(first.instance_class)

        return verb

    return decorate
